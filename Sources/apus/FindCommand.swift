import ArgumentParser
import DICOMCore
import DIMSE
import Foundation

/// Which entities a query or retrieve is about.
struct QueryOptions: ParsableArguments {
    enum Level: String, ExpressibleByArgument, CaseIterable {
        case patient, study, series, image

        var definedTerm: String { rawValue.uppercased() }

        /// Keys worth showing when none is asked for.
        var defaultKeys: [Tag] {
            switch self {
            case .patient: [.patientID, .patientName, .patientBirthDate, .patientSex]
            case .study:
                [
                    .studyInstanceUID, .studyDate, .studyTime, .accessionNumber, .patientID, .patientName, .studyDescription,
                    .modalitiesInStudy, .numberOfStudyRelatedInstances,
                ]
            case .series: [.seriesInstanceUID, .modality, .seriesNumber, .seriesDescription, .numberOfSeriesRelatedInstances]
            case .image: [.sopInstanceUID, .sopClassUID, .instanceNumber]
            }
        }
    }

    @Option(help: "patient, study, series or image.")
    var level = Level.study

    @Option(
        name: [.customShort("k"), .long],
        help: ArgumentHelp("A key: Keyword=value, GGGG,EEEE=value or Keyword alone to ask for it; repeatable.", valueName: "key"))
    var key: [String] = []

    @Flag(help: "Use the patient root information model.")
    var patientRoot = false

    var model: InformationModel { patientRoot || level == .patient ? .patientRoot : .studyRoot }

    /// - Parameter withDefaults: adds keys worth showing.
    func identifier(withDefaults: Bool) throws -> DataSet {
        var identifier = DataSet(inheritedCharacterSet: .utf8)
        identifier.set(.specificCharacterSet, .cs, "ISO_IR 192")
        identifier.set(.queryRetrieveLevel, .cs, level.definedTerm)
        if withDefaults { for tag in level.defaultKeys { identifier.setEmpty(tag, DataDictionary.entry(for: tag)?.vrs.first ?? .lo) } }
        for text in key {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let tag = DataDictionary.entry(keyword: parts[0])?.tag ?? Tag(hexadecimal: parts[0]) else {
                throw CommandFault("--key \(parts[0]): no such attribute. Use a keyword of PS3.6, e.g. PatientName.", ExitCode(64))
            }
            let vr = DataDictionary.entry(for: tag)?.vrs.first ?? .lo
            if parts.count == 2, !parts[1].isEmpty {
                identifier.set(tag, vr, parts[1].split(separator: "\\").map(String.init))
            } else {
                identifier.setEmpty(tag, vr)
            }
        }
        return identifier
    }
}

struct Find: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Query a peer (C-FIND).",
        discussion: "Example: apus find ARCHIVE@pacs:104 -k 'PatientName=张*' -k StudyDate=20260101-")
    @OptionGroup var peer: PeerOptions
    @OptionGroup var query: QueryOptions

    @Flag(help: "Print DICOM JSON, one match a line.")
    var json = false

    @Option(help: "End after this many matches (C-CANCEL).")
    var limit: Int?

    @Flag(help: "Negotiate relational queries.")
    var relational = false

    func run() async throws {
        try await reporting {
            let uid = query.model.findSOPClassUID
            var proposal = PresentationContextProposal()
            proposal.add(uid)
            let extended = relational ? [SOPClassExtendedNegotiation(sopClassUID: uid, applicationInformation: [1, 0, 0, 0])] : []
            let identifier = try query.identifier(withDefaults: true)
            let association = try await peer.connect(proposal.contexts, extended: extended)
            var count = 0
            if !json { print(columns(identifier).map { DataDictionary.entry(for: $0)?.keyword ?? "\($0)" }.joined(separator: "\t")) }
            for try await answer in association.find(sopClassUID: uid, identifier: identifier) {
                show(answer.identifier, identifier)
                count += 1
                if let limit, count >= limit { break }
            }
            await association.release()
            printError("\(count) matches.")
        }
    }

    private func columns(_ identifier: DataSet) -> [Tag] {
        identifier.elements.map(\.tag).filter { $0 != .specificCharacterSet && $0 != .queryRetrieveLevel }
    }

    private func show(_ match: DataSet, _ identifier: DataSet) {
        if json {
            print(String(decoding: DICOMJSON.encode(match), as: UTF8.self))
        } else {
            print(columns(identifier).map { match.strings($0).joined(separator: "\\") }.joined(separator: "\t"))
        }
    }
}

struct Move: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a peer send objects to a third party (C-MOVE).")
    @OptionGroup var peer: PeerOptions
    @OptionGroup var query: QueryOptions

    @Option(help: ArgumentHelp("AE title the peer is to send to.", valueName: "title"))
    var destination: String

    func run() async throws {
        try await reporting {
            guard let uid = query.model.moveSOPClassUID else { throw CommandFault("This model has no C-MOVE.", ExitCode(64)) }
            var proposal = PresentationContextProposal()
            proposal.add(uid)
            let identifier = try query.identifier(withDefaults: false)
            let association = try await peer.connect(proposal.contexts)
            let bar = RetrieveProgress("Moving")
            let result = try await association.move(
                sopClassUID: uid, identifier: identifier, destination: destination,
                progress: { bar.show($0) })
            await association.release()
            try bar.finish(result)
        }
    }
}

/// Shows the counts of a retrieve.
struct RetrieveProgress: Sendable {
    private let label: String

    init(_ label: String) { self.label = label }

    func show(_ counts: SuboperationCounts) {
        let done = counts.completed + counts.failed + counts.warning
        ProgressLine(label, total: done + counts.remaining).show(done, note: counts.failed > 0 ? "\(counts.failed) failed" : "")
    }

    /// - Throws: the exit code that fits the final status.
    func finish(_ result: RetrieveResult) throws {
        ProgressLine(label, total: nil).end()
        let counts = result.counts
        print("\(counts.completed) done, \(counts.warning) with warning, \(counts.failed) failed.")
        for uid in result.failedSOPInstanceUIDs { printError("failed: \(uid)") }
        switch result.status.category {
        case .success: break
        case .warning: throw ExitCode.partly
        default:
            throw CommandFault(
                "The peer ended with status \(result.status)" + (result.errorComment.map { ": \($0)" } ?? ""), .unavailable)
        }
    }
}
