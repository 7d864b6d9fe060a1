extension PDU {
    /// The PDU's bytes, header included.
    ///
    /// - Throws: ``PDUError/itemTooLong(type:length:)`` or ``PDUError/invalidValue(field:offset:)`` for contents that
    ///   the encoding cannot express.
    func encoded() throws(PDUError) -> [UInt8] {
        var writer = PDUWriter()
        switch self {
        case .associateRQ(let request):
            try writer.writePDU(PDUType.associateRQ) { (writer: inout PDUWriter) throws(PDUError) in
                try writer.writeAssociateHead(
                    version: request.protocolVersion, called: request.calledAETitle, calling: request.callingAETitle,
                    applicationContext: request.applicationContextName)
                for context in request.presentationContexts { try writer.write(context) }
                try writer.write(request.userInformation)
            }
        case .associateAC(let answer):
            try writer.writePDU(PDUType.associateAC) { (writer: inout PDUWriter) throws(PDUError) in
                try writer.writeAssociateHead(
                    version: answer.protocolVersion, called: answer.calledAETitle, calling: answer.callingAETitle,
                    applicationContext: answer.applicationContextName)
                for context in answer.presentationContexts { try writer.write(context) }
                try writer.write(answer.userInformation)
            }
        case .associateRJ(let rejection):
            writer.writeShortPDU(
                PDUType.associateRJ, 0, rejection.result.rawValue, rejection.source.rawValue, rejection.reason)
        case .releaseRQ: writer.writeShortPDU(PDUType.releaseRQ, 0, 0, 0, 0)
        case .releaseRP: writer.writeShortPDU(PDUType.releaseRP, 0, 0, 0, 0)
        case .abort(let abort):
            writer.writeShortPDU(PDUType.abort, 0, 0, abort.source.rawValue, abort.reason.rawValue)
        }
        return writer.bytes
    }
}

/// Appends big-endian fields and items.
private struct PDUWriter {
    private(set) var bytes: [UInt8] = []

    mutating func writeShortPDU(_ type: UInt8, _ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        bytes += [type, 0, 0, 0, 0, 4, a, b, c, d]
    }

    mutating func writePDU(
        _ type: UInt8, _ content: (inout PDUWriter) throws(PDUError) -> Void
    ) throws(PDUError) {
        bytes += [type, 0, 0, 0, 0, 0]
        let start = bytes.count
        try content(&self)
        let length = bytes.count - start
        guard let declared = UInt32(exactly: length) else { throw .itemTooLong(type: type, length: length) }
        for index in 0..<4 { bytes[start - 4 + index] = UInt8(truncatingIfNeeded: declared >> UInt32(24 - 8 * index)) }
    }

    mutating func writeItem(
        _ type: UInt8, _ content: (inout PDUWriter) throws(PDUError) -> Void
    ) throws(PDUError) {
        bytes += [type, 0, 0, 0]
        let start = bytes.count
        try content(&self)
        let length = bytes.count - start
        guard let declared = UInt16(exactly: length) else { throw .itemTooLong(type: type, length: length) }
        bytes[start - 2] = UInt8(truncatingIfNeeded: declared >> 8)
        bytes[start - 1] = UInt8(truncatingIfNeeded: declared)
    }

    mutating func write(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// A field preceded by its 16-bit length.
    mutating func writeCounted(_ field: some Collection<UInt8>, item: UInt8) throws(PDUError) {
        guard let length = UInt16(exactly: field.count) else { throw .itemTooLong(type: item, length: field.count) }
        write(length)
        bytes += field
    }

    mutating func writeUIDItem(_ type: UInt8, _ uid: String) throws(PDUError) {
        try writeItem(type) { (writer: inout PDUWriter) in writer.bytes += Array(uid.utf8) }
    }

    private mutating func writeLatin1(_ text: String, length: Int, _ field: PDUError.Field) throws(PDUError) {
        let offset = bytes.count
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { throw .invalidValue(field: field, offset: offset) }
            bytes.append(byte)
        }
        guard bytes.count - offset <= length else { throw .invalidValue(field: field, offset: offset) }
    }

    private mutating func writeAETitle(_ title: String, _ field: PDUError.Field) throws(PDUError) {
        let start = bytes.count
        try writeLatin1(title, length: 16, field)
        bytes += [UInt8](repeating: 0x20, count: 16 - (bytes.count - start))
    }

    mutating func writeAssociateHead(
        version: UInt16, called: String, calling: String, applicationContext: String
    ) throws(PDUError) {
        write(version)
        write(0)
        try writeAETitle(called, .calledAETitle)
        try writeAETitle(calling, .callingAETitle)
        bytes += [UInt8](repeating: 0, count: 32)
        try writeUIDItem(ItemType.applicationContext, applicationContext)
    }

    mutating func write(_ context: ProposedPresentationContext) throws(PDUError) {
        try writeItem(ItemType.proposedContext) { (writer: inout PDUWriter) throws(PDUError) in
            writer.bytes += [context.id, 0, 0, 0]
            try writer.writeUIDItem(ItemType.abstractSyntax, context.abstractSyntax)
            for uid in context.transferSyntaxes { try writer.writeUIDItem(ItemType.transferSyntax, uid) }
        }
    }

    mutating func write(_ context: AnsweredPresentationContext) throws(PDUError) {
        try writeItem(ItemType.answeredContext) { (writer: inout PDUWriter) throws(PDUError) in
            writer.bytes += [context.id, 0, context.result.rawValue, 0]
            try writer.writeUIDItem(ItemType.transferSyntax, context.transferSyntax)
        }
    }

    mutating func write(_ information: UserInformation) throws(PDUError) {
        try writeItem(ItemType.userInformation) { (writer: inout PDUWriter) throws(PDUError) in
            try writer.writeItem(ItemType.maximumLength) { (writer: inout PDUWriter) in
                writer.write(UInt16(truncatingIfNeeded: information.maximumPDULength >> 16))
                writer.write(UInt16(truncatingIfNeeded: information.maximumPDULength))
            }
            try writer.writeUIDItem(ItemType.implementationClassUID, information.implementationClassUID)
            if let window = information.asynchronousOperationsWindow {
                try writer.writeItem(ItemType.asynchronousOperationsWindow) { (writer: inout PDUWriter) in
                    writer.write(window.maximumInvoked)
                    writer.write(window.maximumPerformed)
                }
            }
            for role in information.roleSelections { try writer.write(role) }
            if let name = information.implementationVersionName {
                try writer.writeItem(ItemType.implementationVersionName) { (writer: inout PDUWriter) throws(PDUError) in
                    try writer.writeLatin1(name, length: Int(UInt16.max), .implementationVersionName)
                }
            }
            for item in information.extendedNegotiations { try writer.write(item) }
            for item in information.commonExtendedNegotiations { try writer.write(item) }
            if let identity = information.userIdentity { try writer.write(identity) }
            if let response = information.userIdentityResponse {
                try writer.writeItem(ItemType.userIdentityResponse) { (writer: inout PDUWriter) throws(PDUError) in
                    try writer.writeCounted(response, item: ItemType.userIdentityResponse)
                }
            }
        }
    }

    private mutating func write(_ role: RoleSelection) throws(PDUError) {
        try writeItem(ItemType.roleSelection) { (writer: inout PDUWriter) throws(PDUError) in
            try writer.writeCounted(Array(role.sopClassUID.utf8), item: ItemType.roleSelection)
            writer.bytes += [role.isSCU ? 1 : 0, role.isSCP ? 1 : 0]
        }
    }

    private mutating func write(_ item: SOPClassExtendedNegotiation) throws(PDUError) {
        try writeItem(ItemType.extendedNegotiation) { (writer: inout PDUWriter) throws(PDUError) in
            try writer.writeCounted(Array(item.sopClassUID.utf8), item: ItemType.extendedNegotiation)
            writer.bytes += item.applicationInformation
        }
    }

    private mutating func write(_ item: SOPClassCommonExtendedNegotiation) throws(PDUError) {
        let type = ItemType.commonExtendedNegotiation
        try writeItem(type) { (writer: inout PDUWriter) throws(PDUError) in
            try writer.writeCounted(Array(item.sopClassUID.utf8), item: type)
            try writer.writeCounted(Array(item.serviceClassUID.utf8), item: type)
            var related = PDUWriter()
            for uid in item.relatedGeneralSOPClassUIDs { try related.writeCounted(Array(uid.utf8), item: type) }
            try writer.writeCounted(related.bytes, item: type)
        }
    }

    private mutating func write(_ identity: UserIdentity) throws(PDUError) {
        try writeItem(ItemType.userIdentity) { (writer: inout PDUWriter) throws(PDUError) in
            writer.bytes += [identity.kind.rawValue, identity.isPositiveResponseRequested ? 1 : 0]
            try writer.writeCounted(identity.primaryField, item: ItemType.userIdentity)
            try writer.writeCounted(identity.secondaryField, item: ItemType.userIdentity)
        }
    }
}
