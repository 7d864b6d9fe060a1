import Crypto
import DICOMCore
import DICOMObjects

/// What an inspection of a received object found.
struct InspectedObject: Sendable {
    var header: DataSet
    var filed: FiledIdentity
    var transferSyntaxUID: String
    var frames: FrameLayout
    /// Empty for a sound object.
    var quarantineReasons: [String]

    func entry(location: ObjectLocation, note: RecordNote, dataSetBytes: Int) -> InstanceEntry {
        InstanceEntry(
            header: header, sopClassUID: filed.sopClassUID, sopInstanceUID: filed.sopInstanceUID,
            studyInstanceUID: filed.studyInstanceUID, seriesInstanceUID: filed.seriesInstanceUID,
            transferSyntaxUID: transferSyntaxUID, storedTransferSyntaxUID: transferSyntaxUID, location: location,
            frames: frames, note: note, dataSetBytes: dataSetBytes)
    }
}

/// Decides whether received bytes are an object the archive can keep: refuse what cannot be parsed or filed, quarantine
/// what is defective but readable, accept the rest (PACS-4.2.2-b).
struct ObjectInspector: Sendable {
    let limits: ParsingLimits

    /// - Parameters:
    ///   - source: a Part 10 file whose data set starts at `dataSetOffset`.
    ///   - declared: what the C-STORE command or the file meta information says.
    func inspect(
        _ source: some ByteSource, dataSetOffset: Int, declared: DeclaredIdentity, headNotes: [ParsingNote] = []
    ) throws(IngestRefusal) -> InspectedObject {
        let syntax = TransferSyntax(uid: declared.transferSyntaxUID)
        let scanner = DataSetScanner(syntax: syntax, limits: limits)
        let scanned: ScannedDataSet
        do { scanned = try scanner.scan(source, from: dataSetOffset) } catch {
            throw IngestRefusal(.cannotUnderstand, "Not a readable data set: \(error).")
        }
        let header = scanned.dataSet
        let (filed, identityReasons) = try file(header, declared)
        var reasons = identityReasons
        reasons += (headNotes.filter { $0.kind.breaksFileFormat } + scanned.notes.filter { $0.kind.suggestsQuarantine }).prefix(8).map {
            "\($0.kind.rawValue) \($0.tag) at byte \($0.offset)"
        }
        let frames = layout(scanned, header, syntax, source, &reasons)
        reasons += missingAttributes(header)
        return InspectedObject(
            header: header, filed: filed, transferSyntaxUID: declared.transferSyntaxUID, frames: frames,
            quarantineReasons: reasons)
    }

    /// The keys it is filed under, and what was amiss with them.
    private func file(
        _ header: DataSet, _ declared: DeclaredIdentity
    ) throws(IngestRefusal) -> (filed: FiledIdentity, reasons: [String]) {
        var reasons: [String] = []
        /// - Parameter substitute: for a file that lacks the identifier; `nil` refuses.
        func identifier(_ tag: Tag, _ substitute: String?) throws(IngestRefusal) -> String {
            guard let value = header.uid(tag) else {
                guard !declared.isBinding, let substitute, !substitute.isEmpty else {
                    throw IngestRefusal(.doesNotMatch, "\(tag) is missing or empty. The sender must supply it.")
                }
                reasons.append("\(tag) is missing; filed under \(substitute)")
                return substitute
            }
            guard value.utf8.count <= 64, !value.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
                throw IngestRefusal(.doesNotMatch, "\(tag) is no UID (PS3.5 §9). The sender must correct it.")
            }
            return value
        }
        let sopInstanceUID = try identifier(.sopInstanceUID, declared.sopInstanceUID)
        let filed = FiledIdentity(
            sopClassUID: try identifier(.sopClassUID, declared.sopClassUID), sopInstanceUID: sopInstanceUID,
            studyInstanceUID: try identifier(.studyInstanceUID, Self.derivedUID("study", sopInstanceUID.utf8)),
            seriesInstanceUID: try identifier(.seriesInstanceUID, Self.derivedUID("series", sopInstanceUID.utf8)))
        for (tag, found, announced) in [
            (Tag.sopClassUID, filed.sopClassUID, declared.sopClassUID),
            (.sopInstanceUID, filed.sopInstanceUID, declared.sopInstanceUID),
        ] where found != announced {
            guard !declared.isBinding else { throw IngestRefusal(.doesNotMatch, "\(tag) differs from what was announced.") }
            reasons.append("\(tag) differs from the file meta information")
        }
        return (filed, reasons)
    }

    /// The same for the same object, so that a rebuilt index files it where it was: `2.25.` and half a digest (PS3.5 §B.2).
    static func derivedUID(_ role: String, _ distinction: some Sequence<UInt8>) -> String {
        let digest = SHA256.hash(data: Array("\(role) ".utf8) + distinction)
        return "2.25.\(digest.prefix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) })"
    }

    private func missingAttributes(_ header: DataSet) -> [String] {
        let uids: [Tag] = [.sopClassUID, .sopInstanceUID, .studyInstanceUID, .seriesInstanceUID]
        return uids.filter { tag in header.uid(tag).map { !UID.isValid($0) } ?? false }.map {
            "\($0) breaks the rules of PS3.5 §9 for UIDs"
        }
    }

    /// Where the frames are; anything that makes them unreadable is a reason for quarantine, not for refusal.
    private func layout(
        _ scanned: ScannedDataSet, _ header: DataSet, _ syntax: TransferSyntax, _ source: some ByteSource,
        _ reasons: inout [String]
    ) -> FrameLayout {
        guard let pixelData = scanned.pixelData else { return .none }
        let module: ImagePixelModule?
        do { module = try ImagePixelModule(header) } catch {
            reasons.append("pixel data cannot be interpreted: \(error)")
            module = nil
        }
        switch pixelData.content {
        case .native(let range):
            return native(range, module, &reasons)
        case .encapsulated:
            return encapsulated(scanned, pixelData, syntax, source, &reasons)
        }
    }

    private func native(_ range: Range<Int>, _ module: ImagePixelModule?, _ reasons: inout [String]) -> FrameLayout {
        var count = module?.numberOfFrames ?? 1
        if let module {
            // What is counted on from here are the frames that are there, whatever Number of Frames claims.
            let present = range.count * 8 / module.nativeFrameBits
            if present < count {
                reasons.append(
                    "pixel data are shorter than Rows, Columns and Number of Frames say: \(range.count) bytes")
                count = present
            }
        }
        return .native(
            offset: range.lowerBound, frameBytes: module?.nativeFrameBytes ?? 0, numberOfFrames: count,
            totalBytes: range.count)
    }

    private func encapsulated(
        _ scanned: ScannedDataSet, _ pixelData: PixelDataLocation, _ syntax: TransferSyntax, _ source: some ByteSource,
        _ reasons: inout [String]
    ) -> FrameLayout {
        do {
            let table = try FrameTable(pixelData, dataSet: scanned.dataSet, syntax: syntax, source: source)
            return .encapsulated((0..<table.count).map { Array(table.ranges(ofFrameAt: $0)) })
        } catch {
            // The frames of a video are its decoder's business, not a defect.
            if error != .notFramewise { reasons.append("frames cannot be told apart: \(error)") }
            guard case .encapsulated(_, let fragments) = pixelData.content else { return .none }
            return .encapsulated([fragments])
        }
    }
}

extension ParsingNote.Kind {
    /// A file without the parts that PS3.10 §7.1 demands: readable, kept, and marked.
    fileprivate var breaksFileFormat: Bool {
        [.missingPrefix, .missingFileMeta, .missingTransferSyntax].contains(self) || suggestsQuarantine
    }
}
