import CryptoExtras
import Dispatch
import Foundation

/// Cost of scrypt (RFC 7914): memory is `128 * blockSize * 2^logRounds` bytes.
package struct ScryptParameters: Hashable, Sendable {
    /// Binary logarithm of N.
    package var logRounds: Int
    package var blockSize: Int
    package var parallelism: Int

    package init(logRounds: Int, blockSize: Int, parallelism: Int) {
        self.logRounds = logRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// 32 MiB, three lanes.
    package static let standard = Self(logRounds: 15, blockSize: 8, parallelism: 3)

    /// Bounds for values read back from a store, so that an altered row cannot ask for hours or gigabytes.
    var isWithinBounds: Bool {
        (1...16).contains(logRounds) && (1...8).contains(blockSize) && (1...16).contains(parallelism)
    }
}

/// A stored password: `$scrypt$ln=15,r=8,p=3$SALT$DIGEST`, salt and digest in hexadecimal.
package struct PasswordHash: Hashable, Sendable {
    package var parameters: ScryptParameters
    package var salt: [UInt8]
    package var digest: [UInt8]

    init(parameters: ScryptParameters, salt: [UInt8], digest: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.digest = digest
    }

    /// - Returns: `nil` when the text has another form or asks for more work than Apus ever does.
    package init?(encoded: String) {
        let parts = encoded.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", parts[3].utf8.count <= 128,
            parts[4].utf8.count <= 128,
            let salt = ByteText.bytes(hexadecimal: parts[3]), let digest = ByteText.bytes(hexadecimal: parts[4]),
            salt.count >= 16, digest.count >= 32
        else { return nil }
        let costs = parts[2].split(separator: ",")
        guard costs.count == 3, let logRounds = Self.cost(costs[0], "ln="), let blockSize = Self.cost(costs[1], "r="),
            let parallelism = Self.cost(costs[2], "p=")
        else { return nil }
        parameters = ScryptParameters(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
        guard parameters.isWithinBounds else { return nil }
        self.salt = salt
        self.digest = digest
    }

    package var encoded: String {
        "$scrypt$ln=\(parameters.logRounds),r=\(parameters.blockSize),p=\(parameters.parallelism)"
            + "$\(ByteText.hexadecimal(salt))$\(ByteText.hexadecimal(digest))"
    }

    private static func cost(_ text: Substring, _ name: String) -> Int? {
        text.hasPrefix(name) ? Int(text.dropFirst(name.count)) : nil
    }
}

/// Hashes and checks passwords; blocking, tens to hundreds of milliseconds each.
package struct PasswordHasher: Sendable {
    package let parameters: ScryptParameters
    private let randomBytes: @Sendable (Int) -> [UInt8]
    /// Bounds memory and processor time that sign-ins can take together.
    private let gate: DispatchSemaphore
    private static let patienceSeconds = 5

    package init(
        parameters: ScryptParameters = .standard, maximumConcurrent: Int = 2,
        randomBytes: @escaping @Sendable (Int) -> [UInt8] = SecurityEnvironment.system.randomBytes
    ) {
        self.parameters = parameters
        self.randomBytes = randomBytes
        gate = DispatchSemaphore(value: max(1, maximumConcurrent))
    }

    /// - Throws: `SecurityError.busy` when other checks occupy all places for five seconds.
    package func hash(_ password: String) throws(SecurityError) -> PasswordHash {
        let salt = randomBytes(16)
        return PasswordHash(parameters: parameters, salt: salt, digest: try derive(password, salt: salt, parameters))
    }

    /// Takes as long for `nil` (no such account) as for a hash with today's parameters.
    package func verify(_ password: String, against hash: PasswordHash?) throws(SecurityError) -> Bool {
        guard password.utf8.count <= PasswordPolicy.maximumLength * 8 else { return false }
        let expected =
            hash
            ?? PasswordHash(
                parameters: parameters, salt: [UInt8](repeating: 0, count: 16), digest: [UInt8](repeating: 0, count: 32)
            )
        let digest = try derive(password, salt: expected.salt, expected.parameters)
        return equalInConstantTime(digest, expected.digest) && hash != nil
    }

    private func derive(
        _ password: String, salt: [UInt8], _ costs: ScryptParameters
    ) throws(SecurityError) -> [UInt8] {
        guard password.utf8.count <= PasswordPolicy.maximumLength * 8 else {
            throw .weakPassword([.tooLong(maximum: PasswordPolicy.maximumLength)])
        }
        guard gate.wait(timeout: .now() + .seconds(Self.patienceSeconds)) == .success else { throw .busy }
        defer { gate.signal() }
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: Array(PasswordPolicy.normalized(password).utf8), salt: salt, outputByteCount: 32,
                rounds: 1 << costs.logRounds, blockSize: costs.blockSize, parallelism: costs.parallelism)
            return key.withUnsafeBytes { Array($0) }
        } catch {
            throw .storeUnavailable(message: "scrypt could not run, probably for lack of memory")
        }
    }
}
