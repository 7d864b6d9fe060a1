import CodecLibraries
import DICOMCore
import DICOMObjects
import DIMSE
package import SecurityProfiles

/// The service classes the server provides, one row each: negotiation and the conformance statement follow from it.
package struct ServiceClass: Sendable {
    package enum Role: Sendable { case verification, storage, find, move, get, commitment }

    package let sopClassUID: String
    package let name: String
    package let role: Role
    /// The query model of find, move and get.
    package let model: QueryModelName?
    package let service: NodeService

    package enum QueryModelName: Sendable { case patientRoot, studyRoot }

    private init(_ uid: String, _ name: String, _ role: Role, _ model: QueryModelName? = nil, _ service: NodeService) {
        sopClassUID = uid
        self.name = name
        self.role = role
        self.model = model
        self.service = service
    }

    /// All but storage, whose rows are `StorageSOPClass.all`.
    package static let all: [ServiceClass] = [
        ServiceClass(UID.verification, "Verification", .verification, nil, .echo),
        ServiceClass("1.2.840.10008.5.1.4.1.2.1.1", "Patient Root Query/Retrieve - FIND", .find, .patientRoot, .find),
        ServiceClass("1.2.840.10008.5.1.4.1.2.1.2", "Patient Root Query/Retrieve - MOVE", .move, .patientRoot, .move),
        ServiceClass("1.2.840.10008.5.1.4.1.2.1.3", "Patient Root Query/Retrieve - GET", .get, .patientRoot, .get),
        ServiceClass("1.2.840.10008.5.1.4.1.2.2.1", "Study Root Query/Retrieve - FIND", .find, .studyRoot, .find),
        ServiceClass("1.2.840.10008.5.1.4.1.2.2.2", "Study Root Query/Retrieve - MOVE", .move, .studyRoot, .move),
        ServiceClass("1.2.840.10008.5.1.4.1.2.2.3", "Study Root Query/Retrieve - GET", .get, .studyRoot, .get),
        ServiceClass(StorageCommitment.sopClassUID, "Storage Commitment Push Model", .commitment, nil, .commit),
    ]

    private static let byUID = Dictionary(uniqueKeysWithValues: all.map { ($0.sopClassUID, $0) })

    package static func row(_ uid: String) -> ServiceClass? { byUID[uid] }
}

/// Which abstract and transfer syntaxes are granted to whom.
struct ContextPolicy: Sendable {
    let acceptsUnknownSOPClasses: Bool

    /// Whether instances of this class are stored: every registered storage class, by configuration any other that is
    /// no other service (PACS-4.2.2-b).
    func stores(_ abstractSyntaxUID: String) -> Bool {
        if StorageSOPClass.row(abstractSyntaxUID) != nil { return true }
        guard acceptsUnknownSOPClasses, ServiceClass.row(abstractSyntaxUID) == nil else { return false }
        guard let entry = UIDRegistry.entry(for: abstractSyntaxUID) else { return UID.isValid(abstractSyntaxUID) }
        return entry.kind == "SOP Class" && entry.name.contains("Storage")
    }

    /// The first proposed transfer syntax we know, except that explicit VR is preferred to implicit: it loses nothing of
    /// private elements.
    ///
    /// - Parameter isRetrieval: the requestor is provider, so that we send to it: then the first form counts that we can
    ///   make of any object without loss.
    func transferSyntax(for proposed: [String], isStorage: Bool, isRetrieval: Bool = false) -> String? {
        let explicit = TransferSyntax.explicitVRLittleEndian.uid
        let known = proposed.filter { uid in
            let syntax = TransferSyntax(uid: uid)
            return isStorage ? syntax.isKnown : syntax.isKnown && !syntax.isEncapsulated && !syntax.isDeflated
        }
        if isRetrieval {
            return known.first { uid in
                let syntax = TransferSyntax(uid: uid)
                return !syntax.isEncapsulated || (syntax.isLossless && FrameCodec.canEncode(uid))
            } ?? known.first
        }
        guard known.first == TransferSyntax.implicitVRLittleEndian.uid, known.contains(explicit) else { return known.first }
        return explicit
    }
}
