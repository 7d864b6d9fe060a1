import DICOMCore
import Testing

@testable import DIMSE

@Suite struct `PS3.4 Annex J storage commitment` {
    private let reference = StorageCommitment.Reference(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.3")

    @Test func `a request reads as it was written`() throws {
        let request = StorageCommitment.Request(transactionUID: "1.2.9", references: [reference, reference])
        #expect(try StorageCommitment.Request(request.dataSet) == request)
    }

    @Test func `a result with failures reads as it was written, under event type 2`() throws {
        let result = StorageCommitment.Result(
            transactionUID: "1.2.9", retrieveAETitle: "APUS", committed: [reference],
            failed: [.init(reference: reference, reason: .noSuchObjectInstance)])
        #expect(result.eventTypeID == 2)
        #expect(try StorageCommitment.Result(result.dataSet) == result)
        let success = StorageCommitment.Result(
            transactionUID: "1.2.9", retrieveAETitle: nil, committed: [reference], failed: [])
        #expect(success.eventTypeID == 1)
        #expect(try StorageCommitment.Result(success.dataSet) == success)
    }

    @Test func `a request without transaction or references names what is missing`() {
        #expect(throws: DIMSEFailure(status: .missingAttribute, offendingElements: [.transactionUID])) {
            try StorageCommitment.Request(DataSet())
        }
        var dataSet = DataSet()
        dataSet.set(.transactionUID, .ui, "1.2")
        #expect(throws: DIMSEFailure(status: .missingAttribute, offendingElements: [.referencedSOPSequence])) {
            try StorageCommitment.Request(dataSet)
        }
    }
}

@Suite struct `PS3.8 §9.3.2.2 presentation context proposals` {
    @Test func `each transfer syntax of a SOP class gets a context, and one for fallback`() {
        let proposals = PresentationContextProposal.forSending([
            (sopClassUID: "1.1", transferSyntaxUID: "1.2.840.10008.1.2.4.90"),
            (sopClassUID: "1.1", transferSyntaxUID: "1.2.840.10008.1.2.1"),
            (sopClassUID: "1.1", transferSyntaxUID: "1.2.840.10008.1.2.1"),
        ])
        #expect(proposals.count == 1)
        #expect(
            proposals.first?.contexts.map { $0.transferSyntaxes } == [
                ["1.2.840.10008.1.2.4.90"], ["1.2.840.10008.1.2.1"], PresentationContextProposal.uncompressed,
            ])
        #expect(proposals.first?.contexts.map { $0.id } == [1, 3, 5])
    }

    @Test func `more contexts than identifiers are spread over associations`() {
        let instances = (0..<300).map { (sopClassUID: "1.\($0)", transferSyntaxUID: "1.2.840.10008.1.2.1") }
        let proposals = PresentationContextProposal.forSending(instances)
        #expect(proposals.map { $0.contexts.count } == [128, 128, 128, 128, 88])
        let covered = Set(proposals.flatMap { $0.contexts.map { $0.abstractSyntax } })
        #expect(covered.count == 300)
        #expect(proposals.allSatisfy { Set($0.contexts.map { $0.id }).count == $0.contexts.count })
    }

    @Test func `the acceptor's or the requestor's preference decides`() {
        let context = ProposedPresentationContext(id: 1, abstractSyntax: "1", transferSyntaxes: ["a", "b"])
        #expect(context.accepting(preferred: ["b", "a"]) == .accept(transferSyntaxUID: "b"))
        #expect(context.acceptingFirst(of: ["b", "a"]) == .accept(transferSyntaxUID: "a"))
        #expect(context.accepting(preferred: ["c"]) == .reject(.transferSyntaxesNotSupported))
    }

    @Test func `SOP classes lead to their information model`() {
        #expect(InformationModel(sopClassUID: "1.2.840.10008.5.1.4.1.2.2.3") == .studyRoot)
        #expect(InformationModel(sopClassUID: "1.2.840.10008.5.1.4.31") == .modalityWorklist)
        #expect(InformationModel(sopClassUID: "1.2.840.10008.1.1") == nil)
    }
}

@Suite struct `PS3.7 Annex D negotiation` {
    private func request() -> AssociateRQ {
        AssociateRQ(
            calledAETitle: "A", callingAETitle: "B",
            presentationContexts: [
                .init(id: 1, abstractSyntax: "1.1", transferSyntaxes: ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]),
                .init(id: 3, abstractSyntax: "1.2", transferSyntaxes: ["1.2.840.10008.1.2"]),
                .init(id: 5, abstractSyntax: "1.3", transferSyntaxes: ["1.2.840.10008.1.2"]),
            ], userInformation: UserInformation(maximumPDULength: 16_384, implementationClassUID: "1"))
    }

    private let connection = ConnectionInfo(
        id: 1, peerAddress: "127.0.0.1", peerPort: 1, localPort: 2, isTLS: false, peerCertificateDER: nil)

    @Test func `contexts not decided, or accepted with a syntax not offered, are refused`() {
        let acceptance = NegotiationAcceptance(contexts: [
            1: .accept(transferSyntaxUID: "1.2.840.10008.1.2.1"), 3: .accept(transferSyntaxUID: "1.2.840.10008.1.2.5"),
        ])
        let answer = Negotiation.answer(to: request(), granting: acceptance, limits: .default)
        #expect(
            answer.presentationContexts.map { $0.result } == [
                .acceptance, .transferSyntaxesNotSupported, .abstractSyntaxNotSupported,
            ])
    }

    @Test func `roles are granted only as far as proposed`() throws {
        var request = request()
        request.userInformation.roleSelections = [RoleSelection(sopClassUID: "1.1", isSCU: false, isSCP: true)]
        var acceptance = NegotiationAcceptance(contexts: [1: .accept(transferSyntaxUID: "1.2.840.10008.1.2")])
        acceptance.roleSelections = [
            RoleSelection(sopClassUID: "1.1", isSCU: true, isSCP: true),
            RoleSelection(sopClassUID: "1.2", isSCU: true, isSCP: true),
        ]
        let answer = Negotiation.answer(to: request, granting: acceptance, limits: .default)
        #expect(answer.userInformation.roleSelections == request.userInformation.roleSelections)
        for isRequestor in [true, false] {
            let outcome = try Negotiation.outcome(
                request: request, answer: answer, isRequestor: isRequestor, connection: connection, limits: .default)
            #expect(outcome.contexts.first?.isLocalSCP == isRequestor)
            #expect(outcome.contexts.first?.isLocalSCU == !isRequestor)
        }
    }

    @Test func `operations are one at a time unless both sides say otherwise`() throws {
        var request = request()
        let acceptance = NegotiationAcceptance(contexts: [1: .accept(transferSyntaxUID: "1.2.840.10008.1.2")])
        let plain = Negotiation.answer(to: request, granting: acceptance, limits: .default)
        #expect(plain.userInformation.asynchronousOperationsWindow == nil)
        request.userInformation.asynchronousOperationsWindow = .init(maximumInvoked: 0, maximumPerformed: 4)
        let answer = Negotiation.answer(to: request, granting: acceptance, limits: .default)
        #expect(
            answer.userInformation.asynchronousOperationsWindow == .init(maximumInvoked: 16, maximumPerformed: 4))
        let outcome = try Negotiation.outcome(
            request: request, answer: answer, isRequestor: false, connection: connection, limits: .default)
        #expect(outcome.maximumPerformed == 16)
        #expect(outcome.maximumInvoked == 4)
    }

    @Test func `an answer with a context or syntax that was not proposed is refused`() {
        var answer = Negotiation.answer(
            to: request(), granting: NegotiationAcceptance(contexts: [:]), limits: .default)
        answer.presentationContexts = [.init(id: 1, result: .acceptance, transferSyntax: "1.2.840.10008.1.2.5")]
        for id: UInt8 in [1, 7] {
            answer.presentationContexts[0].id = id
            #expect(throws: ProtocolViolation.invalidAnswer(contextID: id)) {
                try Negotiation.outcome(
                    request: request(), answer: answer, isRequestor: true, connection: connection, limits: .default)
            }
        }
    }
}
