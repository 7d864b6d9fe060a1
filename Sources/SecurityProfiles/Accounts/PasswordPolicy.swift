import Foundation

/// What a new password must satisfy, as data: the same values drive the check, the settings page and the hint to the user.
package struct PasswordPolicy: Hashable, Sendable {
    /// In characters, after compatibility composition.
    package var minimumLength: Int
    /// How many of lower case, upper case, digit, other must occur.
    package var minimumClasses: Int
    /// From this length on the classes are not required: long phrases are strong without them.
    package var passphraseLength: Int
    package var minimumDistinctCharacters: Int
    /// In characters; bounds the work a hostile request can cause.
    package static let maximumLength = 256

    package init(
        minimumLength: Int = 10, minimumClasses: Int = 3, passphraseLength: Int = 20, minimumDistinctCharacters: Int = 5
    ) {
        self.minimumLength = minimumLength
        self.minimumClasses = minimumClasses
        self.passphraseLength = passphraseLength
        self.minimumDistinctCharacters = minimumDistinctCharacters
    }

    package enum Violation: Hashable, Sendable, CustomStringConvertible {
        case tooShort(minimum: Int)
        case tooLong(maximum: Int)
        case tooFewClasses(minimum: Int)
        case tooFewDistinctCharacters(minimum: Int)
        case containsAccountName
        case commonPassword
        case unchanged

        package var description: String {
            switch self {
            case .tooShort(let minimum): "at least \(minimum) characters are needed"
            case .tooLong(let maximum): "at most \(maximum) characters are allowed"
            case .tooFewClasses(let minimum):
                "\(minimum) of lower case, upper case, digits and other characters are needed"
            case .tooFewDistinctCharacters(let minimum): "at least \(minimum) different characters are needed"
            case .containsAccountName: "it must not contain the account name"
            case .commonPassword: "it is one of the passwords guessed first"
            case .unchanged: "it must differ from the current one"
            }
        }

        /// The same in Chinese, for the browser.
        package var descriptionZH: String {
            switch self {
            case .tooShort(let minimum): "至少 \(minimum) 个字符"
            case .tooLong(let maximum): "最多 \(maximum) 个字符"
            case .tooFewClasses(let minimum): "小写字母、大写字母、数字、其他字符中至少包含 \(minimum) 类"
            case .tooFewDistinctCharacters(let minimum): "至少 \(minimum) 个不同的字符"
            case .containsAccountName: "不得包含用户名"
            case .commonPassword: "属于最常被猜测的密码"
            case .unchanged: "不得与当前密码相同"
            }
        }
    }

    /// - Returns: every rule broken; empty when the password is good.
    package func violations(of password: String, accountName: String) -> [Violation] {
        guard password.utf8.count <= Self.maximumLength * 8 else { return [.tooLong(maximum: Self.maximumLength)] }
        let text = Self.normalized(password)
        var found: [Violation] = []
        if text.count < minimumLength { found.append(.tooShort(minimum: minimumLength)) }
        if text.count > Self.maximumLength { found.append(.tooLong(maximum: Self.maximumLength)) }
        if text.count < passphraseLength, Self.classes(in: text) < minimumClasses {
            found.append(.tooFewClasses(minimum: minimumClasses))
        }
        if Set(text).count < minimumDistinctCharacters {
            found.append(.tooFewDistinctCharacters(minimum: minimumDistinctCharacters))
        }
        let folded = text.lowercased()
        if !accountName.isEmpty, folded.contains(accountName.lowercased()) { found.append(.containsAccountName) }
        if Self.isCommon(folded) { found.append(.commonPassword) }
        return found
    }

    /// Compatibility composition, so that input methods which write the same characters differently give one password.
    static func normalized(_ password: String) -> String { password.precomposedStringWithCompatibilityMapping }

    private static func classes(in text: String) -> Int {
        var lower = false, upper = false, digit = false, other = false
        for character in text {
            if character.isLowercase {
                lower = true
            } else if character.isUppercase {
                upper = true
            } else if character.isNumber {
                digit = true
            } else {
                other = true
            }
        }
        return [lower, upper, digit, other].count { $0 }
    }

    /// The roots behind nearly every guessed password, with the digits and signs around them stripped and the usual
    /// letter substitutions undone.
    private static func isCommon(_ folded: String) -> Bool {
        let substitutions: [Character: Character] = [
            "@": "a", "0": "o", "1": "i", "3": "e", "$": "s", "5": "s", "!": "i",
        ]
        let withoutTail = String(folded.reversed().drop { !$0.isLetter }.reversed())
        let core = String(withoutTail.drop { !$0.isLetter })
        return [withoutTail, core].contains { variant in
            commonRoots.contains(variant) || commonRoots.contains(String(variant.map { substitutions[$0] ?? $0 }))
        }
    }

    private static let commonRoots: Set<String> = [
        "password", "passwort", "passw", "pass", "passwd", "admin", "administrator", "apus", "apusadmin", "pacs",
        "pacsadmin",
        "dicom", "orthanc", "radiology", "hospital", "doctor", "welcome", "letmein", "changeme", "qwerty", "qwertyuiop",
        "qwertyui", "asdfgh", "asdfghjkl", "zxcvbnm", "iloveyou", "root", "test", "guest", "user", "secret", "default",
        "abc",
        "abcd", "abcdef", "abcdefgh", "woaini", "mima", "yiyuan", "fangshe", "qwe", "qweasd", "qweasdzxc", "qazwsx",
        "qazwsxedc", "qaz", "zaq", "wsx",
    ]
}
