public import DICOMCore

/// Why a document cannot be read; names attributes, never values.
public enum DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    case attributeMissing(Tag)
    case tooManyItems(limit: Int)
    case nestingTooDeep(limit: Int)
    case tooManyValues(Tag, limit: Int)

    public var description: String {
        switch self {
        case .attributeMissing(let tag): "attribute \(tag) is missing"
        case .tooManyItems(let limit): "the content tree has more than \(limit) items"
        case .nestingTooDeep(let limit): "the content tree is nested deeper than \(limit)"
        case .tooManyValues(let tag, let limit): "attribute \(tag) has more than \(limit) values"
        }
    }
}

/// Bounds on what a hostile document could inflate.
public struct DocumentLimits: Hashable, Sendable {
    public var maximumItems = 200_000
    public var maximumDepth = 32
    /// Coordinates of one graphic.
    public var maximumCoordinates = 1_000_000

    public init() {}
}

extension ContentItem {
    /// The content tree of a document: its root, a container.
    ///
    /// Reading is tolerant: items of unknown types and items without a name are kept, unreadable values are `other`.
    public init(document: DataSet, limits: DocumentLimits = .init()) throws(DocumentError) {
        guard document.contains(.contentSequence) else { throw .attributeMissing(.contentSequence) }
        var reader = ContentTreeReader(limits: limits)
        self = try reader.item(document, depth: 0)
    }
}

private struct ContentTreeReader {
    let limits: DocumentLimits
    var count = 0

    mutating func item(_ item: DataSet, depth: Int) throws(DocumentError) -> ContentItem {
        guard depth < limits.maximumDepth else { throw .nestingTooDeep(limit: limits.maximumDepth) }
        count += 1
        guard count <= limits.maximumItems else { throw .tooManyItems(limit: limits.maximumItems) }
        var result = ContentItem(
            item.string(.relationshipType).flatMap { ContentItem.Relationship(rawValue: $0) },
            CodedConcept(item, .conceptNameCodeSequence), try value(item))
        for child in item.items(.contentSequence) { result.children.append(try self.item(child, depth: depth + 1)) }
        return result
    }

    private func value(_ item: DataSet) throws(DocumentError) -> ContentItem.Value {
        let type = item.string(.valueType) ?? ""
        switch type {
        case "CONTAINER": return .container(template: item.items(.contentTemplateSequence).first?.string(.templateIdentifier))
        case "TEXT": return .text(item.string(.textValue) ?? "")
        case "PNAME": return .personName(item.string(.personName) ?? "")
        case "UIDREF": return .uid(item.uid(Tag(0x0040, 0xA124)) ?? "")
        case "DATE": return .temporal(item.string(.date) ?? "")
        case "TIME": return .temporal(item.string(.time) ?? "")
        case "DATETIME": return .temporal(item.string(.dateTime) ?? "")
        case "CODE": return CodedConcept(item, .conceptCodeSequence).map { .code($0) } ?? .other(type)
        case "NUM": return .number(number(item))
        case "IMAGE", "COMPOSITE", "WAVEFORM":
            guard let reference = item.items(.referencedSOPSequence).first.flatMap({ InstanceReference($0) }) else {
                return .other(type)
            }
            return type == "IMAGE" ? .image(reference) : .composite(reference)
        case "SCOORD":
            return .coordinates(
                GraphicCoordinates(graphicType: item.string(.graphicType) ?? "", graphicData: try coordinates(item)))
        case "SCOORD3D":
            return .coordinates3D(
                GraphicCoordinates3D(
                    graphicType: item.string(.graphicType) ?? "", graphicData: try coordinates(item),
                    frameOfReferenceUID: item.uid(.referencedFrameOfReferenceUID) ?? ""))
        default: return .other(type)
        }
    }

    /// Floating Point Value is the more exact of the two (PS3.3 Table C.18.1-1).
    private func number(_ item: DataSet) -> NumericValue {
        let none = CodedConcept("1", "UCUM", "")
        guard let measured = item.items(.measuredValueSequence).first else { return NumericValue(nil, none) }
        let value = measured.double(.floatingPointValue) ?? measured.double(.numericValue)
        return NumericValue(
            value.flatMap { $0.isFinite ? $0 : nil }, CodedConcept(measured, .measurementUnitsCodeSequence) ?? none)
    }

    private func coordinates(_ item: DataSet) throws(DocumentError) -> [Float] {
        guard let bytes = item.bytes(.graphicData) else { return [] }
        guard bytes.count / 4 <= limits.maximumCoordinates else {
            throw .tooManyValues(.graphicData, limit: limits.maximumCoordinates)
        }
        let values = item.doubles(.graphicData)
        return values.allSatisfy { $0.isFinite } ? values.map { Float($0) } : []
    }
}
