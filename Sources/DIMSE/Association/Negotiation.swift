import DICOMCore

/// Turns proposals and decisions into answers and accepted contexts (PS3.8 §9.3.3, PS3.7 Annex D). No I/O.
enum Negotiation {
    /// Why a request is refused before anyone is asked.
    static func providerRejection(of request: AssociateRQ) -> AssociateRJ? {
        request.applicationContextName == UpperLayerConstants.applicationContextName
            ? nil : .applicationContextNotSupported
    }

    /// The answer that grants `acceptance`, as far as it is within what was requested.
    static func answer(
        to request: AssociateRQ, granting acceptance: NegotiationAcceptance, limits: AssociationLimits
    ) -> AssociateAC {
        let contexts = request.presentationContexts.map { answer(to: $0, acceptance.contexts[$0.id]) }
        var information = UserInformation(
            maximumPDULength: UInt32(clamping: limits.maximumPDULength),
            implementationClassUID: Implementation.classUID,
            implementationVersionName: Implementation.versionName)
        information.asynchronousOperationsWindow = request.userInformation.asynchronousOperationsWindow.map {
            AsynchronousOperationsWindow(
                maximumInvoked: granted($0.maximumInvoked, limits),
                maximumPerformed: granted($0.maximumPerformed, limits))
        }
        information.roleSelections = acceptance.roleSelections.compactMap { role in
            request.userInformation.roleSelections.first { $0.sopClassUID == role.sopClassUID }.map {
                RoleSelection(
                    sopClassUID: role.sopClassUID, isSCU: role.isSCU && $0.isSCU, isSCP: role.isSCP && $0.isSCP)
            }
        }
        information.extendedNegotiations = acceptance.extendedNegotiations.filter { answered in
            request.userInformation.extendedNegotiations.contains { $0.sopClassUID == answered.sopClassUID }
        }
        if request.userInformation.userIdentity?.isPositiveResponseRequested == true {
            information.userIdentityResponse = acceptance.userIdentityResponse
        }
        return AssociateAC(
            calledAETitle: request.calledAETitle, callingAETitle: request.callingAETitle,
            presentationContexts: contexts, userInformation: information)
    }

    private static func answer(
        to proposed: ProposedPresentationContext, _ decision: NegotiationAcceptance.ContextDecision?
    ) -> AnsweredPresentationContext {
        // The item must be there and is not significant when the context is refused.
        let placeholder = proposed.transferSyntaxes.first ?? TransferSyntax.implicitVRLittleEndian.uid
        switch decision {
        case .accept(let uid) where proposed.transferSyntaxes.contains(uid):
            return AnsweredPresentationContext(id: proposed.id, result: .acceptance, transferSyntax: uid)
        case .accept:
            return AnsweredPresentationContext(
                id: proposed.id, result: .transferSyntaxesNotSupported, transferSyntax: placeholder)
        case .reject(let result):
            return AnsweredPresentationContext(
                id: proposed.id, result: result == .acceptance ? .noReason : result, transferSyntax: placeholder)
        case nil:
            return AnsweredPresentationContext(
                id: proposed.id, result: .abstractSyntaxNotSupported, transferSyntax: placeholder)
        }
    }

    /// 0 asks for no limit; ours applies.
    private static func granted(_ asked: UInt16, _ limits: AssociationLimits) -> UInt16 {
        let ours = UInt16(clamping: max(1, limits.maximumOperations))
        return asked == 0 ? ours : min(asked, ours)
    }

    /// What stands after an answer.
    ///
    /// - Throws: for an answer that does not fit the request.
    static func outcome(
        request: AssociateRQ, answer: AssociateAC, isRequestor: Bool, connection: ConnectionInfo,
        limits: AssociationLimits
    ) throws(ProtocolViolation) -> NegotiatedAssociation {
        let peer = isRequestor ? answer.userInformation : request.userInformation
        // Without the item in both PDUs one operation at a time is agreed (PS3.7 §D.3.3.3).
        let window =
            request.userInformation.asynchronousOperationsWindow == nil
            ? .synchronous : answer.userInformation.asynchronousOperationsWindow ?? .synchronous
        let invoked = operations(window.maximumInvoked, limits)
        let performed = operations(window.maximumPerformed, limits)
        return NegotiatedAssociation(
            connection: connection, isRequestor: isRequestor, callingAETitle: request.callingAETitle,
            calledAETitle: request.calledAETitle,
            contexts: try contexts(request: request, answer: answer, isRequestor: isRequestor),
            peerUserInformation: peer, maximumInvoked: isRequestor ? invoked : performed,
            maximumPerformed: isRequestor ? performed : invoked, limits: limits,
            fragmenter: PDVFragmenter(
                peerMaximumPDULength: peer.maximumPDULength, localMaximum: limits.maximumSentPDULength))
    }

    private static func operations(_ negotiated: UInt16, _ limits: AssociationLimits) -> Int {
        let ours = min(max(1, limits.maximumOperations), Int(Int16.max))
        return negotiated == 0 ? ours : min(Int(negotiated), ours)
    }

    private static func contexts(
        request: AssociateRQ, answer: AssociateAC, isRequestor: Bool
    ) throws(ProtocolViolation) -> [PresentationContext] {
        var contexts: [PresentationContext] = []
        for answered in answer.presentationContexts where answered.result == .acceptance {
            guard let proposed = request.presentationContexts.first(where: { $0.id == answered.id }),
                proposed.transferSyntaxes.contains(answered.transferSyntax)
            else { throw .invalidAnswer(contextID: answered.id) }
            let role = requestorRole(proposed.abstractSyntax, request: request, answer: answer)
            contexts.append(
                PresentationContext(
                    id: answered.id, abstractSyntax: proposed.abstractSyntax,
                    transferSyntax: TransferSyntax(uid: answered.transferSyntax),
                    isLocalSCU: isRequestor ? role.isSCU : role.isSCP,
                    isLocalSCP: isRequestor ? role.isSCP : role.isSCU))
        }
        return contexts
    }

    /// The requestor is SCU only, unless roles were proposed and answered (PS3.7 §D.3.3.4).
    private static func requestorRole(
        _ sopClassUID: String, request: AssociateRQ, answer: AssociateAC
    ) -> (isSCU: Bool, isSCP: Bool) {
        guard
            let proposed = request.userInformation.roleSelections.first(where: { $0.sopClassUID == sopClassUID }),
            let answered = answer.userInformation.roleSelections.first(where: { $0.sopClassUID == sopClassUID })
        else { return (true, false) }
        return (proposed.isSCU && answered.isSCU, proposed.isSCP && answered.isSCP)
    }
}
