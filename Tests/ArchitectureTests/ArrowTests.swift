import Testing

/// The arrows of Documentation/ARCHITECTURE.md. Undeclared imports compile on a warm build, because modules of other targets
/// lie beside those that were asked for; these tests do not let them pass.
@Suite struct `targets and arrows` {
    /// Part of every toolchain.
    private static let platform: Set<String> = ["Swift", "Synchronization", "Dispatch", "Foundation", "Glibc", "Musl", "Darwin"]
    /// Also compiled to WebAssembly: not even Foundation.
    private static let portable: Set<String> = ["PixelCodecs", "Imaging"]
    /// Short edit-test loop: no package of others.
    private static let withoutPackages: Set<String> = [
        "PixelCodecs", "Imaging", "DICOMCore", "CodecLibraries", "DICOMObjects", "DICOMweb",
    ]

    private let manifest: PackageManifest

    init() throws { manifest = try PackageManifest() }

    /// Modules imported by the files of a target, with the first file that does.
    private func imports(of target: String) throws -> [String: String] {
        var imports: [String: String] = [:]
        for path in Repository.files(below: "Sources/\(target)", endingIn: ".swift") {
            for line in try Repository.lines(path) {
                if let module = Self.importedModule(line), imports[module] == nil { imports[module] = path }
            }
        }
        return imports
    }

    private static let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]

    private static func importedModule(_ line: Substring) -> String? {
        var words = line.split(separator: " ")[...]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
        guard words.popFirst() == "import" else { return nil }
        if let word = words.first, kinds.contains(word) { words.removeFirst() }
        return words.first?.split(separator: ".").first.map(String.init)
    }

    @Test func `every folder of Sources with Swift files is a declared target`() throws {
        let folders = try Repository.folders(in: "Sources").filter {
            !Repository.files(below: "Sources/\($0)", endingIn: ".swift").isEmpty
        }
        #expect(folders.count > 10)
        #expect(folders.filter { manifest.targets[$0] == nil } == [])
    }

    @Test func `no file imports what its target does not declare`() throws {
        var undeclared: [String] = []
        for target in manifest.targets.values {
            let allowed = target.targets.union(target.products).union(Self.platform).union([target.name])
            for (module, path) in try imports(of: target.name) where !allowed.contains(module) {
                undeclared.append("\(path) imports \(module), which \(target.name) does not declare in Package.swift")
            }
        }
        #expect(undeclared.sorted() == [])
    }

    @Test func `no target declares an arrow that no file uses`() throws {
        var unused: [String] = []
        for target in manifest.targets.values {
            let used = try imports(of: target.name)
            guard !used.isEmpty else { continue }
            unused += target.targets.filter { used[$0] == nil }.map { "\(target.name) declares \($0) and imports it nowhere" }
        }
        #expect(unused.sorted() == [])
    }

    @Test func `portable targets import nothing`() throws {
        for target in Self.portable {
            let declared = try #require(manifest.targets[target])
            #expect(declared.targets.isEmpty && declared.products.isEmpty)
            #expect(try imports(of: target).keys.sorted() == [])
        }
    }

    @Test func `the rooms of the standard use no package of others`() throws {
        for target in Self.withoutPackages {
            #expect(try #require(manifest.targets[target]).products == [])
        }
    }

    @Test func `the domain knows neither network nor database`() throws {
        let archive = try imports(of: "Archive")
        for driver in ["NIOCore", "NIOPosix", "GRDB", "Hummingbird", "DIMSE", "DICOMweb", "ObjectStorage", "PersistenceSQLite", "Glibc"] {
            #expect(archive[driver] == nil)
        }
    }

    @Test func `the upper layer is free of input and output`() throws {
        for path in Repository.files(below: "Sources/DIMSE/UpperLayer", endingIn: ".swift") {
            let modules = Set(try Repository.lines(path).compactMap { Self.importedModule($0) })
            #expect(modules.isDisjoint(with: ["NIOPosix", "NIOSSL", "Foundation", "Dispatch"]), "\(path)")
        }
    }
}
