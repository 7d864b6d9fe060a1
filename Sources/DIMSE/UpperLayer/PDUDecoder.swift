extension PDU {
    /// Decodes a whole PDU, header included, other than P-DATA-TF (PS3.8 §9.3).
    ///
    /// Reserved fields are not checked, unknown items are skipped (PS3.8 §9.3.1).
    init(decoding bytes: [UInt8]) throws(PDUError) {
        var cursor = PDUCursor(bytes, from: 0)
        let type = try cursor.readByte()
        try cursor.skip(1)
        let length = try cursor.readUInt32()
        guard Int(exactly: length) == cursor.remaining else {
            throw .lengthExceedsContainer(
                item: type, declared: Int(clamping: length), remaining: cursor.remaining, offset: cursor.offset)
        }
        switch type {
        case PDUType.associateRQ: self = .associateRQ(try Self.readAssociateRQ(&cursor))
        case PDUType.associateAC: self = .associateAC(try Self.readAssociateAC(&cursor))
        case PDUType.associateRJ:
            try cursor.skip(1)
            self = .associateRJ(
                AssociateRJ(
                    result: .init(rawValue: try cursor.readByte()), source: .init(rawValue: try cursor.readByte()),
                    reason: try cursor.readByte()))
        case PDUType.releaseRQ: self = .releaseRQ
        case PDUType.releaseRP: self = .releaseRP
        case PDUType.abort:
            try cursor.skip(2)
            self = .abort(
                AbortPDU(source: .init(rawValue: try cursor.readByte()), reason: .init(rawValue: try cursor.readByte()))
            )
        default: throw .unrecognizedPDU(type: type)
        }
    }

    private static func readAssociateRQ(_ cursor: inout PDUCursor) throws(PDUError) -> AssociateRQ {
        let fixed = try AssociateFixedFields(&cursor)
        var applicationContext: String?
        var contexts: [ProposedPresentationContext] = []
        var userInformation: UserInformation?
        while !cursor.isAtEnd {
            let offset = cursor.offset
            var (type, content) = try cursor.readItem()
            switch type {
            case ItemType.applicationContext: applicationContext = try content.readUID(.applicationContextName)
            case ItemType.proposedContext:
                let context = try ProposedPresentationContext(&content)
                guard !contexts.contains(where: { $0.id == context.id }) else {
                    throw .invalidValue(field: .presentationContextID, offset: offset)
                }
                contexts.append(context)
            case ItemType.userInformation: userInformation = try UserInformation(&content)
            default: break
            }
        }
        guard let applicationContext else { throw .missingItem(type: ItemType.applicationContext) }
        guard !contexts.isEmpty else { throw .missingItem(type: ItemType.proposedContext) }
        guard let userInformation else { throw .missingItem(type: ItemType.userInformation) }
        var request = AssociateRQ(
            calledAETitle: fixed.called, callingAETitle: fixed.calling, presentationContexts: contexts,
            userInformation: userInformation)
        request.protocolVersion = fixed.protocolVersion
        request.applicationContextName = applicationContext
        return request
    }

    private static func readAssociateAC(_ cursor: inout PDUCursor) throws(PDUError) -> AssociateAC {
        let fixed = try AssociateFixedFields(&cursor)
        var applicationContext: String?
        var contexts: [AnsweredPresentationContext] = []
        var userInformation: UserInformation?
        while !cursor.isAtEnd {
            let offset = cursor.offset
            var (type, content) = try cursor.readItem()
            switch type {
            case ItemType.applicationContext: applicationContext = try content.readUID(.applicationContextName)
            case ItemType.answeredContext:
                let context = try AnsweredPresentationContext(&content)
                guard !contexts.contains(where: { $0.id == context.id }) else {
                    throw .invalidValue(field: .presentationContextID, offset: offset)
                }
                contexts.append(context)
            case ItemType.userInformation: userInformation = try UserInformation(&content)
            default: break
            }
        }
        guard let applicationContext else { throw .missingItem(type: ItemType.applicationContext) }
        guard let userInformation else { throw .missingItem(type: ItemType.userInformation) }
        var answer = AssociateAC(
            calledAETitle: fixed.called, callingAETitle: fixed.calling, presentationContexts: contexts,
            userInformation: userInformation)
        answer.protocolVersion = fixed.protocolVersion
        answer.applicationContextName = applicationContext
        return answer
    }
}

/// Item types of PS3.8 §9.3.2 and §9.3.3.
enum ItemType {
    static let applicationContext: UInt8 = 0x10
    static let proposedContext: UInt8 = 0x20
    static let answeredContext: UInt8 = 0x21
    static let abstractSyntax: UInt8 = 0x30
    static let transferSyntax: UInt8 = 0x40
    static let userInformation: UInt8 = 0x50
    static let maximumLength: UInt8 = 0x51
    static let implementationClassUID: UInt8 = 0x52
    static let asynchronousOperationsWindow: UInt8 = 0x53
    static let roleSelection: UInt8 = 0x54
    static let implementationVersionName: UInt8 = 0x55
    static let extendedNegotiation: UInt8 = 0x56
    static let commonExtendedNegotiation: UInt8 = 0x57
    static let userIdentity: UInt8 = 0x58
    static let userIdentityResponse: UInt8 = 0x59
}

/// The 68 bytes that A-ASSOCIATE-RQ and -AC begin with after the PDU header.
private struct AssociateFixedFields {
    let protocolVersion: UInt16
    let called: String
    let calling: String

    init(_ cursor: inout PDUCursor) throws(PDUError) {
        protocolVersion = try cursor.readUInt16()
        try cursor.skip(2)
        called = try cursor.readAETitle(.calledAETitle)
        calling = try cursor.readAETitle(.callingAETitle)
        try cursor.skip(32)
    }
}

extension ProposedPresentationContext {
    private static let maximumTransferSyntaxes = 256

    fileprivate init(_ cursor: inout PDUCursor) throws(PDUError) {
        let start = cursor.offset
        let id = try cursor.readByte()
        guard id & 1 == 1 else { throw .invalidValue(field: .presentationContextID, offset: start) }
        try cursor.skip(3)
        var abstractSyntax: String?
        var transferSyntaxes: [String] = []
        while !cursor.isAtEnd {
            var (type, content) = try cursor.readItem()
            switch type {
            case ItemType.abstractSyntax: abstractSyntax = try content.readUID(.abstractSyntax)
            case ItemType.transferSyntax:
                guard transferSyntaxes.count < Self.maximumTransferSyntaxes else {
                    throw .tooManyItems(type: type, limit: Self.maximumTransferSyntaxes, offset: cursor.offset)
                }
                transferSyntaxes.append(try content.readUID(.transferSyntax))
            default: break
            }
        }
        guard let abstractSyntax else { throw .missingItem(type: ItemType.abstractSyntax) }
        self.init(id: id, abstractSyntax: abstractSyntax, transferSyntaxes: transferSyntaxes)
    }
}

extension AnsweredPresentationContext {
    fileprivate init(_ cursor: inout PDUCursor) throws(PDUError) {
        let start = cursor.offset
        let id = try cursor.readByte()
        guard id & 1 == 1 else { throw .invalidValue(field: .presentationContextID, offset: start) }
        try cursor.skip(1)
        let result = Result(rawValue: try cursor.readByte())
        try cursor.skip(1)
        var transferSyntax = ""
        while !cursor.isAtEnd {
            var (type, content) = try cursor.readItem()
            // A refused context may carry anything here (PS3.8 Table 9-18).
            if type == ItemType.transferSyntax, result == .acceptance {
                transferSyntax = try content.readUID(.transferSyntax)
            }
        }
        self.init(id: id, result: result, transferSyntax: transferSyntax)
    }
}
