/// States of an association (PS3.8 §9.2.2).
public enum UpperLayerState: Int, Hashable, Sendable, CaseIterable {
    /// Sta1: no transport connection.
    case idle = 1
    /// Sta2: connected, awaiting A-ASSOCIATE-RQ.
    case awaitingRequest
    /// Sta3: awaiting the local user's answer.
    case awaitingLocalResponse
    /// Sta4: awaiting the transport connection.
    case awaitingTransport
    /// Sta5: awaiting A-ASSOCIATE-AC or -RJ.
    case awaitingAnswer
    /// Sta6: established, ready for data transfer.
    case established
    /// Sta7: awaiting A-RELEASE-RP.
    case awaitingReleaseRP
    /// Sta8: awaiting the local user's release response.
    case awaitingLocalRelease
    /// Sta9: release collision, requestor side, awaiting the local response.
    case collisionRequestorLocal
    /// Sta10: release collision, acceptor side, awaiting A-RELEASE-RP.
    case collisionAcceptorRP
    /// Sta11: release collision, requestor side, awaiting A-RELEASE-RP.
    case collisionRequestorRP
    /// Sta12: release collision, acceptor side, awaiting the local response.
    case collisionAcceptorLocal
    /// Sta13: awaiting the close of the transport connection.
    case awaitingClose
}

/// Events of PS3.8 Table 9-2 in the order of their numbers.
public enum UpperLayerEvent: Int, Hashable, Sendable, CaseIterable {
    case associateRequest = 1
    case transportConfirmed
    case associateACReceived
    case associateRJReceived
    case transportIndicated
    case associateRQReceived
    case acceptResponse
    case rejectResponse
    case dataRequest
    case dataReceived
    case releaseRequest
    case releaseRQReceived
    case releaseRPReceived
    case releaseResponse
    case abortRequest
    case abortReceived
    case transportClosed
    case artimExpired
    case invalidPDUReceived
}

/// Actions of PS3.8 Tables 9-6 to 9-9.
public enum UpperLayerAction: String, Hashable, Sendable, CaseIterable {
    case ae1 = "AE-1"
    case ae2 = "AE-2"
    case ae3 = "AE-3"
    case ae4 = "AE-4"
    case ae5 = "AE-5"
    case ae6 = "AE-6"
    case ae7 = "AE-7"
    case ae8 = "AE-8"
    case dt1 = "DT-1"
    case dt2 = "DT-2"
    case ar1 = "AR-1"
    case ar2 = "AR-2"
    case ar3 = "AR-3"
    case ar4 = "AR-4"
    case ar5 = "AR-5"
    case ar6 = "AR-6"
    case ar7 = "AR-7"
    case ar8 = "AR-8"
    case ar9 = "AR-9"
    case ar10 = "AR-10"
    case aa1 = "AA-1"
    case aa2 = "AA-2"
    case aa3 = "AA-3"
    case aa4 = "AA-4"
    case aa5 = "AA-5"
    case aa6 = "AA-6"
    case aa7 = "AA-7"
    case aa8 = "AA-8"
}

/// What the owner of a state machine has to do, in order.
public enum UpperLayerEffect: Hashable, Sendable {
    case connectTransport
    case acceptTransport
    case sendAssociateRQ, sendAssociateAC, sendAssociateRJ
    case sendData
    case sendReleaseRQ, sendReleaseRP
    /// A-ABORT with the service user as source, or the provider when the machine itself found the fault.
    case sendAbort
    case sendProviderAbort
    case confirmAccepted, confirmRejected
    case indicateAssociation
    case indicateData
    case indicateRelease, confirmRelease, indicateReleaseCollision
    case indicateAbort, indicateProviderAbort
    case startARTIM, stopARTIM
    case closeTransport
}

/// The upper layer protocol of PS3.8 §9.2 as a value: no sockets, no clock.
public struct UpperLayerStateMachine: Hashable, Sendable {
    public struct Transition: Hashable, Sendable {
        public let action: UpperLayerAction
        public let effects: [UpperLayerEffect]
    }

    public private(set) var state = UpperLayerState.idle
    /// This side requested the association; decides release collisions.
    public let isRequestor: Bool

    public init(isRequestor: Bool) { self.isRequestor = isRequestor }

    /// The machine in any state, as tests need it.
    init(isRequestor: Bool, state: UpperLayerState) {
        self.isRequestor = isRequestor
        self.state = state
    }

    /// Applies an event.
    ///
    /// - Parameter isAcceptable: for ``UpperLayerEvent/associateRQReceived``, whether the service provider itself can
    ///   take the request (protocol version); the user decides later.
    /// - Returns: `nil`, and no change, where PS3.8 Table 9-10 has no entry.
    public mutating func handle(_ event: UpperLayerEvent, isAcceptable: Bool = true) -> Transition? {
        guard let entry = UpperLayerTable.entry(event, state) else { return nil }
        switch entry.next {
        case .state(let next): state = next
        case .acceptability: state = isAcceptable ? .awaitingLocalResponse : .awaitingClose
        case .collisionSide: state = isRequestor ? .collisionRequestorLocal : .collisionAcceptorRP
        }
        let isRefusal = entry.action == .ae6 && !isAcceptable
        return Transition(
            action: entry.action,
            effects: isRefusal ? [.sendAssociateRJ, .startARTIM] : UpperLayerTable.effects(of: entry.action))
    }
}
