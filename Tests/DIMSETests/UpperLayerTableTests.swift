import Testing

@testable import DIMSE

/// PS3.8 Table 9-10 as printed: a row for each event, a column for each state, a dash where there is no entry.
private let printedTable = """
    AE-1 - - - - - - - - - - - -
    - - - AE-2 - - - - - - - - -
    - AA-1 AA-8 - AE-3 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6
    - AA-1 AA-8 - AE-4 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6
    AE-5 - - - - - - - - - - - -
    - AE-6 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7
    - - AE-7 - - - - - - - - - -
    - - AE-8 - - - - - - - - - -
    - - - - - DT-1 - AR-7 - - - - -
    - AA-1 AA-8 - AA-8 DT-2 AR-6 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6
    - - - - - AR-1 - - - - - - -
    - AA-1 AA-8 - AA-8 AR-2 AR-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6
    - AA-1 AA-8 - AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6
    - - - - - - - AR-4 AR-9 - - AR-4 -
    - - AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 -
    - AA-2 AA-3 - AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-2
    - AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AR-5
    - AA-2 - - - - - - - - - - AA-2
    - AA-1 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7
    """.split(separator: "\n").map { $0.split(separator: " ").map { String($0) } }

/// PS3.8 Tables 9-6 to 9-9, "Next State"; AE-6 and AR-8 have two.
private let printedNextState: [String: Int] = [
    "AE-1": 4, "AE-2": 5, "AE-3": 6, "AE-4": 1, "AE-5": 2, "AE-7": 6, "AE-8": 13, "DT-1": 6, "DT-2": 6, "AR-1": 7,
    "AR-2": 8, "AR-3": 1, "AR-4": 13, "AR-5": 1, "AR-6": 7, "AR-7": 8, "AR-9": 11, "AR-10": 12, "AA-1": 13, "AA-2": 1,
    "AA-3": 1, "AA-4": 1, "AA-5": 1, "AA-6": 13, "AA-7": 13, "AA-8": 13,
]

@Suite struct `PS3.8 §9.2.3 Table 9-10` {
    @Test(arguments: UpperLayerState.allCases, UpperLayerEvent.allCases)
    func `every cell has the printed action and next state`(state: UpperLayerState, event: UpperLayerEvent) {
        let printed = printedTable[event.rawValue - 1][state.rawValue - 1]
        for isRequestor in [true, false] {
            for isAcceptable in [true, false] {
                var machine = UpperLayerStateMachine(isRequestor: isRequestor, state: state)
                let transition = machine.handle(event, isAcceptable: isAcceptable)
                guard printed != "-" else {
                    #expect(transition == nil)
                    #expect(machine.state == state)
                    continue
                }
                #expect(transition?.action.rawValue == printed)
                let next =
                    switch printed {
                    case "AE-6": isAcceptable ? 3 : 13
                    case "AR-8": isRequestor ? 9 : 10
                    default: printedNextState[printed]
                    }
                #expect(machine.state.rawValue == next)
            }
        }
    }

    @Test func `the table has 13 states, 19 events and 28 actions`() {
        #expect(UpperLayerState.allCases.map { $0.rawValue } == Array(1...13))
        #expect(UpperLayerEvent.allCases.map { $0.rawValue } == Array(1...19))
        #expect(Set(printedTable.joined()).subtracting(["-"]) == Set(UpperLayerAction.allCases.map { $0.rawValue }))
    }

    @Test func `an unacceptable request is rejected and ARTIM started`() {
        var machine = UpperLayerStateMachine(isRequestor: false, state: .awaitingRequest)
        let transition = machine.handle(.associateRQReceived, isAcceptable: false)
        #expect(transition?.effects == [.sendAssociateRJ, .startARTIM])
    }

    @Test func `both sides of a release collision end`() {
        var requestor = UpperLayerStateMachine(isRequestor: true, state: .established)
        var acceptor = UpperLayerStateMachine(isRequestor: false, state: .established)
        _ = requestor.handle(.releaseRequest)
        _ = acceptor.handle(.releaseRequest)
        _ = requestor.handle(.releaseRQReceived)
        _ = acceptor.handle(.releaseRQReceived)
        #expect(requestor.handle(.releaseResponse)?.effects == [.sendReleaseRP])
        #expect(acceptor.handle(.releaseRPReceived)?.effects == [.confirmRelease])
        #expect(acceptor.handle(.releaseResponse)?.effects == [.sendReleaseRP, .startARTIM])
        #expect(requestor.handle(.releaseRPReceived)?.effects == [.confirmRelease, .closeTransport])
        #expect(requestor.state == .idle)
        #expect(acceptor.handle(.transportClosed)?.effects == [.stopARTIM])
        #expect(acceptor.state == .idle)
    }
}
