extension ImageSamples {
    /// Lowest and highest stored value that is not padding; `nil` for colour and where there is none.
    public func valueRange() -> ClosedRange<Int64>? { perform(RangeWork()).flatMap { $0 } }

    /// Counts stored values of a region in equal parts of a range; padding and values outside are left out.
    /// - Returns: whether the numbers can be used: up to 65,536 bins, low < high.
    public func histogram(
        of region: Region, from low: Double, to high: Double, into bins: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        guard region.isValid, low < high, bins.count > 0, bins.count <= 65536, kind != .rgb8 else { return false }
        for index in 0..<bins.count { bins[index] = 0 }
        _ = perform(HistogramWork(scan: RegionScan(region, columns: columns, rows: rows), low: low, high: high, bins: bins))
        return true
    }

    /// A LINEAR window in modality units that shows all but half a percent at either end.
    public func automaticWindow(slope: Double, intercept: Double) -> DisplayPipeline.Window? {
        guard let range = valueRange() else { return nil }
        let (low, high) = (Double(range.lowerBound), Double(max(range.upperBound, range.lowerBound &+ 1)))
        var counts = [UInt32](repeating: 0, count: 4096)
        let whole = Region.rectangle(left: 0, top: 0, right: Double(columns), bottom: Double(rows))
        let isCounted = counts.withUnsafeMutableBufferPointer { histogram(of: whole, from: low, to: high, into: $0) }
        guard isCounted else { return nil }
        var total: Int64 = 0
        for count in counts { total &+= Int64(count) }
        let step = (high - low) / 4096
        let first = low + Double(Self.bin(counts, above: total / 200)) * step
        let last = low + Double(Self.bin(counts, above: total &- total / 200 &- 1) &+ 1) * step
        let width = KernelMath.absolute((last - first) * slope)
        return .init(center: (first + last) / 2 * slope + intercept + 0.5, width: max(width, 1) + 1)
    }

    private static func bin(_ counts: [UInt32], above rank: Int64) -> Int {
        var sum: Int64 = 0
        for index in 0..<counts.count {
            sum &+= Int64(counts[index])
            if sum > rank { return index }
        }
        return counts.count &- 1
    }
}

private struct RangeWork: SampleWork {
    func run<Sample: FixedWidthInteger>(_ samples: TypedSamples<Sample>) -> ClosedRange<Int64>? {
        let count = samples.columns &* samples.rows
        var (low, high) = (Sample.max, Sample.min)
        for index in 0..<count {
            let value = samples.pixels[index]
            if samples.hasPadding, samples.isPadding(Int64(truncatingIfNeeded: value)) { continue }
            low = min(low, value)
            high = max(high, value)
        }
        return low <= high ? Int64(truncatingIfNeeded: low)...Int64(truncatingIfNeeded: high) : nil
    }
}

private struct HistogramWork: SampleWork {
    let scan: RegionScan
    let low: Double
    let high: Double
    let bins: UnsafeMutableBufferPointer<UInt32>

    func run<Sample: FixedWidthInteger>(_ samples: TypedSamples<Sample>) {
        let scale = Double(bins.count) / (high - low)
        var runs: [Int] = []
        for row in scan.rows {
            runs.removeAll(keepingCapacity: true)
            scan.appendRuns(row: row, to: &runs)
            for at in stride(from: 0, to: runs.count, by: 2) {
                for column in runs[at]..<runs[at &+ 1] {
                    let value = samples[column, row]
                    if samples.hasPadding, samples.isPadding(value) { continue }
                    guard Double(value) >= low, Double(value) <= high else { continue }
                    bins[min(Int((Double(value) - low) * scale), bins.count &- 1)] &+= 1
                }
            }
        }
    }
}
