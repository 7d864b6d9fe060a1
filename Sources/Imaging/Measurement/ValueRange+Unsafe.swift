extension ImageSamples {
    /// Lowest and highest stored value that is not padding; `nil` for colour and where there is none.
    public func valueRange() -> ClosedRange<Int64>? {
        var (low, high) = (Int64.max, Int64.min)
        forEachRun(of: wholeScan) { values, _, run in
            for index in 0..<run.count where !isPadding(values[index]) {
                low = min(low, values[index])
                high = max(high, values[index])
            }
        }
        return low <= high ? low...high : nil
    }

    private var wholeRegion: Region { .rectangle(left: 0, top: 0, right: Double(columns), bottom: Double(rows)) }

    private var wholeScan: RegionScan { RegionScan(wholeRegion, columns: columns, rows: rows) }

    /// Counts stored values of a region in equal parts of a range; padding and values outside are left out.
    /// - Returns: whether the numbers can be used: up to 65,536 bins, low < high.
    public func histogram(
        of region: Region, from low: Double, to high: Double, into bins: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        guard region.isValid, low < high, bins.count > 0, bins.count <= 65536, kind != .rgb8 else { return false }
        for index in 0..<bins.count { bins[index] = 0 }
        let scale = Double(bins.count) / (high - low)
        forEachRun(of: RegionScan(region, columns: columns, rows: rows)) { values, _, run in
            for index in 0..<run.count where !isPadding(values[index]) {
                let value = Double(values[index])
                guard value >= low, value <= high else { continue }
                bins[min(Int((value - low) * scale), bins.count &- 1)] &+= 1
            }
        }
        return true
    }

    /// A LINEAR window in modality units that shows all but half a percent at either end.
    public func automaticWindow(slope: Double, intercept: Double) -> DisplayPipeline.Window? {
        guard let range = valueRange() else { return nil }
        let (low, high) = (Double(range.lowerBound), Double(max(range.upperBound, range.lowerBound &+ 1)))
        var counts = [UInt32](repeating: 0, count: 4096)
        let isCounted = counts.withUnsafeMutableBufferPointer { histogram(of: wholeRegion, from: low, to: high, into: $0) }
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
