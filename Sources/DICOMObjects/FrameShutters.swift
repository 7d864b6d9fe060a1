/// Hides what display shutters leave no opening for (PS3.3 C.7.6.11, C.7.6.15): black, as the viewer draws them.
///
/// Edges belong to the opening, as does a pixel whose centre lies on the circle or on the polygon.
struct FrameShutters {
    let shutters: [PresentationState.Shutter]
    /// Overlays that a `bitmap` shutter may name.
    let overlays: [PresentationState.Overlay]

    /// - Parameter picture: at the image's own size.
    func cover(_ picture: inout RenderedImage) {
        for shutter in shutters {
            if case .bitmap(let group) = shutter {
                for overlay in overlays where overlay.group == group {
                    if let bits = overlay.bits { Self.cover(&picture, bits) }
                }
                continue
            }
            for row in 0..<picture.rows { Self.keep(Self.opening(shutter, row), row, &picture) }
        }
    }

    // MARK: Openings

    /// Ranges of continuous columns (0 the centre of the first) that are seen in a row; they may overlap.
    private static func opening(_ shutter: PresentationState.Shutter, _ row: Int) -> [ClosedRange<Double>] {
        let y = Double(row)
        switch shutter {
        case .rectangle(let left, let right, let top, let bottom):
            return y >= top && y <= bottom && left <= right ? [left...right] : []
        case .circle(let center, let radius):
            let away = y - center.row
            guard radius >= 0, abs(away) <= radius else { return [] }
            let half = (radius * radius - away * away).squareRoot()
            return [center.column - half...center.column + half]
        case .polygon(let points): return polygon(points, y)
        case .bitmap: return []
        }
    }

    /// By the even-odd rule, once with the upper and once with the lower end of each edge counted, so that the outline belongs to it.
    private static func polygon(_ points: [ImagePoint], _ y: Double) -> [ClosedRange<Double>] {
        guard points.count > 2 else { return [-.infinity ... .infinity] }
        var upper: [Double] = []
        var lower: [Double] = []
        var ranges: [ClosedRange<Double>] = []
        var last = points[points.count - 1]
        for point in points {
            let (first, second) = last.row <= point.row ? (last, point) : (point, last)
            last = point
            guard y >= first.row, y <= second.row else { continue }
            guard second.row > first.row else {
                ranges.append(min(first.column, second.column)...max(first.column, second.column))
                continue
            }
            let x = first.column + (second.column - first.column) * (y - first.row) / (second.row - first.row)
            if y < second.row { upper.append(x) }
            if y > first.row { lower.append(x) }
        }
        for crossings in [upper.sorted(), lower.sorted()] {
            for index in stride(from: 0, to: crossings.count - 1, by: 2) { ranges.append(crossings[index]...crossings[index + 1]) }
        }
        return ranges
    }

    // MARK: Covering

    private static func keep(_ ranges: [ClosedRange<Double>], _ row: Int, _ picture: inout RenderedImage) {
        let spans = ranges.map { (column($0.lowerBound.rounded(.up), picture), column($0.upperBound.rounded(.down) + 1, picture)) }
            .sorted { $0 < $1 }
        var hidden = 0
        for (first, end) in spans {
            blacken(row, hidden, first, &picture)
            hidden = max(hidden, end)
        }
        blacken(row, hidden, picture.columns, &picture)
    }

    private static func column(_ place: Double, _ picture: RenderedImage) -> Int {
        // Not a number compares with nothing.
        place >= 0 ? Int(min(place, Double(picture.columns))) : 0
    }

    private static func blacken(_ row: Int, _ first: Int, _ end: Int, _ picture: inout RenderedImage) {
        guard first < end else { return }
        let start = row * picture.columns * picture.samples
        for index in start + first * picture.samples..<start + end * picture.samples { picture.bytes[index] = 0 }
    }

    private static func offset(_ place: Double) -> Int { Int(min(max(place, -65_536), 65_536)) }

    private static func cover(_ picture: inout RenderedImage, _ bits: PresentationState.Overlay.Bits) {
        let (left, top) = (Self.offset(bits.origin.column), Self.offset(bits.origin.row))
        var position = 0
        for (index, length) in bits.runs.enumerated() {
            let end = min(position + length, bits.rows * bits.columns)
            if index % 2 == 1 {
                while position < end {
                    let (row, from) = (position / bits.columns, position % bits.columns)
                    let count = min(end - position, bits.columns - from)
                    if (0..<picture.rows).contains(row + top) {
                        blacken(row + top, max(from + left, 0), min(from + count + left, picture.columns), &picture)
                    }
                    position += count
                }
            }
            position = end
        }
    }
}
