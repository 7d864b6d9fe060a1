/// The frames of a series in display order, as the stream delivers them: what is kept of a manifest beside its text.
package struct FrameOrder: Hashable, Sendable {
    package struct Frame: Hashable, Sendable {
        /// Position of the object among those of the series, in order of Instance Number.
        package var instance: Int
        /// 1-based.
        package var number: Int
        /// Index into `formats`.
        package var format: Int
    }

    package var frames: [Frame]
    package var formats: [ViewingPixels]

    package init(_ series: ViewingSeries) {
        formats = series.stacks.map(\.pixels)
        frames = series.frames.map { Frame(instance: $0.instance, number: $0.number, format: $0.stack) }
    }
}

/// Which frame goes when.
package enum FrameSchedule: String, Sendable {
    /// The first, its neighbours, then every 8th, 4th, 2nd and the rest, the nearest of each round first: a coarse picture
    /// of the whole series is there early.
    case spread
    /// Upward from the first, then what was left out, for playing.
    case forward

    private static let neighbours = 4

    package func frames(from first: Int, in range: Range<Int>) -> [Int] {
        guard !range.isEmpty else { return [] }
        let start = min(max(first, range.lowerBound), range.upperBound - 1)
        if self == .forward { return Array(start..<range.upperBound) + Array(range.lowerBound..<start) }
        var seen = Array(repeating: false, count: range.count)
        var result: [Int] = []
        result.reserveCapacity(range.count)
        func add(_ index: Int) {
            guard range.contains(index), !seen[index - range.lowerBound] else { return }
            seen[index - range.lowerBound] = true
            result.append(index)
        }
        for distance in 0...Self.neighbours {
            add(start + distance)
            add(start - distance)
        }
        for step in [8, 4, 2, 1] {
            for distance in stride(from: step, through: range.count, by: step) {
                add(start + distance)
                add(start - distance)
            }
        }
        return result
    }
}
