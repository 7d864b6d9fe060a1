/// PS3.8 Table 9-10 and the actions of Tables 9-6 to 9-9, as data.
enum UpperLayerTable {
    enum Next: Hashable, Sendable {
        case state(UpperLayerState)
        /// AE-6: Sta3 when the request is acceptable to the provider, else Sta13.
        case acceptability
        /// AR-8: Sta9 on the requestor's side, Sta10 on the acceptor's.
        case collisionSide
    }

    struct Entry: Hashable, Sendable {
        let action: UpperLayerAction
        let next: Next

        init(_ action: UpperLayerAction, _ state: Int) {
            self.action = action
            next = UpperLayerState(rawValue: state).map { .state($0) } ?? .state(.idle)
        }

        init(_ action: UpperLayerAction, _ next: Next) {
            self.action = action
            self.next = next
        }
    }

    static func entry(_ event: UpperLayerEvent, _ state: UpperLayerState) -> Entry? {
        cells[(event.rawValue - 1) * 13 + state.rawValue - 1]
    }

    /// 19 rows of 13 cells.
    private static let cells: [Entry?] = {
        var cells = [Entry?](repeating: nil, count: 19 * 13)
        for row in rows {
            for (states, entry) in row.entries {
                for state in states { cells[(row.event.rawValue - 1) * 13 + state - 1] = entry }
            }
        }
        return cells
    }()

    private typealias Row = (event: UpperLayerEvent, entries: [(states: [Int], entry: Entry)])

    /// States in which any PDU of the association is out of place but for the few that the rows name.
    private static let faulty = Entry(.aa8, 13)

    private static let rows: [Row] = [
        (.associateRequest, [([1], Entry(.ae1, 4))]),
        (.transportConfirmed, [([4], Entry(.ae2, 5))]),
        (
            .associateACReceived,
            [
                ([2], Entry(.aa1, 13)), ([3, 6, 7, 8, 9, 10, 11, 12], faulty), ([5], Entry(.ae3, 6)),
                ([13], Entry(.aa6, 13)),
            ]
        ),
        (
            .associateRJReceived,
            [
                ([2], Entry(.aa1, 13)), ([3, 6, 7, 8, 9, 10, 11, 12], faulty), ([5], Entry(.ae4, 1)),
                ([13], Entry(.aa6, 13)),
            ]
        ),
        (.transportIndicated, [([1], Entry(.ae5, 2))]),
        (
            .associateRQReceived,
            [
                ([2], Entry(.ae6, .acceptability)), ([3, 5, 6, 7, 8, 9, 10, 11, 12], faulty), ([13], Entry(.aa7, 13)),
            ]
        ),
        (.acceptResponse, [([3], Entry(.ae7, 6))]),
        (.rejectResponse, [([3], Entry(.ae8, 13))]),
        (.dataRequest, [([6], Entry(.dt1, 6)), ([8], Entry(.ar7, 8))]),
        (
            .dataReceived,
            [
                ([2], Entry(.aa1, 13)), ([3, 5, 8, 9, 10, 11, 12], faulty), ([6], Entry(.dt2, 6)),
                ([7], Entry(.ar6, 7)),
                ([13], Entry(.aa6, 13)),
            ]
        ),
        (.releaseRequest, [([6], Entry(.ar1, 7))]),
        (
            .releaseRQReceived,
            [
                ([2], Entry(.aa1, 13)), ([3, 5, 8, 9, 10, 11, 12], faulty), ([6], Entry(.ar2, 8)),
                ([7], Entry(.ar8, .collisionSide)), ([13], Entry(.aa6, 13)),
            ]
        ),
        (
            .releaseRPReceived,
            [
                ([2], Entry(.aa1, 13)), ([3, 5, 6, 8, 9, 12], faulty), ([7, 11], Entry(.ar3, 1)),
                ([10], Entry(.ar10, 12)),
                ([13], Entry(.aa6, 13)),
            ]
        ),
        (.releaseResponse, [([8, 12], Entry(.ar4, 13)), ([9], Entry(.ar9, 11))]),
        (.abortRequest, [([4], Entry(.aa2, 1)), ([3, 5, 6, 7, 8, 9, 10, 11, 12], Entry(.aa1, 13))]),
        (.abortReceived, [([2, 13], Entry(.aa2, 1)), ([3, 5, 6, 7, 8, 9, 10, 11, 12], Entry(.aa3, 1))]),
        (
            .transportClosed,
            [
                ([2], Entry(.aa5, 1)), ([3, 4, 5, 6, 7, 8, 9, 10, 11, 12], Entry(.aa4, 1)), ([13], Entry(.ar5, 1)),
            ]
        ),
        (.artimExpired, [([2, 13], Entry(.aa2, 1))]),
        (
            .invalidPDUReceived,
            [
                ([2], Entry(.aa1, 13)), ([3, 5, 6, 7, 8, 9, 10, 11, 12], faulty), ([13], Entry(.aa7, 13)),
            ]
        ),
    ]

    static func effects(of action: UpperLayerAction) -> [UpperLayerEffect] {
        switch action {
        case .ae1: [.connectTransport]
        case .ae2: [.sendAssociateRQ]
        case .ae3: [.confirmAccepted]
        case .ae4: [.confirmRejected, .closeTransport]
        case .ae5: [.acceptTransport, .startARTIM]
        case .ae6: [.stopARTIM, .indicateAssociation]
        case .ae7: [.sendAssociateAC]
        case .ae8: [.sendAssociateRJ, .startARTIM]
        case .dt1, .ar7: [.sendData]
        case .dt2, .ar6: [.indicateData]
        case .ar1: [.sendReleaseRQ]
        case .ar2: [.indicateRelease]
        case .ar3: [.confirmRelease, .closeTransport]
        case .ar4: [.sendReleaseRP, .startARTIM]
        case .ar5: [.stopARTIM]
        case .ar8: [.indicateReleaseCollision]
        case .ar9: [.sendReleaseRP]
        case .ar10: [.confirmRelease]
        case .aa1: [.sendAbort, .startARTIM]
        case .aa2: [.stopARTIM, .closeTransport]
        case .aa3: [.indicateAbort, .closeTransport]
        case .aa4: [.indicateProviderAbort]
        case .aa5: [.stopARTIM]
        case .aa6: []
        case .aa7: [.sendProviderAbort]
        case .aa8: [.sendProviderAbort, .indicateProviderAbort, .startARTIM]
        }
    }
}
