package import Archive
import DICOMCore
package import Foundation
import ObjectStorage

/// One value of the configuration file, declared once.
package struct Setting: Sendable {
    /// Dotted path in the file, e.g. `dicom.aeTitle`.
    package let key: String
    package let chinese: String
    package let english: String
    /// What may stand there, for messages and the manual.
    package let form: String
    let apply: @Sendable (inout ServerConfiguration, Any) -> Bool
}

/// What is wrong with a configuration, and what to do about it.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String
}

extension Setting {
    private static func text(
        _ key: String, _ chinese: String, _ english: String, form: String = "text",
        _ set: @escaping @Sendable (inout ServerConfiguration, String) -> Bool
    ) -> Setting {
        Setting(key: key, chinese: chinese, english: english, form: form) { configuration, value in
            guard let text = value as? String else { return false }
            return set(&configuration, text)
        }
    }

    private static func number(
        _ key: String, _ chinese: String, _ english: String, in range: ClosedRange<Int>,
        _ set: @escaping @Sendable (inout ServerConfiguration, Int) -> Void
    ) -> Setting {
        Setting(
            key: key, chinese: chinese, english: english, form: "\(range.lowerBound) … \(range.upperBound)"
        ) { configuration, value in
            guard let number = value as? Int, range.contains(number) else { return false }
            set(&configuration, number)
            return true
        }
    }

    private static func flag(
        _ key: String, _ chinese: String, _ english: String,
        _ set: @escaping @Sendable (inout ServerConfiguration, Bool) -> Void
    ) -> Setting {
        Setting(key: key, chinese: chinese, english: english, form: "true | false") { configuration, value in
            guard let flag = value as? Bool else { return false }
            set(&configuration, flag)
            return true
        }
    }

    private static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ chinese: String, _ english: String, _: Value.Type,
        _ set: @escaping @Sendable (inout ServerConfiguration, Value) -> Void
    ) -> Setting where Value.RawValue == String {
        let form = Value.allCases.map(\.rawValue).joined(separator: " | ")
        return text(key, chinese, english, form: form) { configuration, text in
            guard let value = Value(rawValue: text) else { return false }
            set(&configuration, value)
            return true
        }
    }

    private static func address(
        _ key: String, _ chinese: String, _ english: String,
        _ set: @escaping @Sendable (inout ServerConfiguration, ServerConfiguration.Address) -> Void
    ) -> Setting {
        text(key, chinese, english, form: "HOST:PORT") { configuration, text in
            guard let address = ServerConfiguration.Address(text) else { return false }
            set(&configuration, address)
            return true
        }
    }

    private static func tls(
        _ key: String, _ chinese: String, _ english: String,
        _ set: @escaping @Sendable (inout ServerConfiguration, ServerConfiguration.TLSFiles) -> Void
    ) -> Setting {
        Setting(
            key: key, chinese: chinese, english: english,
            form: #"{"certificate": "a.pem", "privateKey": "a.key", "clientAuthorities": "ca.pem"}"#
        ) { configuration, value in
            guard let fields = value as? [String: String], let certificate = fields["certificate"],
                let privateKey = fields["privateKey"]
            else { return false }
            set(
                &configuration,
                .init(
                    certificate: certificate, privateKey: privateKey, clientAuthorities: fields["clientAuthorities"]))
            return true
        }
    }

    /// Every setting there is.
    package static let all: [Setting] = [
        address("http.address", "网页与 DICOMweb 监听地址", "Address of the web page and DICOMweb") { $0.http = $1 },
        tls("http.tls", "网页加密证书", "Certificate of the web page (HTTPS)") { $0.httpTLS = $1 },
        text("http.webDirectory", "网页文件目录", "Folder of the built web page") {
            $0.webDirectory = $1
            return true
        },
        text("http.publicURL", "对外网址（在代理之后时）", "Address clients use, where it differs (behind a proxy)", form: "https://HOST[:PORT]") {
            guard $1.hasPrefix("http://") || $1.hasPrefix("https://") else { return false }
            $0.publicURL = $1.hasSuffix("/") ? String($1.dropLast()) : $1
            return true
        },
        address("dicom.address", "DICOM 监听地址", "Address of the DICOM service") { $0.dicom = $1 },
        text("dicom.aeTitle", "本机 AE 标题", "Our AE title", form: "1 … 16 characters") {
            guard (1...16).contains($1.utf8.count), $1.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x5C })
            else { return false }
            $0.aeTitle = $1
            return true
        },
        number("dicom.tlsPort", "DICOM TLS 端口（0 为关闭）", "Port of DICOM over TLS; 0 switches it off", in: 0...65535) {
            $0.dicomTLSPort = $1
        },
        tls("dicom.tls", "DICOM TLS 证书；clientAuthorities 启用双向认证", "Certificate for DICOM over TLS; clientAuthorities demands one from peers") {
            $0.dicomTLS = $1
        },
        flag("dicom.acceptUnknownSOPClasses", "接收私有和未知 SOP 类", "Store private and unknown SOP classes") {
            $0.acceptsUnknownSOPClasses = $1
        },
        number("dicom.maximumPDULength", "最大 PDU 长度（字节）", "Largest P-DATA PDU received, bytes", in: 4096...1_048_576) {
            $0.maximumPDULength = $1
        },
        number("dicom.maximumAssociations", "最大并发关联数", "Associations at a time", in: 1...10_000) {
            $0.maximumAssociations = $1
        },
        number("dicom.artimSeconds", "ARTIM 超时（秒）", "ARTIM timer, seconds", in: 1...3600) { $0.artimSeconds = $1 },
        number("dicom.idleSeconds", "空闲超时（秒）", "Idle association, seconds", in: 1...86_400) { $0.idleSeconds = $1 },
        number("dicom.dimseSeconds", "DIMSE 超时（秒）", "DIMSE answer or stalled PDU, seconds", in: 1...3600) {
            $0.dimseSeconds = $1
        },
        number("dicom.stopSeconds", "停止服务时等待传输完成（秒）", "Seconds that running transfers have to finish when the server stops", in: 0...3600) {
            $0.stopSeconds = $1
        },
        choice("storage.preamble", "DICOM 导言处理", "What happens to the 128-byte preamble", PreamblePolicy.self) {
            $0.ingest.preamblePolicy = $1
        },
        choice("storage.compression", "静态无损压缩", "Lossless compression at rest", CompressionAtRest.self) {
            $0.compression = $1
        },
        number("storage.compressionIdleSeconds", "压缩前等待（秒）", "Seconds without arrivals before compression", in: 0...86_400) {
            $0.compressionIdleSeconds = $1
        },
        number("storage.scrubIntervalHours", "完整性巡检周期（小时，0 为关闭）", "Hours between integrity scrubs; 0 switches them off", in: 0...8760) {
            $0.scrubIntervalHours = $1
        },
        number("storage.reclaimPercent", "回收多余副本空间的阈值（容器占比 %，0 为关闭）", "Share of a container that superfluous copies must reach before their space is reclaimed, percent; 0 never", in: 0...100) {
            $0.reclaimPercent = $1
        },
        number("storage.previewBytes", "大图像预览占用上限（字节，0 为不保留）", "Room for previews of large images, bytes; 0 keeps none", in: 0...(1 << 50)) {
            $0.previewBytes = Int64($1)
        },
        number("storage.maximumObjectBytes", "单个对象上限（字节）", "Largest object accepted, bytes", in: 1024...(1 << 40)) {
            $0.ingest.maximumObjectBytes = $1
        },
        number("storage.warnBelowBytes", "低空间提示（字节）", "Free space below which a warning is given, bytes", in: 0...(1 << 50)) {
            $0.warnBelowBytes = Int64($1)
        },
        number("storage.refuseBelowBytes", "拒收空间下限（字节）", "Free space below which objects are refused, bytes", in: 0...(1 << 50)) {
            $0.refuseBelowBytes = Int64($1)
        },
        number("storage.ingestPackBytes", "接收容器文件大小（字节）", "Size of one ingest pack file, bytes", in: (1 << 20)...(1 << 36)) {
            $0.ingestPackBytes = Int64($1)
        },
        Setting(
            key: "storage.volumes", chinese: "存储位置列表", english: "Storage locations",
            form: #"[{"id": 1, "name": "fast", "path": "/data/1", …}]"#
        ) { configuration, value in
            guard let volumes = VolumeConfiguration.list(from: value) else { return false }
            configuration.volumes = volumes
            return true
        },
        Setting(
            key: "routing.rules", chinese: "转发规则", english: "Forwarding rules",
            form: #"[{"name": "CT to R2", "destination": "R2", "modality": "CT", "source": "CT*", "description": "*chest*", "commit": true}]"#
        ) { configuration, value in
            guard let rules = RoutingRule.list(from: value) else { return false }
            configuration.routes = rules
            return true
        },
        number("routing.commitmentSeconds", "等待存储承诺结果（秒）", "Seconds a destination may take to say that it commits; then it is asked again", in: 10...604_800) {
            $0.commitmentSeconds = $1
        },
    ]
}

extension ServerConfiguration {
    /// Applies a JSON file of settings, nested (`{"dicom": {"aeTitle": "X"}}`) or dotted (`{"dicom.aeTitle": "X"}`).
    ///
    /// - Throws: `ConfigurationError` naming the key, what may stand there, and the nearest known key for unknown ones.
    package mutating func apply(json: Data) throws {
        let object: Any
        do { object = try JSONSerialization.jsonObject(with: json) } catch {
            throw ConfigurationError(description: "The configuration is not valid JSON: \(error.localizedDescription)")
        }
        guard let root = object as? [String: Any] else {
            throw ConfigurationError(description: "The configuration must be a JSON object, e.g. {\"dicom\": {\"aeTitle\": \"APUS\"}}.")
        }
        try apply(root, prefix: "")
    }

    /// The same text for the same value, however the file is laid out.
    private static func text(_ value: Any) -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed]
        guard let data = try? JSONSerialization.data(withJSONObject: value, options: options) else { return "?" }
        return String(decoding: data, as: UTF8.self)
    }

    private mutating func apply(_ object: [String: Any], prefix: String) throws {
        for (name, value) in object.sorted(by: { $0.key < $1.key }) {
            let key = prefix + name
            if let setting = Setting.all.first(where: { $0.key == key }) {
                guard setting.apply(&self, value) else {
                    throw ConfigurationError(description: "\(key): expected \(setting.form). \(setting.english).")
                }
                fileValues[key] = Self.text(value)
            } else if let nested = value as? [String: Any], Setting.all.contains(where: { $0.key.hasPrefix(key + ".") }) {
                try apply(nested, prefix: key + ".")
            } else {
                let known = Setting.all.map(\.key).joined(separator: ", ")
                throw ConfigurationError(description: "\(key): no such setting. Known: \(known).")
            }
        }
    }
}
