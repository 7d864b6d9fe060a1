/// The DICOM file format (PS3.10 §7).
public enum Part10 {
    public static let preambleLength = 128
    static let prefix: [UInt8] = Array("DICM".utf8)
    /// No single meta element is longer in earnest.
    private static let metaValueLimit = 1 << 20

    /// How far to follow files that lack what PS3.10 asks for.
    public struct ReadOptions: Hashable, Sendable {
        /// Accept File Meta Information at the start of the file, with or without `DICM` before it.
        public var acceptsMissingPreamble = true
        /// Guess the transfer syntax of files without File Meta Information, or without Transfer Syntax UID in it.
        public var acceptsMissingMeta = true

        public init() {}

        public static let `default` = ReadOptions()

        /// Nothing but what PS3.10 allows.
        public static let strict: ReadOptions = {
            var options = ReadOptions()
            options.acceptsMissingPreamble = false
            options.acceptsMissingMeta = false
            return options
        }()
    }

    /// What stands before the data set.
    public struct Head: Hashable, Sendable {
        /// 128 bytes, or `nil` in files without.
        public let preamble: ArraySlice<UInt8>?
        /// `nil` in files without.
        public let meta: FileMeta?
        /// As named in the meta information, or guessed.
        public let syntax: TransferSyntax
        public let dataSetOffset: Int
        public let notes: [ParsingNote]
    }

    /// Preamble of zeros, `DICM` and the meta information with its group length.
    public static func header(meta: FileMeta, preamble: ArraySlice<UInt8>? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: preambleLength)
        if let preamble, preamble.count == preambleLength { bytes = Array(preamble) }
        bytes += prefix
        var dataSet = meta.dataSet
        dataSet[Tag(0x0002, 0x0000)] = DataElement(Tag(0x0002, 0x0000), .ul, bytes: [0, 0, 0, 0])
        // Values of meta information are far below any length that could fail.
        bytes += (try? DataSetWriter(syntax: .explicitVRLittleEndian).write(dataSet)) ?? []
        return bytes
    }

    /// Reads preamble, prefix and meta information.
    ///
    /// - Throws: `notDICOM` when the bytes are no DICOM file, `badFileMeta` when the meta information is wrong.
    public static func readHead(
        _ source: some ByteSource, options: ReadOptions = .default
    ) throws(DataSetError) -> Head {
        if try has(prefix, at: preambleLength, in: source) {
            let preamble = try source.read(at: 0, count: preambleLength)
            return try readMeta(source, at: preambleLength + 4, preamble: preamble, notes: [], options: options)
        }
        let missing = ParsingNote(kind: .missingPrefix, tag: Tag(0x0002, 0x0000), offset: 0)
        if options.acceptsMissingPreamble {
            if try has(prefix, at: 0, in: source) {
                return try readMeta(source, at: 4, preamble: nil, notes: [missing], options: options)
            }
            if try has([0x02, 0x00], at: 0, in: source), try has([0x00], at: 3, in: source) {
                return try readMeta(source, at: 0, preamble: nil, notes: [missing], options: options)
            }
        }
        guard options.acceptsMissingMeta, let syntax = try guess(source, at: 0) else { throw .notDICOM(offset: 0) }
        let noMeta = ParsingNote(kind: .missingFileMeta, tag: Tag(0x0002, 0x0010), offset: 0)
        return Head(preamble: nil, meta: nil, syntax: syntax, dataSetOffset: 0, notes: [missing, noMeta])
    }

    private static func has(
        _ expected: [UInt8], at offset: Int, in source: some ByteSource
    ) throws(DataSetError) -> Bool {
        try source.bytes(in: offset..<offset + expected.count).map { $0.elementsEqual(expected) } ?? false
    }

    /// From the first element, which in practice is of group 0008 (or 0004 in a DICOMDIR).
    private static func guess(_ source: some ByteSource, at offset: Int) throws(DataSetError) -> TransferSyntax? {
        guard let bytes = try source.bytes(in: offset..<offset + 8).map(Array.init) else { return nil }
        let isExplicit = VR(rawValue: UInt16(bytes[4]) << 8 | UInt16(bytes[5])).isStandard
        switch (bytes[0], bytes[1]) {
        case (0x08, 0), (0x04, 0): return isExplicit ? .explicitVRLittleEndian : .implicitVRLittleEndian
        case (0, 0x08), (0, 0x04): return isExplicit ? .explicitVRBigEndian : nil
        default: return nil
        }
    }

    // MARK: Meta information

    private static func readMeta(
        _ source: some ByteSource, at start: Int, preamble: ArraySlice<UInt8>?, notes: [ParsingNote],
        options: ReadOptions
    ) throws(DataSetError) -> Head {
        var parser = ElementParser(ByteCursor(source), limits: metaLimits, tolerance: .strict)
        parser.onlyGroup = 2
        parser.bulkThreshold = metaValueLimit
        var dataSet = DataSet()
        let end = try parser.parseTopLevel(
            into: &dataSet, at: start, encoding: ElementEncoding(.explicitVRLittleEndian))
        if let long = parser.bulk.first { throw .badFileMeta(reason: "\(long.tag) is too long", offset: start) }
        var notes = notes + parser.notes.notes.filter { $0.kind == .oddLength || $0.kind == .reservedNotZero }
        try check(dataSet, start: start, end: end, notes: &notes)
        let meta = FileMeta(dataSet)
        let uid = meta.transferSyntaxUID
        var syntax = TransferSyntax(uid: uid)
        if uid.isEmpty {
            guard options.acceptsMissingMeta, !dataSet.isEmpty, let guessed = try guess(source, at: end) else {
                throw .badFileMeta(reason: "Transfer Syntax UID is missing", offset: start)
            }
            notes.append(ParsingNote(kind: .missingTransferSyntax, tag: Tag(0x0002, 0x0010), offset: start))
            syntax = guessed
        } else if !syntax.isKnown && !UID.isValid(uid) {
            throw .badFileMeta(reason: "Transfer Syntax UID is no UID", offset: start)
        }
        return Head(preamble: preamble, meta: meta, syntax: syntax, dataSetOffset: end, notes: notes)
    }

    private static let metaLimits: ParsingLimits = {
        var limits = ParsingLimits()
        limits.maximumElements = 1024
        limits.maximumDepth = 0
        return limits
    }()

    private static func check(
        _ dataSet: DataSet, start: Int, end: Int, notes: inout [ParsingNote]
    ) throws(DataSetError) {
        for element in dataSet.elements {
            let code = DictionaryIndex.shared.code(for: element.tag)
            let isKnown = code != DictionaryIndex.Code.none
            guard isKnown ? element.vr.rawValue == code : element.vr.isStandard else {
                throw .badFileMeta(reason: "VR of \(element.tag)", offset: start)
            }
            if !isKnown { notes.append(ParsingNote(kind: .unknownMetaElement, tag: element.tag, offset: start)) }
        }
        for element: UInt16 in [0x0001, 0x0002, 0x0003, 0x0012] {
            let tag = Tag(0x0002, element)
            if dataSet[tag]?.isEmpty ?? true {
                notes.append(ParsingNote(kind: .missingMetaElement, tag: tag, offset: start))
            }
        }
        // The group length counts what follows its own 12 bytes.
        if dataSet.int(Tag(0x0002, 0x0000)) != end - start - 12 {
            notes.append(ParsingNote(kind: .metaGroupLength, tag: Tag(0x0002, 0x0000), offset: start))
        }
    }
}

/// A DICOM file in memory.
public struct Part10File: Hashable, Sendable {
    /// 128 bytes, or `nil` in files without.
    public let preamble: ArraySlice<UInt8>?
    public let meta: FileMeta?
    public let syntax: TransferSyntax
    public let dataSet: DataSet
    public let notes: [ParsingNote]
    /// Of the data set's first byte in the file; 0 in files not read.
    public let dataSetOffset: Int

    /// - Throws: as `Part10.readHead` and `DataSetReader.read`.
    public init(
        reading bytes: ArraySlice<UInt8>, options: Part10.ReadOptions = .default, limits: ParsingLimits = .default,
        tolerance: ParsingTolerance = .lenient
    ) throws(DataSetError) {
        let head = try Part10.readHead(MemoryByteSource(bytes), options: options)
        let reader = DataSetReader(syntax: head.syntax, limits: limits, tolerance: tolerance)
        let result = try reader.readNoting(
            bytes[(bytes.startIndex + head.dataSetOffset)...], baseOffset: head.dataSetOffset)
        preamble = head.preamble
        meta = head.meta
        syntax = head.syntax
        dataSet = result.dataSet
        notes = head.notes + result.notes
        dataSetOffset = head.dataSetOffset
    }

    /// - Parameter meta: when `nil`, made from SOP Class and Instance UID of `dataSet`.
    public init(dataSet: DataSet, syntax: TransferSyntax, meta: FileMeta? = nil) {
        preamble = nil
        self.dataSet = dataSet
        self.syntax = syntax
        var meta = meta ?? FileMeta(
            mediaStorageSOPClassUID: dataSet.uid(.sopClassUID) ?? "",
            mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "", transferSyntaxUID: syntax.uid)
        meta.transferSyntaxUID = syntax.uid
        self.meta = meta
        notes = []
        dataSetOffset = 0
    }

    /// The file's bytes, always with preamble (of zeros), prefix and meta information.
    public func encoded() throws(DataSetError) -> [UInt8] {
        let meta = meta ?? FileMeta(
            mediaStorageSOPClassUID: dataSet.uid(.sopClassUID) ?? "",
            mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "", transferSyntaxUID: syntax.uid)
        return Part10.header(meta: meta) + (try DataSetWriter(syntax: syntax).write(dataSet))
    }
}
