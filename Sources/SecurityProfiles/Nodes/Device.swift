/// A registered DICOM node (PACS-4.5.4-1 to -3).
package struct Device: SealedRecord, Hashable {
    package var aeTitle: AETitle
    /// Where Apus reaches it; `nil` when it only calls.
    package var host: String?
    package var port: Int?
    /// Where it may call from; empty switches the check off.
    package var addressRules: [AddressRule]
    /// Lowercase hexadecimal SHA-256 of its TLS certificate (DER). When set, it must call over TLS with that certificate.
    package var certificateFingerprint: String?
    /// `CT`, `MR`, `WORKSTATION` …; free text up to 16 characters.
    package var modality: String
    package var details: String
    package var isEnabled: Bool
    /// What it may ask for.
    package var services: Set<NodeService>
    package var createdAtMilliseconds: Int64

    package init(
        aeTitle: AETitle, host: String? = nil, port: Int? = nil, addressRules: [AddressRule] = [],
        certificateFingerprint: String? = nil, modality: String = "", details: String = "", isEnabled: Bool = true,
        services: Set<NodeService> = [.echo, .store], createdAtMilliseconds: Int64 = 0
    ) {
        self.aeTitle = aeTitle
        self.host = host
        self.port = port
        self.addressRules = addressRules
        self.certificateFingerprint = certificateFingerprint
        self.modality = modality
        self.details = details
        self.isEnabled = isEnabled
        self.services = services
        self.createdAtMilliseconds = createdAtMilliseconds
    }

    package static var sealKind: SealKind { .device }
    package var sealKey: String { aeTitle.text }
    package func encodeForSeal(_ fields: inout CanonicalFields) {
        fields.append(host)
        fields.append(port.map { Int64($0) })
        fields.append(addressRulesText)
        fields.append(certificateFingerprint)
        fields.append(modality)
        fields.append(details)
        fields.append(isEnabled)
        fields.append(NodeService.text(services))
        fields.append(createdAtMilliseconds)
    }

    /// Comma-separated, the stored form.
    package var addressRulesText: String { addressRules.map(\.description).joined(separator: ",") }

    /// Reads 64 hexadecimal digits, colons allowed between bytes.
    package static func fingerprint(_ text: String) -> String? {
        let digits = text.filter { $0 != ":" && $0 != " " }
        guard digits.utf8.count == 64, let bytes = ByteText.bytes(hexadecimal: digits) else { return nil }
        return ByteText.hexadecimal(bytes)
    }
}

/// What an administrator types to register or change a device.
package struct DeviceDraft: Hashable, Sendable {
    package var aeTitle: String
    package var host: String?
    package var port: Int?
    /// Addresses, `network/bits` or host names; empty: any address.
    package var addresses: [String]
    package var certificateFingerprint: String?
    package var modality: String
    package var details: String
    package var isEnabled: Bool
    package var services: Set<NodeService>

    package init(
        aeTitle: String, host: String? = nil, port: Int? = nil, addresses: [String] = [],
        certificateFingerprint: String? = nil, modality: String = "", details: String = "", isEnabled: Bool = true,
        services: Set<NodeService> = [.echo, .store]
    ) {
        self.aeTitle = aeTitle
        self.host = host
        self.port = port
        self.addresses = addresses
        self.certificateFingerprint = certificateFingerprint
        self.modality = modality
        self.details = details
        self.isEnabled = isEnabled
        self.services = services
    }

    package init(_ device: Device) {
        self.init(
            aeTitle: device.aeTitle.text, host: device.host, port: device.port,
            addresses: device.addressRules.map(\.description), certificateFingerprint: device.certificateFingerprint,
            modality: device.modality, details: device.details, isEnabled: device.isEnabled, services: device.services)
    }

    static let maximumAddresses = 32

    /// Checks every field once; inside Apus devices are sound.
    package func validated(createdAtMilliseconds: Int64) throws(SecurityError) -> Device {
        guard let title = AETitle(aeTitle) else {
            throw .invalidDevice(
                field: "AE title", reason: "1 to 16 printable ASCII characters without backslash are needed")
        }
        if let host, IPAddress(host) == nil, !AddressRule.isHostName(host) {
            throw .invalidDevice(field: "host", reason: "an IP address or host name is needed")
        }
        if let port, !(1...65535).contains(port) {
            throw .invalidDevice(field: "port", reason: "a number from 1 to 65535 is needed")
        }
        let fingerprint = certificateFingerprint.flatMap { Device.fingerprint($0) }
        guard (certificateFingerprint == nil) == (fingerprint == nil) else {
            throw .invalidDevice(field: "certificate fingerprint", reason: "64 hexadecimal digits (SHA-256) are needed")
        }
        guard modality.utf8.count <= 16, Self.isPlain(modality) else {
            throw .invalidDevice(field: "modality", reason: "up to 16 characters are allowed")
        }
        guard details.unicodeScalars.count <= 200, Self.isPlain(details) else {
            throw .invalidDevice(
                field: "description", reason: "up to 200 characters without control characters are allowed")
        }
        return Device(
            aeTitle: title, host: host, port: port, addressRules: try validatedRules(),
            certificateFingerprint: fingerprint, modality: modality, details: details, isEnabled: isEnabled,
            services: services, createdAtMilliseconds: createdAtMilliseconds)
    }

    private func validatedRules() throws(SecurityError) -> [AddressRule] {
        guard addresses.count <= Self.maximumAddresses else {
            throw .invalidDevice(field: "addresses", reason: "at most \(Self.maximumAddresses) are allowed")
        }
        var rules: [AddressRule] = []
        for text in addresses {
            guard let rule = AddressRule(text) else {
                throw .invalidDevice(field: "addresses", reason: "an IP address, network/bits or host name is needed")
            }
            rules.append(rule)
        }
        return rules
    }

    static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    }
}

/// A caller that was turned away, or accepted without being registered, waiting for the administrator.
package struct UnknownCaller: Hashable, Sendable {
    package var aeTitle: AETitle
    package var address: String
    package var calledAETitle: String
    package var firstSeenMilliseconds: Int64
    package var lastSeenMilliseconds: Int64
    package var count: Int

    package init(
        aeTitle: AETitle, address: String, calledAETitle: String, firstSeenMilliseconds: Int64,
        lastSeenMilliseconds: Int64, count: Int
    ) {
        self.aeTitle = aeTitle
        self.address = address
        self.calledAETitle = calledAETitle
        self.firstSeenMilliseconds = firstSeenMilliseconds
        self.lastSeenMilliseconds = lastSeenMilliseconds
        self.count = count
    }
}
