/// File Meta Information (PS3.10 §7.1): the elements of group 0002, those unknown to Apus included.
public struct FileMeta: Hashable, Sendable {
    /// All elements but File Meta Information Group Length, which is computed when written.
    public var dataSet: DataSet

    init(_ dataSet: DataSet) {
        self.dataSet = dataSet
        self.dataSet[Tag(0x0002, 0x0000)] = nil
    }

    /// Meta information that names Apus as the writer.
    public init(
        mediaStorageSOPClassUID: String, mediaStorageSOPInstanceUID: String, transferSyntaxUID: String,
        sourceApplicationEntityTitle: String? = nil
    ) {
        dataSet = DataSet()
        dataSet[Tag(0x0002, 0x0001)] = DataElement(Tag(0x0002, 0x0001), .ob, bytes: [0, 1])
        self.mediaStorageSOPClassUID = mediaStorageSOPClassUID
        self.mediaStorageSOPInstanceUID = mediaStorageSOPInstanceUID
        self.transferSyntaxUID = transferSyntaxUID
        dataSet.set(Tag(0x0002, 0x0012), .ui, Implementation.classUID)
        dataSet.set(Tag(0x0002, 0x0013), .sh, Implementation.versionName)
        self.sourceApplicationEntityTitle = sourceApplicationEntityTitle
    }

    /// (0002,0002); empty when absent.
    public var mediaStorageSOPClassUID: String {
        get { dataSet.uid(Tag(0x0002, 0x0002)) ?? "" }
        set { dataSet.set(Tag(0x0002, 0x0002), .ui, newValue) }
    }

    /// (0002,0003); empty when absent.
    public var mediaStorageSOPInstanceUID: String {
        get { dataSet.uid(Tag(0x0002, 0x0003)) ?? "" }
        set { dataSet.set(Tag(0x0002, 0x0003), .ui, newValue) }
    }

    /// (0002,0010); empty when absent.
    public var transferSyntaxUID: String {
        get { dataSet.uid(Tag(0x0002, 0x0010)) ?? "" }
        set { dataSet.set(Tag(0x0002, 0x0010), .ui, newValue) }
    }

    /// (0002,0012): which software wrote the file.
    public var implementationClassUID: String? { dataSet.uid(Tag(0x0002, 0x0012)) }

    /// (0002,0013)
    public var implementationVersionName: String? { dataSet.string(Tag(0x0002, 0x0013)) }

    /// (0002,0016): the AE that the file's content came from.
    public var sourceApplicationEntityTitle: String? {
        get { dataSet.string(Tag(0x0002, 0x0016)) }
        set {
            if let newValue { dataSet.set(Tag(0x0002, 0x0016), .ae, newValue) } else { dataSet[Tag(0x0002, 0x0016)] = nil }
        }
    }

    /// (0002,0100): who defines `privateInformation`.
    public var privateInformationCreatorUID: String? { dataSet.uid(Tag(0x0002, 0x0100)) }

    /// (0002,0102)
    public var privateInformation: ArraySlice<UInt8>? { dataSet.bytes(Tag(0x0002, 0x0102)) }
}
