import Foundation
import Testing

/// What fits on a few screens is read; what does not is split (CONTRIBUTING.md, house rules).
@Suite struct `sizes` {
    private static let maximumFileLines = 600
    private static let maximumFunctionLines = 70

    private static let sources = Repository.files(below: "Sources", endingIn: ".swift", ".c", ".cpp", ".h").filter {
        !$0.contains("/Generated/")
    }

    @Test func `no source file is longer than 600 lines`() throws {
        #expect(Self.sources.count > 100)
        let long = try Self.sources.compactMap { path -> String? in
            let count = try Repository.lines(path).count
            return count > Self.maximumFileLines ? "\(path): \(count) lines" : nil
        }
        #expect(long == [])
    }

    @Test func `no function is longer than 70 lines`() throws {
        var long: [String] = []
        for path in Self.sources where path.hasSuffix(".swift") {
            let lines = try Repository.lines(path)
            for start in lines.indices where Self.beginsFunction(lines[start]) {
                guard let end = Self.endOfFunction(lines, start) else { continue }
                let count = end - start + 1
                if count > Self.maximumFunctionLines { long.append("\(path):\(start + 1): \(count) lines") }
            }
        }
        #expect(long == [])
    }

    /// The line that closes the body; `nil` for one-liners and for requirements of protocols.
    private static func endOfFunction(_ lines: [Substring], _ start: Int) -> Int? {
        let indentation = lines[start].prefix { $0 == " " }
        var opening = start
        while !lines[opening].hasSuffix("{") {
            opening += 1
            guard opening < lines.count else { return nil }
            let rest = lines[opening].dropFirst(indentation.count)
            // A signature goes on below, deeper or with its closing parenthesis.
            guard lines[opening].hasPrefix(indentation), rest.hasPrefix(" ") || rest.hasPrefix(")") else { return nil }
        }
        return lines[opening...].firstIndex { $0 == indentation + "}" }
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private", "static", "class", "final", "override", "mutating",
        "nonisolated", "convenience", "required", "consuming", "borrowing",
    ]

    private static func beginsFunction(_ line: Substring) -> Bool {
        guard !line.hasSuffix("}") else { return false }
        var words = line.split(separator: " ")[...]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
        guard let word = words.first else { return false }
        return word == "func" || word.hasPrefix("init(") || word.hasPrefix("init?(") || word == "deinit"
    }
}
