/// Pixel statistics of a region, in modality units; padding is not counted.
public struct RegionStatistics {
    public var count: Int64 = 0
    public var mean = 0.0
    /// With n - 1; 0 for a single pixel.
    public var deviation = 0.0
    /// Standard uncertainty of the mean, σ/√n, for noise without correlation; 0 for a single pixel.
    public var meanUncertainty = 0.0
    public var minimum = 0.0
    public var maximum = 0.0
    public var sum = 0.0
    /// The first in reading order.
    public var minimumAt = (column: 0, row: 0)
    public var maximumAt = (column: 0, row: 0)
    /// Pixels left out.
    public var padding: Int64 = 0

    /// - Returns: `nil` for colour or a region that is none.
    public init?(_ image: ImageSamples, region: Region, slope: Double, intercept: Double) {
        guard region.isValid, slope.isFinite, intercept.isFinite, image.kind != .rgb8 else { return nil }
        let scan = RegionScan(region, columns: image.columns, rows: image.rows)
        let sums = image.sums(scan)
        count = sums.count
        padding = sums.padding
        guard count > 0 else { return }
        let stored = Double(sums.sum) / Double(count)
        mean = stored * slope + intercept
        sum = Double(sums.sum) * slope + intercept * Double(count)
        let squares = image.squares(scan, mean: stored)
        deviation = count > 1 ? (squares / Double(count &- 1)).squareRoot() * KernelMath.absolute(slope) : 0
        meanUncertainty = deviation / Double(count).squareRoot()
        let (low, high) = (Double(sums.lowest) * slope + intercept, Double(sums.highest) * slope + intercept)
        (minimum, maximum) = slope < 0 ? (high, low) : (low, high)
        (minimumAt, maximumAt) = slope < 0 ? (sums.highestAt, sums.lowestAt) : (sums.lowestAt, sums.highestAt)
    }
}

private struct Sums {
    var count: Int64 = 0
    var padding: Int64 = 0
    var sum: Int64 = 0
    var lowest = Int64.max
    var highest = Int64.min
    var lowestAt = (column: 0, row: 0)
    var highestAt = (column: 0, row: 0)
}

extension ImageSamples {
    /// Sums of whole numbers are exact whatever their order.
    fileprivate func sums(_ scan: RegionScan) -> Sums {
        var sums = Sums()
        forEachRun(of: scan) { values, row, run in
            for index in 0..<run.count {
                let value = values[index]
                if isPadding(value) {
                    sums.padding &+= 1
                    continue
                }
                sums.count &+= 1
                sums.sum &+= value
                if value < sums.lowest { (sums.lowest, sums.lowestAt) = (value, (run.lowerBound &+ index, row)) }
                if value > sums.highest { (sums.highest, sums.highestAt) = (value, (run.lowerBound &+ index, row)) }
            }
        }
        return sums
    }

    /// Squares of distances from the mean, added run by run.
    fileprivate func squares(_ scan: RegionScan, mean: Double) -> Double {
        var total = 0.0
        forEachRun(of: scan) { values, _, run in
            var sum = 0.0
            for index in 0..<run.count where !isPadding(values[index]) {
                let distance = Double(values[index]) - mean
                sum += distance * distance
            }
            total += sum
        }
        return total
    }
}
