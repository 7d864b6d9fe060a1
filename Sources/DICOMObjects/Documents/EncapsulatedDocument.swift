public import DICOMCore

/// What an encapsulated document is (PS3.3 C.24.2), apart from its bytes.
public struct EncapsulatedDocument: Hashable, Sendable {
    public enum Format: String, Hashable, Sendable, CaseIterable {
        case pdf, xml, stl, obj, mtl, other
    }

    public let format: Format
    /// MIME Type of Encapsulated Document as written, without parameters and in small letters; empty when absent.
    public let declaredType: String
    /// Bytes of the document without the padding of its value; `nil` when the object does not say.
    public let byteCount: Int?

    /// - Parameter start: the first kilobyte of the document. What it is counts more than what it is called.
    public init(_ header: DataSet, start: [UInt8]) {
        let declared = header.string(.mimeTypeOfEncapsulatedDocument) ?? ""
        declaredType = declared.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        byteCount = header.int(.encapsulatedDocumentLength).flatMap { $0 > 0 ? $0 : nil }
        format = Self.format(declaredType, start)
    }

    private static func format(_ type: String, _ start: [UInt8]) -> Format {
        // Readers accept a PDF header anywhere in the first kilobyte (ISO 32000-1, Annex H).
        if contains(start.prefix(1024), Array("%PDF-".utf8)) { return .pdf }
        switch type {
        case "text/xml", "application/xml", "application/hl7-v3+xml": return .xml
        case "model/stl", "application/sla", "application/vnd.ms-pki.stl": return .stl
        case "model/obj": return .obj
        case "model/mtl": return .mtl
        default: return .other
        }
    }

    private static func contains(_ bytes: ArraySlice<UInt8>, _ wanted: [UInt8]) -> Bool {
        guard bytes.count >= wanted.count else { return false }
        return (bytes.startIndex...bytes.endIndex - wanted.count).contains { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }

    /// The type it is answered with. Only a PDF is shown by the browser itself; all else is data to it, so that nothing
    /// from outside is ever run as a page.
    public var mediaType: String { format == .pdf ? "application/pdf" : "application/octet-stream" }

    /// Without the dot.
    public var fileExtension: String { format == .other ? "bin" : format.rawValue }
}
