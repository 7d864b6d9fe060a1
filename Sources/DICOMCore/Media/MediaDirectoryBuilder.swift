/// Writes the DICOMDIR of a file-set (PS3.10 §8.6, PS3.3 Annex F).
public struct MediaDirectoryBuilder: Sendable {
    public enum Failure: Error, Hashable, Sendable {
        /// Not one to eight components of one to eight of `A`–`Z`, `0`–`9` and `_` (PS3.10 §8.2, §8.5).
        case badFileID
        /// The header lacks a UID without which it has no place in the directory.
        case missingIdentifier(Tag)
    }

    /// A record being built; children in the order of their first file.
    private struct Node: Sendable {
        var keys: DataSet
        var children: [Node] = []
        var indexes: [String: Int] = [:]

        init(_ keys: DataSet) { self.keys = keys }

        /// The index of the child called `name`, which `make` makes first when there is none.
        mutating func child(_ name: String, make: () -> DataSet) -> Int {
            if let index = indexes[name] { return index }
            indexes[name] = children.count
            children.append(Node(make()))
            return children.count - 1
        }
    }

    private let fileSetID: String
    private let uids: UIDGenerator
    private var root = Node(DataSet())

    /// - Parameter fileSetID: at most 16 capital letters, digits and `_`; anything else is left out.
    public init(fileSetID: String = "", uids: UIDGenerator = UIDGenerator()) {
        self.fileSetID = String(fileSetID.uppercased().filter { Self.isFileIDCharacter($0) }.prefix(16))
        self.uids = uids
    }

    /// A file ID that is unique for the four 0-based numbers: `DICOM/PA000000/ST000000/SE000000/IM000000`.
    public static func fileID(patient: Int, study: Int, series: Int, instance: Int) -> [String] {
        func component(_ letters: String, _ number: Int) -> String {
            let digits = String(max(0, number) % 2_176_782_336, radix: 36, uppercase: true)
            return letters + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        }
        return ["DICOM", component("PA", patient), component("ST", study), component("SE", series), component("IM", instance)]
    }

    /// Adds one file.
    ///
    /// - Parameter header: of the instance; at least up to the series attributes.
    public mutating func add(
        _ header: DataSet, fileID: [String], transferSyntaxUID: String
    ) throws(Failure) {
        guard Self.isValid(fileID) else { throw .badFileID }
        for tag in [Tag.sopClassUID, .sopInstanceUID, .studyInstanceUID, .seriesInstanceUID] where header.uid(tag) == nil {
            throw .missingIdentifier(tag)
        }
        let patient = root.child((header.string(.patientID) ?? "") + "\\" + (header.string(.issuerOfPatientID) ?? "")) {
            Self.record("PATIENT", DirectoryRecordType.patientKeys, DirectoryRecordType.requiredPatientKeys, header)
        }
        let study = root.children[patient].child(header.uid(.studyInstanceUID) ?? "") {
            Self.record("STUDY", DirectoryRecordType.studyKeys, DirectoryRecordType.requiredStudyKeys, header)
        }
        let series = root.children[patient].children[study].child(header.uid(.seriesInstanceUID) ?? "") {
            Self.record("SERIES", DirectoryRecordType.seriesKeys, DirectoryRecordType.requiredSeriesKeys, header)
        }
        let row = DirectoryRecordType.row(sopClassUID: header.uid(.sopClassUID) ?? "")
        var leaf = Self.record(row.type, row.keys, [.instanceNumber], header)
        leaf.set(.referencedFileID, .cs, fileID)
        leaf.set(.referencedSOPClassUIDInFile, .ui, header.uid(.sopClassUID) ?? "")
        leaf.set(.referencedSOPInstanceUIDInFile, .ui, header.uid(.sopInstanceUID) ?? "")
        leaf.set(.referencedTransferSyntaxUIDInFile, .ui, transferSyntaxUID)
        root.children[patient].children[study].children[series].children.append(Node(leaf))
    }

    /// The DICOMDIR file, in Explicit VR Little Endian as PS3.10 §8.6 asks.
    public func encoded() throws(DataSetError) -> [UInt8] {
        let writer = DataSetWriter(syntax: .explicitVRLittleEndian, fidelity: .conforming)
        let meta = FileMeta(
            mediaStorageSOPClassUID: UID.mediaStorageDirectoryStorage, mediaStorageSOPInstanceUID: uids.next(),
            transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid)
        let header = Part10.header(meta: meta)
        var dataSet = DataSet()
        dataSet.set(.fileSetID, .cs, fileSetID)
        dataSet.set(.offsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, .ul, ints: [0])
        dataSet.set(.offsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity, .ul, ints: [0])
        dataSet.set(.fileSetConsistencyFlag, .us, ints: [0])
        // The sequence's own header is 12 bytes; links do not change the size of records.
        let start = header.count + writer.encodedLength(of: dataSet) + 12
        var layout = RecordLayout(next: start, writer: writer)
        let offsets = layout.place(root.children)
        dataSet.set(.offsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, .ul, ints: [offsets.first ?? 0])
        dataSet.set(.offsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity, .ul, ints: [offsets.last ?? 0])
        let items = layout.items.map { ItemSequence.Item($0, lengthEncoding: .defined) }
        dataSet[.directoryRecordSequence] = DataElement(
            tag: .directoryRecordSequence, vr: .sq, value: .sequence(ItemSequence(items, lengthEncoding: .defined)))
        return header + (try writer.write(dataSet))
    }

    /// Records in file order, depth first, with their links.
    private struct RecordLayout {
        private(set) var items: [DataSet] = []
        private var next: Int
        private let writer: DataSetWriter

        init(next: Int, writer: DataSetWriter) {
            self.next = next
            self.writer = writer
        }

        /// - Returns: the offsets of `nodes`.
        mutating func place(_ nodes: [Node]) -> [Int] {
            var offsets: [Int] = []
            var previous: Int?
            for node in nodes {
                let index = items.count
                offsets.append(next)
                items.append(node.keys)
                if let previous { items[previous].set(.offsetOfTheNextDirectoryRecord, .ul, ints: [next]) }
                previous = index
                next += 8 + writer.encodedLength(of: node.keys)
                if let lower = place(node.children).first {
                    items[index].set(.offsetOfReferencedLowerLevelDirectoryEntity, .ul, ints: [lower])
                }
            }
            return offsets
        }
    }

    private static func record(_ type: String, _ keys: [Tag], _ required: [Tag], _ header: DataSet) -> DataSet {
        var record = DataSet(inheritedCharacterSet: header.characterSet)
        record.set(.offsetOfTheNextDirectoryRecord, .ul, ints: [0])
        record.set(.recordInUseFlag, .us, ints: [0xFFFF])
        record.set(.offsetOfReferencedLowerLevelDirectoryEntity, .ul, ints: [0])
        record.set(.directoryRecordType, .cs, type)
        record[.specificCharacterSet] = header[.specificCharacterSet]
        for tag in keys {
            if let element = header[tag] {
                record[tag] = element
            } else if required.contains(tag), let vr = DataDictionary.vr(for: tag) {
                record.setEmpty(tag, vr)
            }
        }
        return record
    }

    private static func isValid(_ fileID: [String]) -> Bool {
        (1...8).contains(fileID.count)
            && fileID.allSatisfy { (1...8).contains($0.utf8.count) && $0.allSatisfy(isFileIDCharacter) }
    }

    private static func isFileIDCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isUppercase || character.isNumber || character == "_")
    }
}
