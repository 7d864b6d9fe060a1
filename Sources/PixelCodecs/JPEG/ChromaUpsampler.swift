/// Brings one component to the resolution of the image (T.81 §A.1.1).
///
/// Factors of two use the triangle filter that decoders in common use apply by default; other factors repeat samples.
struct ChromaUpsampler {
    private enum Method { case copy, doubleAcross, doubleDown, doubleBoth, repeated }

    private let method: Method
    private let across: Int
    private let down: Int

    init(_ component: DCTComponent, horizontalMaximum: Int, verticalMaximum: Int) throws(CodecError) {
        guard horizontalMaximum % component.horizontal == 0, verticalMaximum % component.vertical == 0
        else { throw CodecError(.unsupportedFeature) }
        across = horizontalMaximum / component.horizontal
        down = verticalMaximum / component.vertical
        // The filter needs neighbours: narrow planes are repeated.
        let isWide = component.width > 2
        switch (across, down) {
        case (1, 1): method = .copy
        case (2, 1): method = isWide ? .doubleAcross : .repeated
        case (1, 2): method = .doubleDown
        case (2, 2): method = isWide ? .doubleBoth : .repeated
        default: method = .repeated
        }
    }

    /// Fills `line` with row `row` of the image; it has room for whole steps of `across`.
    func fill(row: Int, from plane: SamplePlane, into line: inout MutableSpan<UInt16>) {
        let samples = plane.samples.span
        let own = min(row / down, plane.height &- 1)
        let base = own &* plane.stride
        // The nearer of the two neighbouring rows, within the image.
        let neighbour = min(max(row & 1 == 0 ? own &- 1 : own &+ 1, 0), plane.height &- 1) &* plane.stride
        let width = min(plane.width, line.count / across)
        switch method {
        case .copy:
            for x in 0..<width { line[x] = samples[base &+ x] }
        case .repeated:
            for x in 0..<width {
                for i in 0..<across { line[x &* across &+ i] = samples[base &+ x] }
            }
        case .doubleDown:
            let round: UInt32 = row & 1 == 0 ? 1 : 2
            for x in 0..<width {
                let sum = UInt32(samples[base &+ x]) &* 3 &+ UInt32(samples[neighbour &+ x]) &+ round
                line[x] = UInt16(truncatingIfNeeded: sum >> 2)
            }
        case .doubleAcross:
            Self.double(width, &line, roundLeft: 1, roundRight: 2, shift: 2) { UInt32(samples[base &+ $0]) }
        case .doubleBoth:
            Self.double(width, &line, roundLeft: 8, roundRight: 7, shift: 4) {
                UInt32(samples[base &+ $0]) &* 3 &+ UInt32(samples[neighbour &+ $0])
            }
        }
    }

    /// Each sample gives two: three parts of itself, one of the left or right neighbour; the outermost keep their value.
    @inline(__always)
    private static func double(
        _ width: Int, _ line: inout MutableSpan<UInt16>, roundLeft: UInt32, roundRight: UInt32, shift: UInt32,
        _ sample: (Int) -> UInt32
    ) {
        let edge: UInt32 = shift == 2 ? 0 : 1
        for x in 0..<width {
            let value = sample(x)
            let left = x == 0
                ? value &* 4 &+ edge &* roundLeft : value &* 3 &+ sample(x &- 1) &+ roundLeft
            let right = x == width &- 1
                ? value &* 4 &+ edge &* roundRight : value &* 3 &+ sample(x &+ 1) &+ roundRight
            line[2 &* x] = UInt16(truncatingIfNeeded: left &>> shift)
            line[2 &* x &+ 1] = UInt16(truncatingIfNeeded: right &>> shift)
        }
    }
}
