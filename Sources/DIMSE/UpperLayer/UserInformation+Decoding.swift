extension UserInformation {
    private static let maximumRepeatedItems = 256

    /// Reads the sub-items of PS3.8 Annex D and PS3.7 Annex D; of those that may stand once, the last counts.
    init(_ cursor: inout PDUCursor) throws(PDUError) {
        self.init(maximumPDULength: 0, implementationClassUID: "")
        while !cursor.isAtEnd {
            let offset = cursor.offset
            let (type, content) = try cursor.readItem()
            try read(type, content)
            let repeated = max(roleSelections.count, extendedNegotiations.count, commonExtendedNegotiations.count)
            guard repeated <= Self.maximumRepeatedItems else {
                throw .tooManyItems(type: type, limit: Self.maximumRepeatedItems, offset: offset)
            }
        }
    }

    private mutating func read(_ type: UInt8, _ item: PDUCursor) throws(PDUError) {
        var item = item
        switch type {
        case ItemType.maximumLength: maximumPDULength = try item.readUInt32()
        case ItemType.implementationClassUID: implementationClassUID = try item.readUID(.userInformation)
        case ItemType.implementationVersionName: implementationVersionName = try item.readText()
        case ItemType.asynchronousOperationsWindow:
            asynchronousOperationsWindow = AsynchronousOperationsWindow(
                maximumInvoked: try item.readUInt16(), maximumPerformed: try item.readUInt16())
        case ItemType.roleSelection:
            let length = Int(try item.readUInt16())
            roleSelections.append(
                RoleSelection(
                    sopClassUID: try item.readUID(length, .sopClassUID), isSCU: try item.readByte() == 1,
                    isSCP: try item.readByte() == 1))
        case ItemType.extendedNegotiation:
            let length = Int(try item.readUInt16())
            extendedNegotiations.append(
                SOPClassExtendedNegotiation(
                    sopClassUID: try item.readUID(length, .sopClassUID),
                    applicationInformation: Array(try item.readBytes(item.remaining, item: type))))
        case ItemType.commonExtendedNegotiation:
            commonExtendedNegotiations.append(try SOPClassCommonExtendedNegotiation(&item))
        case ItemType.userIdentity: userIdentity = try UserIdentity(&item)
        case ItemType.userIdentityResponse:
            let length = Int(try item.readUInt16())
            userIdentityResponse = Array(try item.readBytes(length, item: type))
        default: break
        }
    }
}

extension SOPClassCommonExtendedNegotiation {
    fileprivate init(_ item: inout PDUCursor) throws(PDUError) {
        let sopClassUID = try item.readUID(Int(try item.readUInt16()), .sopClassUID)
        let serviceClassUID = try item.readUID(Int(try item.readUInt16()), .sopClassUID)
        let length = Int(try item.readUInt16())
        guard item.remaining >= length else {
            throw .lengthExceedsContainer(
                item: ItemType.commonExtendedNegotiation, declared: length, remaining: item.remaining,
                offset: item.offset)
        }
        let end = item.offset + length
        var related: [String] = []
        while item.offset < end {
            related.append(try item.readUID(Int(try item.readUInt16()), .sopClassUID))
        }
        self.init(sopClassUID: sopClassUID, serviceClassUID: serviceClassUID, relatedGeneralSOPClassUIDs: related)
    }
}

extension UserIdentity {
    fileprivate init(_ item: inout PDUCursor) throws(PDUError) {
        let kind = Kind(rawValue: try item.readByte())
        let isResponseRequested = try item.readByte() == 1
        let primary = try item.readBytes(Int(try item.readUInt16()), item: ItemType.userIdentity)
        // Some senders leave the second length out when there is no passcode.
        let secondaryLength = item.isAtEnd ? 0 : Int(try item.readUInt16())
        let secondary = try item.readBytes(secondaryLength, item: ItemType.userIdentity)
        self.init(
            kind: kind, isPositiveResponseRequested: isResponseRequested, primaryField: Array(primary),
            secondaryField: Array(secondary))
    }
}
