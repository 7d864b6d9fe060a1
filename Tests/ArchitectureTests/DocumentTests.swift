import Foundation
import Testing

/// What the documents promise in both languages, checked against the code they speak of.
@Suite struct `documents` {
    private static let guides = ["Documentation/manual/administration.md", "Documentation/manual/administration.zh-CN.md"]

    /// The first string literal after each occurrence of `opening`.
    private func literals(after opening: String, in text: String) -> [String] {
        text.components(separatedBy: opening).dropFirst().compactMap { $0.split(separator: "\"", maxSplits: 1).first.map(String.init) }
    }

    @Test(arguments: guides) func `every setting of the server and of security has its row`(_ guide: String) throws {
        let text = try Repository.text(guide)
        let server = try Repository.text("Sources/PACSServer/Configuration/Setting.swift")
        var keys = ["address", "tls", "text", "number", "flag", "choice"].flatMap { literals(after: " \($0)(\"", in: server) }
        keys += literals(after: "key: \"", in: server)
        let security = try Repository.text("Sources/SecurityProfiles/Settings/SecuritySetting.swift")
        for line in security.split(separator: "\n") where line.hasPrefix("    case ") && line.contains(" = \"") {
            keys += literals(after: " = \"", in: String(line))
        }
        #expect(keys.count >= 34)
        #expect(keys.filter { !text.contains("| `\($0)` |") } == [])
    }

    @Test(arguments: guides) func `every command has its row`(_ guide: String) throws {
        let text = try Repository.text(guide)
        let names = try commandNames()
        #expect(names.count >= 25)
        #expect(names.filter { !text.contains("`apus \($0)") } == [])
    }

    /// Names as the program derives them: given ones, else the type's name in lower case.
    private func commandNames() throws -> [String] {
        let root = try Repository.text("Sources/apus/Apus.swift")
        let list = root.components(separatedBy: "subcommands: [").dropFirst().first?.components(separatedBy: "])").first ?? ""
        let types = list.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map { $0.replacingOccurrences(of: ".self", with: "") }
        let sources = try Repository.files(below: "Sources/apus", endingIn: ".swift").map { try Repository.text($0) }
        return types.map { type in
            for source in sources {
                guard let body = source.components(separatedBy: "struct \(type): ").dropFirst().first else { continue }
                let configuration = body.components(separatedBy: "\n    @").first ?? body
                return literals(after: "commandName: \"", in: configuration).first ?? type.lowercased()
            }
            return type.lowercased()
        }
    }

    @Test(arguments: guides) func `PACS-4.1.1-a name and version are those of the build`(_ guide: String) throws {
        let source = try Repository.text("Sources/PACSServer/ApusVersion.swift")
        let version = try #require(literals(after: "text = \"", in: source).first)
        #expect(try Repository.text(guide).contains("Apus \(version)"))
        #expect(try Repository.text("CHANGELOG.md").contains("## \(version)"))
        let implementation = try Repository.text("Sources/DICOMCore/Encoding/Implementation.swift")
        let short = version.split(separator: ".").prefix(2).joined(separator: "_")
        #expect(implementation.contains("\"APUS_\(short)\""))
    }

    /// Statements the standard wants in the documents: the identifier stands beside the heading they are made under.
    @Test(arguments: guides, [
        "PACS-4.2.4-d", "PACS-4.2.6-a", "PACS-4.2.6-g", "PACS-4.4.2-a", "PACS-4.4.3-1", "PACS-4.5.10-1", "PACS-4.5.22-3",
    ])
    func `the guide makes the statement under a heading that names its requirement`(_ guide: String, _ id: String) throws {
        let sections = try Repository.text(guide).components(separatedBy: "\n## ")
        let section = try #require(sections.first { $0.prefix { $0 != "\n" }.contains(id) })
        #expect(section.count > 200)
    }

    @Test func `GUIDE-1.1.1.2-4 the storage format page names the magic words and version that the code writes`() throws {
        let page = try Repository.text("Documentation/storage-format.md")
        let code = try Repository.text("Sources/ObjectStorage/PackFormat.swift")
        for magic in ["APUSPACK", "APUSOBJ1"] {
            #expect(code.contains("\"\(magic)\""))
            #expect(page.contains("`\(magic)`"))
        }
        #expect(code.contains("static let version: UInt32 = 1"))
        #expect(page.hasPrefix("# Storage format, version 1\n"))
    }

    @Test func `the fuzzing record holds ten million executions, some of every target that is Swift throughout`() throws {
        let rows = try Repository.lines("Fuzz/record.csv").dropFirst().filter { !$0.isEmpty }
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        try #require(rows.allSatisfy { $0.count == 12 })
        #expect(rows.compactMap { Int($0[3]) }.reduce(0, +) >= 10_000_000)
        let targets = try Repository.text("Fuzz/targets.py").components(separatedBy: "TARGETS = {").last ?? ""
        let page = try Repository.text("Documentation/fuzzing.md")
        for name in [
            "dataset", "pdu", "rle", "jpeglossless", "jpegls", "jpegdct", "jpeg2000header", "json", "text", "multipart",
            "storedframe",
        ] {
            #expect(targets.contains("\"\(name)\""))
            #expect(rows.contains { $0[1] == name }, "\(name) was never run")
            #expect(page.contains("| \(name) |"))
        }
    }

    @Test func `links between documents lead somewhere`() throws {
        var broken: [String] = []
        let pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + Repository.files(below: "Documentation", endingIn: ".md")
        for page in pages {
            let folder = page.split(separator: "/").dropLast().joined(separator: "/")
            for part in try Repository.text(page).components(separatedBy: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != "#" && $0 != " " }
                guard !target.isEmpty, !target.contains(":") else { continue }
                if !Repository.exists(folder.isEmpty ? String(target) : "\(folder)/\(target)") { broken.append("\(page): \(target)") }
            }
        }
        #expect(broken == [])
    }
}
