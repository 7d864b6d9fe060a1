import Archive
import DICOMCore

/// An object's header as DICOM JSON with `BulkDataURI` for what is too large (PS3.18 §10.4.1.1.2).
struct MetadataEncoder {
    let reader: ObjectReader
    let baseURL: String

    /// Binary values up to this many bytes stand in the text.
    private static let inlineBytes = 1024

    /// - Parameter isXML: the Native DICOM Model instead of JSON.
    func encode(_ instance: StoredInstance, isXML: Bool = false) throws -> [UInt8] {
        var header = try reader.header(of: instance)
        if instance.frames != .none {
            // Stands for the pixels that the header leaves out; one byte, so that it is asked about.
            header[.pixelData] = DataElement(.pixelData, header.int(.bitsAllocated) == 8 ? .ob : .ow, bytes: [0])
        }
        let base = "\(baseURL)/studies/\(instance.studyInstanceUID)/series/\(instance.seriesInstanceUID)"
            + "/instances/\(instance.sopInstanceUID)/bulkdata/"
        func bulkData(_ element: DataElement, _ path: ElementPath) -> DICOMJSON.BulkData {
            if path.tag == .pixelData, path.steps.isEmpty { return .reference(uri: base + path.description) }
            return (element.bytes?.count ?? 0) > Self.inlineBytes ? .reference(uri: base + path.description) : .inline
        }
        return isXML ? NativeModel.encode(header, bulkData: bulkData) : DICOMJSON.encode(header, bulkData: bulkData)
    }
}
