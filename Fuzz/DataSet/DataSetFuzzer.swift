// Compiled into one module with DICOMCore, so that all of it is instrumented.

/// First byte: what to do with the rest.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDataSet(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let selector = input.first else { return 0 }
    let bytes = input.dropFirst()
    let syntaxes: [TransferSyntax] = [
        .implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .jpegBaseline,
        .deflatedExplicitVRLittleEndian,
    ]
    switch Int(selector) % 8 {
    case let index where index < syntaxes.count: checkDataSet(bytes, syntaxes[index])
    case 5: checkFile(bytes)
    case 6: checkDirectory(bytes)
    default: checkDirectory([UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + bytes)
    }
    return 0
}

private func require(_ condition: Bool, _ message: String = "property", line: Int = #line) {
    guard !condition else { return }
    print("property violated in line \(line): \(message)")
    fatalError(message)
}

private let limits: ParsingLimits = {
    var limits = ParsingLimits()
    limits.maximumElements = 20_000
    limits.maximumInflatedBytes = 1 << 20
    return limits
}()

/// A source that is not contiguous, so that windows move.
private struct Pieces: ByteSource {
    let memory: MemoryByteSource
    var count: Int { memory.count }

    func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        Array(try memory.read(at: offset, count: count))[...]
    }
}

private func checkDataSet(_ bytes: ArraySlice<UInt8>, _ syntax: TransferSyntax) {
    let strict = DataSetReader(syntax: syntax, limits: limits, tolerance: .strict)
    if let result = try? strict.readNoting(bytes) { checkRoundTrip(result, bytes, syntax) }
    let scanner = DataSetScanner(syntax: syntax, limits: limits, bulkThreshold: 64)
    let whole = try? scanner.scan(MemoryByteSource(bytes))
    let pieces = try? scanner.scan(Pieces(memory: MemoryByteSource(bytes)))
    require(whole == pieces, "windows change the result")
    guard let whole else { return }
    _ = ValueCheck.findings(whole.dataSet)
    for element in whole.dataSet.elements {
        _ = whole.dataSet.strings(element.tag)
        _ = whole.dataSet.doubles(element.tag)
    }
    for part in whole.bulk { require(part.range.upperBound <= whole.endOffset) }
    guard let pixelData = whole.pixelData else { return }
    require(pixelData.elementRange.upperBound <= whole.endOffset)
    let source = MemoryByteSource(whole.inflated ?? bytes)
    guard let table = try? FrameTable(pixelData, dataSet: whole.dataSet, syntax: syntax, source: source) else { return }
    for index in [0, table.count / 2, table.count - 1] {
        for range in table.ranges(ofFrameAt: index) {
            require(pixelData.elementRange.lowerBound <= range.lowerBound)
            require(range.upperBound <= pixelData.elementRange.upperBound)
        }
    }
}

private func checkRoundTrip(_ result: DataSetReader.Result, _ bytes: ArraySlice<UInt8>, _ syntax: TransferSyntax) {
    // Group Lengths of groups 0000 and 0002 are corrected on purpose.
    let isCorrected = hasRequiredGroupLength(result.dataSet)
    // A VR that is not the dictionary's is lost in implicit VR, and may read as something else then.
    guard result.notes.isEmpty else { return }
    if !isCorrected && !syntax.isDeflated {
        require((try? DataSetWriter(syntax: syntax).write(result.dataSet)) == Array(bytes), "round trip")
    }
    for other in [syntax, .implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .jpegBaseline] {
        let writer = DataSetWriter(syntax: other, fidelity: .conforming)
        guard let written = try? writer.write(result.dataSet) else { continue }
        if !other.isDeflated { require(written.count == writer.encodedLength(of: result.dataSet), "length") }
        let reader = DataSetReader(syntax: other, limits: limits, tolerance: .strict)
        guard let again = try? reader.read(written) else {
            require(false, "written data are not readable")
            return
        }
        require((try? writer.write(again)) == written, "second round trip")
    }
}

private func hasRequiredGroupLength(_ dataSet: DataSet) -> Bool {
    dataSet.elements.contains { element in
        if element.tag.rawValue == 0 || element.tag.rawValue == 0x0002_0000 { return true }
        guard case .sequence(let sequence) = element.value else { return false }
        return sequence.items.contains { hasRequiredGroupLength($0.dataSet) }
    }
}

private func checkFile(_ bytes: ArraySlice<UInt8>) {
    for options in [Part10.ReadOptions.default, .strict] {
        guard let file = try? Part10File(reading: bytes, options: options, limits: limits) else { continue }
        for policy in PreamblePolicy.allCases {
            require(Preamble.sanitised(file.preamble ?? [], policy: policy).bytes.count == 128)
        }
        guard let written = try? file.encoded(), file.meta != nil, file.syntax.isKnown else { continue }
        let again = try? Part10File(reading: written[...], options: .strict, limits: limits)
        let isSame = again?.syntax == file.syntax
        let wasGuessed = file.notes.contains { $0.kind == .missingTransferSyntax || $0.kind == .vrEncodingMismatch }
        require(isSame || wasGuessed || again == nil)
    }
}

private func checkDirectory(_ bytes: ArraySlice<UInt8>) {
    guard let directory = try? MediaDirectory(reading: bytes, limits: limits) else { return }
    for file in directory.files { require(file.relativePath?.contains("..\u{2F}") != true) }
}
