import Archive

/// The note as bytes: version 1 (UInt32), then fields of tag (UInt32), length (UInt32) and value until the end.
///
/// Fields with an unknown tag are passed over, so that later versions may add some.
enum RecordNoteCoding {
    private enum Field: UInt32 {
        case sopInstanceUID = 1
        case dataSetDigest = 2
        case receivedAtMilliseconds = 3
        case source = 4
        /// May appear several times.
        case quarantineReason = 5
        case restoration = 6
    }

    private static let version: UInt32 = 1

    static func encode(_ note: RecordNote) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: version)
        append(.sopInstanceUID, Array(note.sopInstanceUID.utf8), to: &bytes)
        append(.dataSetDigest, note.dataSetDigest, to: &bytes)
        var time: [UInt8] = []
        time.append(number: note.receivedAtMilliseconds)
        append(.receivedAtMilliseconds, time, to: &bytes)
        append(.source, Array(note.source.utf8), to: &bytes)
        for reason in note.quarantineReasons { append(.quarantineReason, Array(reason.utf8), to: &bytes) }
        if !note.restoration.isEmpty { append(.restoration, note.restoration, to: &bytes) }
        return bytes
    }

    private static func append(_ field: Field, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(number: field.rawValue)
        bytes.append(number: UInt32(clamping: value.count))
        bytes += value
    }

    /// `nil` when the bytes are no note of this version.
    static func decode(_ bytes: [UInt8]) -> RecordNote? {
        guard bytes.count >= 4, bytes.number(at: 0, UInt32.self) == version else { return nil }
        var note = RecordNote(sopInstanceUID: "", dataSetDigest: [], receivedAtMilliseconds: 0, source: "")
        var position = 4
        while position < bytes.count {
            guard bytes.count - position >= 8 else { return nil }
            let field = Field(rawValue: bytes.number(at: position, UInt32.self))
            let length = Int(bytes.number(at: position + 4, UInt32.self))
            guard length <= bytes.count - position - 8 else { return nil }
            let value = Array(bytes[(position + 8)..<(position + 8 + length)])
            position += 8 + length
            switch field {
            case .sopInstanceUID: note.sopInstanceUID = String(decoding: value, as: UTF8.self)
            case .dataSetDigest: note.dataSetDigest = value
            case .receivedAtMilliseconds:
                guard length == 8 else { return nil }
                note.receivedAtMilliseconds = value.number(at: 0, Int64.self)
            case .source: note.source = String(decoding: value, as: UTF8.self)
            case .quarantineReason: note.quarantineReasons.append(String(decoding: value, as: UTF8.self))
            case .restoration: note.restoration = value
            case nil: break
            }
        }
        return note
    }
}
