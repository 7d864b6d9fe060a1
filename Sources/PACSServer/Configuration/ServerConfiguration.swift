package import Archive
package import ObjectStorage

/// Everything that can be set about a server. `Setting.all` declares each value once: the configuration file, its error
/// messages and the manual's table follow from there.
package struct ServerConfiguration: Sendable {
    package struct Address: Hashable, Sendable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// `HOST:PORT`, `[IPv6]:PORT` or `:PORT` (all interfaces).
        package init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
                (0...65535).contains(port)
            else { return nil }
            var host = String(text[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
            self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
        }

        package var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    package struct TLSFiles: Hashable, Sendable {
        package var certificate: String
        package var privateKey: String
        /// Certificates of authorities that peers must present one of; empty: peers need none.
        package var clientAuthorities: String?
    }

    package var dataDirectory = "./apus-data"
    package var http = Address(host: "127.0.0.1", port: 8080)
    package var httpTLS: TLSFiles?
    package var webDirectory: String?
    /// How clients reach us behind a proxy, e.g. `https://pacs.hospital.cn`; `nil`: as the request says.
    package var publicURL: String?
    package var dicom = Address(host: "0.0.0.0", port: 11112)
    package var dicomTLS: TLSFiles?
    package var dicomTLSPort = 0
    package var aeTitle = "APUS"
    package var acceptsUnknownSOPClasses = true
    package var maximumPDULength = 262_144
    package var maximumAssociations = 256
    package var artimSeconds = 30
    package var idleSeconds = 600
    package var dimseSeconds = 60
    package var ingest = IngestSettings()
    package var compression = CompressionAtRest.jpegLossless
    package var compressionIdleSeconds = 30
    package var scrubIntervalHours = 24
    /// Dead share of a container from which its superfluous records are erased; 0 never.
    package var reclaimPercent = 10
    /// Room for previews of large images beside the index; 0 for none.
    package var previewBytes: Int64 = 4 << 30
    package var volumes: [VolumeConfiguration] = []
    /// For volumes that set none themselves; `nil`: a share of the file system, see `SpaceLimits`.
    package var warnBelowBytes: Int64?
    package var refuseBelowBytes: Int64?
    package var ingestPackBytes: Int64 = 64 << 20
    package var routes: [RoutingRule] = []
    /// How long a destination may take to say whether it commits to what it was sent.
    package var commitmentSeconds = 900
    /// How long running transfers may go on when the server is told to stop.
    package var stopSeconds = 30
    /// The configuration file, where there is one, and what stands in it: JSON text of each value by its key.
    package var file: String?
    package internal(set) var fileValues: [String: String] = [:]

    package init() {}

    /// Whether browsers come by TLS: to us, or to a proxy before us.
    var isReachedByTLS: Bool { httpTLS != nil || publicURL?.hasPrefix("https://") == true }
}
