import Foundation

/// Targets and their arrows, read from `Package.swift` itself: there is no second table that could differ.
///
/// Reads the forms that file uses: `room("Name", [...])`, `.target(name:dependencies:)`, `.executableTarget`,
/// `.systemLibrary`, and constants `let x = Target.Dependency.product(name: "X", …)`.
struct PackageManifest {
    struct Target {
        var name: String
        /// Targets of this package.
        var targets: Set<String> = []
        /// Products of other packages; each is called like its module.
        var products: Set<String> = []
    }

    private(set) var targets: [String: Target] = [:]

    init() throws {
        let text = try Repository.lines("Package.swift")
            .filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        let products = Self.productConstants(text)
        for opening in ["room(", ".target(", ".executableTarget(", ".systemLibrary("] {
            for body in Self.calls(of: opening, in: text) {
                guard let name = Self.literals(body).first, Self.isNamed(body) else { continue }
                targets[name] = Self.target(name, dependencies: Self.dependencies(opening, body), products)
            }
        }
    }

    private static func target(_ name: String, dependencies: Substring, _ products: [String: String]) -> Target {
        var target = Target(name: name)
        for item in dependencies.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
            let word = item.trimmingCharacters(in: .whitespaces)
            if word.hasPrefix("\"") {
                target.targets.insert(word.trimmingCharacters(in: CharacterSet(charactersIn: "\"")))
            } else if let product = products[word] {
                target.products.insert(product)
            }
        }
        return target
    }

    private static func productConstants(_ text: String) -> [String: String] {
        var products: [String: String] = [:]
        for line in text.split(separator: "\n") where line.contains("Target.Dependency.product(") {
            let words = line.split(separator: " ")
            guard words.count > 2, words[0] == "let", let product = literals(line).first else { continue }
            products[String(words[1])] = String(product)
        }
        return products
    }

    /// The text between the parentheses of each call.
    private static func calls(of opening: String, in text: String) -> [Substring] {
        var bodies: [Substring] = []
        var rest = text[...]
        while let found = rest.range(of: opening) {
            rest = rest[found.upperBound...]
            var depth = 1
            let end = rest.indices.first { index in
                if rest[index] == "(" { depth += 1 }
                if rest[index] == ")" { depth -= 1 }
                return depth == 0
            }
            bodies.append(rest[..<(end ?? rest.endIndex)])
        }
        return bodies
    }

    /// Whether the call gives its name as a literal; the helper functions of the manifest do not.
    private static func isNamed(_ body: Substring) -> Bool {
        let start = body.drop { $0.isWhitespace }
        return start.hasPrefix("\"") || start.hasPrefix("name: \"")
    }

    private static func dependencies(_ opening: String, _ body: Substring) -> Substring {
        let from = opening == "room(" ? body.startIndex : body.range(of: "dependencies:")?.upperBound ?? body.endIndex
        guard let open = body[from...].firstIndex(of: "["), let close = body[open...].firstIndex(of: "]") else { return "" }
        return body[body.index(after: open)..<close]
    }

    private static func literals(_ text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
