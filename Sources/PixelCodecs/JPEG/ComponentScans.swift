/// Headers gathered up to a scan, of a process that codes each component once and in full: lossless JPEG and JPEG-LS.
protocol ComponentScans {
    var frame: JPEGFrameHeader? { get }
    /// - Returns: `nil` at the end of the image.
    mutating func nextScan(_ codestream: Span<UInt8>) throws(CodecError) -> JPEGScanHeader?
    /// Goes on after the entropy-coded bytes of a scan.
    mutating func resume(at offset: Int, _ codestream: Span<UInt8>)
}

extension ComponentScans {
    /// Decodes scans until every component is there.
    ///
    /// - Parameter decodeScan: decodes one scan; returns where its entropy-coded bytes end.
    mutating func decodeAll(
        _ codestream: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>, limits: CodecLimits,
        decodeScan: (JPEGScanHeader, Self, JPEGFrameHeader, Span<UInt8>, inout MutableSpan<UInt8>) throws(CodecError) -> Int
    ) throws(CodecError) {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        var decoded = [Bool](repeating: false, count: description.samplesPerPixel)
        while decoded.contains(false) {
            guard let scan = try nextScan(codestream), let header = self.frame
            else { throw CodecError(.truncated, at: codestream.count) }
            try header.checkUnsampled(description, at: scan.entropyOffset)
            for component in scan.components {
                guard !decoded[component.index] else { throw CodecError(.invalidScan, at: scan.entropyOffset) }
                decoded[component.index] = true
            }
            resume(at: try decodeScan(scan, self, header, codestream, &frame), codestream)
        }
    }
}

extension JPEGFrameHeader {
    /// Size, precision and components are those of the frame, every component at full resolution.
    fileprivate func checkUnsampled(_ description: FrameDescription, at offset: Int) throws(CodecError) {
        guard columns == description.columns, rows == description.rows, components.count == description.samplesPerPixel
        else { throw CodecError(.geometryMismatch, at: offset) }
        guard precision <= description.bitsAllocated else { throw CodecError(.precisionMismatch, at: offset) }
        guard components.count > 1 else { return }
        for component in components where component.horizontal != 1 || component.vertical != 1 {
            throw CodecError(.unsupportedFeature, at: offset)
        }
    }
}
