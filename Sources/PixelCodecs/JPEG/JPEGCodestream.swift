/// Any JPEG codestream of T.81 or T.87, told apart by its SOF marker.
public enum JPEGCodestream {
    public enum Process: UInt8, Hashable, Sendable {
        case baseline, extendedSequential, progressive, lossless, lossless14495, other
    }

    /// Reads the markers up to SOF, for JPEG-LS up to SOS.
    public static func probe(_ codestream: Span<UInt8>) throws(CodecError) -> (process: Process, info: CodestreamInfo) {
        var walker = try MarkerWalker(codestream)
        while true {
            let start = walker.offset
            let (marker, segment) = try walker.next(codestream)
            guard marker != JPEGMarker.endOfImage, marker != JPEGMarker.startOfScan
            else { throw CodecError(.markerExpected, at: start) }
            guard JPEGMarker.isStartOfFrame(marker) else { continue }
            if marker == JPEGMarker.losslessLS { return (.lossless14495, try JPEGLS.info(codestream)) }
            let header = try JPEGFrameHeader(marker, segment, codestream)
            let process = process(of: marker)
            let info = CodestreamInfo(
                columns: header.columns, rows: header.rows, components: header.components.count,
                precision: header.precision, isLossless: process == .lossless)
            return (process, info)
        }
    }

    private static func process(of marker: UInt8) -> Process {
        switch marker {
        case JPEGMarker.baseline: .baseline
        case JPEGMarker.extendedSequential: .extendedSequential
        case JPEGMarker.progressive: .progressive
        case JPEGMarker.lossless: .lossless
        default: .other
        }
    }
}
