/// What a reader does with data elements that do not stand in ascending order (PS3.5 §7.1).
public enum ParsingTolerance: Hashable, Sendable {
    /// Duplicate or misplaced elements are errors.
    case strict
    /// Of duplicates the first is kept, misplaced elements are put in order; each leaves a note. A sequence whose
    /// content cannot be read stays as bytes, with a note.
    case lenient
}

/// A deviation from the standard that did not prevent reading.
public struct ParsingNote: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The tag appeared before; this later one was dropped.
        case duplicateTag
        case tagOutOfOrder
        /// The VR written is none that PS3.6 allows for the tag.
        case vrMismatch
        /// Two capital letters that PS3.5 does not list; read with a 32-bit length (PS3.5 §6.2.2).
        case unknownVR
        case oddLength
        /// Reserved bytes after the VR, or the length of a delimiter, are not zero.
        case reservedNotZero
        /// A sequence, by the dictionary, whose value is not readable as items; kept as bytes.
        case unreadableSequence
        /// Fragments in a transfer syntax without encapsulation, or the reverse.
        case encapsulationMismatch
        /// An element of group 0000, 0001, 0002, 0003, 0005, 0007 or FFFF in a data set (PS3.5 §7.1).
        case forbiddenGroup
        /// Explicit VR was declared and implicit VR found, or the reverse.
        case vrEncodingMismatch
        /// Bytes after the end of the deflated stream.
        case trailingBytes
        /// No preamble and DICM prefix (PS3.10 §7.1).
        case missingPrefix
        /// No File Meta Information; the transfer syntax was guessed.
        case missingFileMeta
        /// File Meta Information without Transfer Syntax UID; it was guessed.
        case missingTransferSyntax
        /// A required File Meta element other than the Transfer Syntax UID is absent.
        case missingMetaElement
        /// File Meta Information Group Length is absent or does not match.
        case metaGroupLength
        /// A File Meta element that PS3.10 does not define.
        case unknownMetaElement
    }

    public let kind: Kind
    public let tag: Tag
    /// Bytes from the start of the input.
    public let offset: Int

    public init(kind: Kind, tag: Tag, offset: Int) {
        self.kind = kind
        self.tag = tag
        self.offset = offset
    }
}

extension ParsingNote.Kind {
    /// Whether an archive should keep the object apart from conforming ones until someone has looked at it.
    ///
    /// The others are common in the field, unambiguous to read, and change no meaning.
    public var suggestsQuarantine: Bool {
        switch self {
        case .duplicateTag, .tagOutOfOrder, .unreadableSequence, .encapsulationMismatch, .forbiddenGroup, .unknownVR,
            .vrEncodingMismatch, .trailingBytes, .missingTransferSyntax:
            true
        case .vrMismatch, .oddLength, .reservedNotZero, .missingPrefix, .missingFileMeta, .missingMetaElement,
            .metaGroupLength, .unknownMetaElement:
            false
        }
    }
}

/// Notes of one parse, bounded so that hostile input cannot inflate them.
struct NoteCollector {
    static let limit = 256
    private(set) var notes: [ParsingNote] = []

    mutating func add(_ kind: ParsingNote.Kind, _ tag: Tag, _ offset: Int) {
        guard notes.count < Self.limit else { return }
        notes.append(ParsingNote(kind: kind, tag: tag, offset: offset))
    }

    mutating func truncate(to count: Int) { notes.removeLast(max(0, notes.count - count)) }
}
