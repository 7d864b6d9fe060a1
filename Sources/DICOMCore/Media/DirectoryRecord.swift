/// One directory record of a DICOMDIR (PS3.3 §F.3.2.2) with the records below it.
public struct DirectoryRecord: Hashable, Sendable {
    /// Directory Record Type (0004,1430): `PATIENT`, `STUDY`, `SERIES`, `IMAGE` …; open, as PS3.3 keeps adding.
    public let type: String
    /// The record's keys, without the offsets that link records.
    public let keys: DataSet
    /// Components of Referenced File ID (0004,1500); empty for records without a file.
    public let fileID: [String]
    public let children: [DirectoryRecord]

    public init(type: String, keys: DataSet, fileID: [String] = [], children: [DirectoryRecord] = []) {
        self.type = type
        self.keys = keys
        self.fileID = fileID
        self.children = children
    }

    public var referencedSOPClassUID: String? { keys.uid(.referencedSOPClassUIDInFile) }
    public var referencedSOPInstanceUID: String? { keys.uid(.referencedSOPInstanceUIDInFile) }
    public var referencedTransferSyntaxUID: String? { keys.uid(.referencedTransferSyntaxUIDInFile) }

    /// The file's path below the folder of the DICOMDIR; `nil` without a file, and for names that lead elsewhere.
    public var relativePath: String? {
        let isSafe = fileID.allSatisfy { component in
            !component.isEmpty && component != "." && component != ".."
                && !component.utf8.contains { $0 == 0x2F || $0 == 0x5C || $0 == 0 || $0 == 0x3A }
        }
        return fileID.isEmpty || !isSafe ? nil : fileID.joined(separator: "/")
    }
}
