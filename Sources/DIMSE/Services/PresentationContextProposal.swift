import DICOMCore

/// Builds the presentation contexts of an association request.
public struct PresentationContextProposal: Hashable, Sendable {
    public private(set) var contexts: [ProposedPresentationContext] = []

    public init() {}

    /// Uncompressed little endian, which every application entity understands (PS3.5 §10.1).
    public static let uncompressed = [
        TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid,
    ]

    /// Adds a context, unless the same one is there.
    ///
    /// - Returns: `false` when all 128 identifiers are taken.
    @discardableResult
    public mutating func add(_ sopClassUID: String, transferSyntaxUIDs: [String] = Self.uncompressed) -> Bool {
        guard
            !contexts.contains(where: { $0.abstractSyntax == sopClassUID && $0.transferSyntaxes == transferSyntaxUIDs })
        else { return true }
        guard contexts.count < UpperLayerConstants.maximumPresentationContexts,
            let id = UInt8(exactly: contexts.count * 2 + 1)
        else { return false }
        contexts.append(
            ProposedPresentationContext(id: id, abstractSyntax: sopClassUID, transferSyntaxes: transferSyntaxUIDs))
        return true
    }

    /// Contexts to send instances as they are stored: the acceptor picks one transfer syntax of each context, so each
    /// SOP class gets a context for every transfer syntax its instances have and one for uncompressed fallback.
    ///
    /// - Returns: one proposal per association needed; SOP classes are not split over associations unless one alone
    ///   needs more than all identifiers.
    public static func forSending(
        _ instances: some Sequence<(sopClassUID: String, transferSyntaxUID: String)>, withFallback: Bool = true
    ) -> [PresentationContextProposal] {
        var order: [String] = []
        var transferSyntaxes: [String: [String]] = [:]
        for instance in instances {
            if transferSyntaxes[instance.sopClassUID] == nil { order.append(instance.sopClassUID) }
            var known = transferSyntaxes[instance.sopClassUID] ?? []
            if !known.contains(instance.transferSyntaxUID) { known.append(instance.transferSyntaxUID) }
            transferSyntaxes[instance.sopClassUID] = known
        }
        var proposals: [PresentationContextProposal] = []
        var current = PresentationContextProposal()
        for sopClassUID in order {
            var wanted = (transferSyntaxes[sopClassUID] ?? []).map { [$0] }
            if withFallback, !wanted.contains(uncompressed) { wanted.append(uncompressed) }
            if !current.contexts.isEmpty,
                current.contexts.count + wanted.count > UpperLayerConstants.maximumPresentationContexts
            {
                proposals.append(current)
                current = PresentationContextProposal()
            }
            for syntaxes in wanted where !current.add(sopClassUID, transferSyntaxUIDs: syntaxes) {
                proposals.append(current)
                current = PresentationContextProposal()
                current.add(sopClassUID, transferSyntaxUIDs: syntaxes)
            }
        }
        return current.contexts.isEmpty ? proposals : proposals + [current]
    }
}

extension ProposedPresentationContext {
    /// Accepts the first of `preferred` that is proposed.
    ///
    /// - Returns: acceptance, or refusal because no transfer syntax fits.
    public func accepting(preferred: [String]) -> NegotiationAcceptance.ContextDecision {
        guard let uid = preferred.first(where: { transferSyntaxes.contains($0) }) else {
            return .reject(.transferSyntaxesNotSupported)
        }
        return .accept(transferSyntaxUID: uid)
    }

    /// Accepts the first proposed transfer syntax that is among `supported`: the requestor's order of preference.
    public func acceptingFirst(of supported: Set<String>) -> NegotiationAcceptance.ContextDecision {
        guard let uid = transferSyntaxes.first(where: { supported.contains($0) }) else {
            return .reject(.transferSyntaxesNotSupported)
        }
        return .accept(transferSyntaxUID: uid)
    }
}
