import DICOMCore

extension Command {
    /// Reads a command set; elements that a service does not have are passed over.
    public init(_ set: CommandSet) throws(MessageError) {
        let field = CommandField(rawValue: try set.requiredUInt16(CommandTag.commandField))
        guard !field.isResponse else {
            self = .response(try ResponseCommand(set, field: field))
            return
        }
        switch field {
        case .cStoreRQ: self = .store(try StoreCommand(set))
        case .cFindRQ: self = .query(try QueryCommand(set, .find))
        case .cGetRQ: self = .query(try QueryCommand(set, .get))
        case .cMoveRQ:
            guard let destination = set.text(CommandTag.moveDestination) else {
                throw .missingElement(tag: CommandTag.moveDestination)
            }
            self = .query(try QueryCommand(set, .move(destination: destination)))
        case .cEchoRQ:
            self = .echo(
                EchoCommand(
                    messageID: try set.requiredUInt16(CommandTag.messageID),
                    affectedSOPClassUID: try set.requiredUID(CommandTag.affectedSOPClassUID)))
        case .cCancelRQ:
            self = .cancel(
                CancelCommand(messageIDBeingRespondedTo: try set.requiredUInt16(CommandTag.messageIDBeingRespondedTo)))
        default: self = .normalized(try NormalizedCommand(set, field: field))
        }
    }

    public var commandSet: CommandSet {
        switch self {
        case .store(let command): command.commandSet
        case .query(let command): command.commandSet
        case .echo(let command):
            .request(.cEchoRQ, command.messageID, hasDataSet: false) {
                $0.set(CommandTag.affectedSOPClassUID, command.affectedSOPClassUID)
            }
        case .cancel(let command): command.commandSet
        case .normalized(let command): command.commandSet
        case .response(let command): command.commandSet
        }
    }

    /// A data set follows.
    var hasDataSet: Bool {
        switch self {
        case .store, .query: true
        case .echo, .cancel: false
        case .normalized(let command): command.hasDataSet
        case .response(let command): command.hasDataSet
        }
    }

    /// `nil` for responses and C-CANCEL.
    var requestMessageID: UInt16? {
        switch self {
        case .store(let command): command.messageID
        case .query(let command): command.messageID
        case .echo(let command): command.messageID
        case .normalized(let command): command.messageID
        case .cancel, .response: nil
        }
    }
}

extension CommandSet {
    fileprivate static func request(
        _ field: CommandField, _ messageID: UInt16, hasDataSet: Bool, _ fill: (inout CommandSet) -> Void
    ) -> CommandSet {
        var set = CommandSet()
        set.set(CommandTag.commandField, field.rawValue)
        set.set(CommandTag.messageID, messageID)
        set.setDataSetType(present: hasDataSet)
        fill(&set)
        return set
    }
}

extension StoreCommand {
    fileprivate init(_ set: CommandSet) throws(MessageError) {
        self.init(
            messageID: try set.requiredUInt16(CommandTag.messageID),
            // Unusable ones end the operation, not the association.
            affectedSOPClassUID: set.identifier(CommandTag.affectedSOPClassUID),
            affectedSOPInstanceUID: set.identifier(CommandTag.affectedSOPInstanceUID),
            priority: Priority(rawValue: set.uint16(CommandTag.priority) ?? 0),
            moveOriginatorAETitle: set.text(CommandTag.moveOriginatorAETitle),
            moveOriginatorMessageID: set.uint16(CommandTag.moveOriginatorMessageID))
    }

    fileprivate var commandSet: CommandSet {
        .request(.cStoreRQ, messageID, hasDataSet: true) {
            $0.set(CommandTag.affectedSOPClassUID, affectedSOPClassUID)
            $0.set(CommandTag.affectedSOPInstanceUID, affectedSOPInstanceUID)
            $0.set(CommandTag.priority, priority.rawValue)
            $0.set(CommandTag.moveOriginatorAETitle, moveOriginatorAETitle)
            $0.set(CommandTag.moveOriginatorMessageID, moveOriginatorMessageID)
        }
    }
}

extension QueryCommand {
    fileprivate init(_ set: CommandSet, _ kind: Kind) throws(MessageError) {
        self.init(
            kind: kind, messageID: try set.requiredUInt16(CommandTag.messageID),
            affectedSOPClassUID: try set.requiredUID(CommandTag.affectedSOPClassUID),
            priority: Priority(rawValue: set.uint16(CommandTag.priority) ?? 0))
    }

    fileprivate var commandSet: CommandSet {
        .request(field, messageID, hasDataSet: true) {
            $0.set(CommandTag.affectedSOPClassUID, affectedSOPClassUID)
            $0.set(CommandTag.priority, priority.rawValue)
            if case .move(let destination) = kind { $0.set(CommandTag.moveDestination, destination) }
        }
    }

    var field: CommandField {
        switch kind {
        case .find: .cFindRQ
        case .get: .cGetRQ
        case .move: .cMoveRQ
        }
    }
}

extension CancelCommand {
    fileprivate var commandSet: CommandSet {
        var set = CommandSet()
        set.set(CommandTag.commandField, CommandField.cCancelRQ.rawValue)
        set.set(CommandTag.messageIDBeingRespondedTo, messageIDBeingRespondedTo)
        set.setDataSetType(present: false)
        return set
    }
}

extension NormalizedCommand {
    fileprivate init(_ set: CommandSet, field: CommandField) throws(MessageError) {
        let kind: Kind
        switch field {
        case .nEventReportRQ: kind = .eventReport(eventTypeID: try set.requiredUInt16(CommandTag.eventTypeID))
        case .nGetRQ: kind = .get(attributes: set.tags(CommandTag.attributeIdentifierList))
        case .nSetRQ: kind = .set
        case .nActionRQ: kind = .action(actionTypeID: try set.requiredUInt16(CommandTag.actionTypeID))
        case .nCreateRQ: kind = .create
        case .nDeleteRQ: kind = .delete
        default: throw .unknownCommandField(rawValue: field.rawValue)
        }
        let tags = Self.uidTags(kind)
        let instance = try set.uid(tags.sopInstance)
        if instance == nil, kind != .create { throw .missingElement(tag: tags.sopInstance) }
        self.init(
            kind: kind, messageID: try set.requiredUInt16(CommandTag.messageID),
            sopClassUID: try set.requiredUID(tags.sopClass), sopInstanceUID: instance, hasDataSet: set.hasDataSet)
    }

    var field: CommandField {
        switch kind {
        case .eventReport: .nEventReportRQ
        case .get: .nGetRQ
        case .set: .nSetRQ
        case .action: .nActionRQ
        case .create: .nCreateRQ
        case .delete: .nDeleteRQ
        }
    }

    /// N-EVENT-REPORT and N-CREATE name the affected SOP instance, the others the requested one.
    private static func uidTags(_ kind: Kind) -> (sopClass: Tag, sopInstance: Tag) {
        switch kind {
        case .eventReport, .create: (CommandTag.affectedSOPClassUID, CommandTag.affectedSOPInstanceUID)
        case .get, .set, .action, .delete: (CommandTag.requestedSOPClassUID, CommandTag.requestedSOPInstanceUID)
        }
    }

    fileprivate var commandSet: CommandSet {
        .request(field, messageID, hasDataSet: hasDataSet) {
            let tags = Self.uidTags(kind)
            $0.set(tags.sopClass, sopClassUID)
            $0.set(tags.sopInstance, sopInstanceUID)
            switch kind {
            case .eventReport(let eventTypeID): $0.set(CommandTag.eventTypeID, eventTypeID)
            case .action(let actionTypeID): $0.set(CommandTag.actionTypeID, actionTypeID)
            case .get(let attributes): $0.set(CommandTag.attributeIdentifierList, tags: attributes)
            case .set, .create, .delete: break
            }
        }
    }
}

extension ResponseCommand {
    fileprivate init(_ set: CommandSet, field: CommandField) throws(MessageError) {
        self.init(
            requestField: field.request,
            messageIDBeingRespondedTo: try set.requiredUInt16(CommandTag.messageIDBeingRespondedTo),
            status: DIMSEStatus(rawValue: try set.requiredUInt16(CommandTag.status)))
        hasDataSet = set.hasDataSet
        affectedSOPClassUID = try set.uid(CommandTag.affectedSOPClassUID)
        affectedSOPInstanceUID = try set.uid(CommandTag.affectedSOPInstanceUID)
        suboperations = SuboperationCounts(set)
        errorComment = set.text(CommandTag.errorComment)
        errorID = set.uint16(CommandTag.errorID)
        offendingElements = set.tags(CommandTag.offendingElement)
        eventTypeID = set.uint16(CommandTag.eventTypeID)
        actionTypeID = set.uint16(CommandTag.actionTypeID)
    }

    fileprivate var commandSet: CommandSet {
        var set = CommandSet()
        set.set(CommandTag.commandField, requestField.response.rawValue)
        set.set(CommandTag.messageIDBeingRespondedTo, messageIDBeingRespondedTo)
        set.setDataSetType(present: hasDataSet)
        set.set(CommandTag.status, status.rawValue)
        set.set(CommandTag.affectedSOPClassUID, affectedSOPClassUID)
        set.set(CommandTag.affectedSOPInstanceUID, affectedSOPInstanceUID)
        suboperations?.write(to: &set, isFinal: status.category != .pending && status.category != .cancel)
        set.set(CommandTag.errorComment, errorComment.map { String($0.prefix(64)) })
        set.set(CommandTag.errorID, errorID)
        set.set(CommandTag.offendingElement, tags: offendingElements)
        set.set(CommandTag.eventTypeID, eventTypeID)
        set.set(CommandTag.actionTypeID, actionTypeID)
        return set
    }
}

extension SuboperationCounts {
    /// `nil` when the set has none of the numbers.
    fileprivate init?(_ set: CommandSet) {
        let numbers = [
            CommandTag.remainingSuboperations, CommandTag.completedSuboperations, CommandTag.failedSuboperations,
            CommandTag.warningSuboperations,
        ].map { set.uint16($0) }
        guard numbers.contains(where: { $0 != nil }) else { return nil }
        let counts = numbers.map { Int($0 ?? 0) }
        self.init(remaining: counts[0], completed: counts[1], failed: counts[2], warning: counts[3])
    }

    /// The number remaining stands in pending and cancel responses only (PS3.7 §9.3.3.2, §9.3.4.2).
    ///
    /// The attributes are 16-bit: larger numbers stay at their maximum.
    fileprivate func write(to set: inout CommandSet, isFinal: Bool) {
        if !isFinal { set.set(CommandTag.remainingSuboperations, UInt16(clamping: remaining)) }
        set.set(CommandTag.completedSuboperations, UInt16(clamping: completed))
        set.set(CommandTag.failedSuboperations, UInt16(clamping: failed))
        set.set(CommandTag.warningSuboperations, UInt16(clamping: warning))
    }
}
