import Crypto

/// How registered devices' certificates are compared (PACS-4.5.4-3).
enum CertificateFingerprint {
    /// Lowercase hexadecimal SHA-256 of the certificate's DER form.
    static func of(_ der: [UInt8]) -> String {
        SHA256.hash(data: der).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
