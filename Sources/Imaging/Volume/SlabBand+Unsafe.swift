/// Rows of a slab that are worked off together.
struct SlabBand<Sample: VolumeSample> {
    static var rows: Int { 32 }

    /// Of each row and layer.
    let runs: UnsafeMutablePointer<SlantingRun>
    private let numbers: UnsafeMutablePointer<Float>
    private let width: Int
    private let length: Int
    private let layers: Int
    private let isMean: Bool

    init(width: Int, layers: Int, isMean: Bool) {
        (self.width, self.layers, self.isMean) = (width, layers, isMean)
        // Three more, so that the last vector of a line stays in it.
        length = width &+ 3
        numbers = .allocate(capacity: (isMean ? 2 : 1) &* Self.rows &* length)
        runs = .allocate(capacity: Self.rows &* layers)
    }

    func release() {
        numbers.deallocate()
        runs.deallocate()
    }

    func sums(_ row: Int) -> UnsafeMutablePointer<Float> { numbers + row &* length }

    /// Those of the sums where no means are made.
    func counts(_ row: Int) -> UnsafeMutablePointer<Float> { isMean ? sums(row &+ Self.rows) : sums(row) }

    func clear(to value: Float) {
        numbers.update(repeating: value, count: Self.rows &* length)
        if isMean { sums(Self.rows).update(repeating: 0, count: Self.rows &* length) }
    }

    func join(_ tiles: TileSampling<Sample>, rows: Int) {
        for left in stride(from: 0, to: width, by: tiles.columns) {
            let right = min(left &+ tiles.columns, width)
            for row in 0..<rows {
                let (sums, counts) = (sums(row), counts(row))
                for layer in 0..<layers {
                    let run = runs[row &* layers &+ layer]
                    let (from, to) = (max(left, run.range.lowerBound), min(right, run.range.upperBound))
                    if from < to { tiles.join(run, from..<to, to: sums, counts: counts) }
                }
            }
        }
    }
}
