/// Who brings an object, for records and logs. Never a patient value.
package struct Origin: Hashable, Sendable {
    /// Stored with the object: `AE:CT1`, `web:alice`, `import:alice`.
    package let text: String
    /// The service it came through, for the record of a refusal: `C-STORE`, `STOW-RS`, `import`.
    package let operation: String

    package init(text: String, operation: String) {
        self.text = text
        self.operation = operation
    }

    package static func applicationEntity(_ title: String) -> Origin { Origin(text: "AE:\(title)", operation: "C-STORE") }
    package static func web(_ user: String) -> Origin { Origin(text: "web:\(user)", operation: "STOW-RS") }
    package static func importing(_ user: String) -> Origin { Origin(text: "import:\(user)", operation: "import") }
}

/// What an object says of itself before its data set is read: from the C-STORE command or the file meta information.
package struct DeclaredIdentity: Hashable, Sendable {
    package var sopClassUID: String
    package var sopInstanceUID: String
    package var transferSyntaxUID: String
    /// A C-STORE command and its data set must agree, else the object is refused; a file whose parts disagree or that lacks
    /// identifiers is kept and marked.
    package var isBinding: Bool

    package init(sopClassUID: String, sopInstanceUID: String, transferSyntaxUID: String, isBinding: Bool = true) {
        self.isBinding = isBinding
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.transferSyntaxUID = transferSyntaxUID
    }
}

/// The unique keys an accepted object was filed under.
package struct FiledIdentity: Hashable, Sendable {
    package var sopClassUID: String
    package var sopInstanceUID: String
    package var studyInstanceUID: String
    package var seriesInstanceUID: String

    package init(sopClassUID: String, sopInstanceUID: String, studyInstanceUID: String, seriesInstanceUID: String) {
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
    }
}

/// What became of an object offered to the archive.
package enum IngestVerdict: Sendable {
    /// Durable and indexed.
    case stored(FiledIdentity)
    /// The same data set, bit for bit, was already durable and indexed.
    case duplicate(FiledIdentity)
    /// Durable and indexed beside an object with the same UID and other content (PACS-4.2.7-b).
    case conflict(FiledIdentity)
    /// Durable and indexed, marked as defective (PACS-4.2.2-b).
    case quarantined(FiledIdentity, reasons: [String])
    /// Not stored; nothing of it remains.
    case refused(IngestRefusal)

    package var filed: FiledIdentity? {
        switch self {
        case .stored(let identity), .duplicate(let identity), .conflict(let identity), .quarantined(let identity, _):
            identity
        case .refused: nil
        }
    }
}

/// Why an object was not stored; the text names tag, offset and remedy, never a value.
package struct IngestRefusal: Error, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// No room (DIMSE A700, HTTP 507).
        case full
        /// The store or index does not work at the moment (DIMSE A700, HTTP 503).
        case unavailable
        /// Not a readable data set (DIMSE C000, HTTP 400/409).
        case cannotUnderstand
        /// The data set contradicts what was declared of it (DIMSE A900, HTTP 409).
        case doesNotMatch
        /// SOP class not accepted by configuration (DIMSE 0122, HTTP 409).
        case sopClassNotSupported
        /// Larger than the configured limit (DIMSE A700, HTTP 413).
        case tooLarge
    }

    package var kind: Kind
    package var reason: String
    /// What the object had said of itself, once known.
    package var declared: DeclaredIdentity?

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}
