import Glibc
import SecurityProfiles
import Testing

@Suite struct `SEC-3.2-1 password policy` {
    private let policy = PasswordPolicy()

    @Test func `SEC-3.2-1 nine characters are too short, ten are enough`() {
        #expect(policy.violations(of: "Kx7!abcde", accountName: "li") == [.tooShort(minimum: 10)])
        #expect(policy.violations(of: "Kx7!abcdef", accountName: "li").isEmpty)
    }

    @Test func `SEC-3.2-1 the minimum length is counted at each settable boundary`() {
        for length in [8, 10, 64] {
            let policy = PasswordPolicy(minimumLength: length, passphraseLength: 100)
            let good = String("Kx7!abcdefghjkmnpqrstvwxyzKx7!abcdefghjkmnpqrstvwxyzKx7!abcdefghjkm".prefix(length))
            #expect(policy.violations(of: good, accountName: "li").isEmpty)
            #expect(policy.violations(of: String(good.dropLast()), accountName: "li") == [.tooShort(minimum: length)])
        }
    }

    @Test func `256 characters are allowed and 257 are not, and a megabyte is refused without work`() {
        let long = String(repeating: "aB3!efgh", count: 32)
        #expect(policy.violations(of: long, accountName: "li").isEmpty)
        #expect(policy.violations(of: long + "x", accountName: "li") == [.tooLong(maximum: 256)])
        #expect(
            policy.violations(of: String(repeating: "x", count: 1 << 20), accountName: "li") == [.tooLong(maximum: 256)]
        )
    }

    @Test func `two kinds of character are too few unless the password is a long phrase`() {
        #expect(policy.violations(of: "zebraturnip42", accountName: "li") == [.tooFewClasses(minimum: 3)])
        #expect(policy.violations(of: "zebra turnip cloud ladder", accountName: "li").isEmpty)
    }

    @Test func `Chinese characters count as a kind of their own`() {
        #expect(policy.violations(of: "今天ct扫描了四十2人", accountName: "li").isEmpty)
    }

    @Test(arguments: ["Password2024!", "P@ssw0rd2024", "Admin123456!", "1234Qwerty!!", "Pacs!2345678"])
    func `a password guessed first is refused`(_ password: String) {
        #expect(policy.violations(of: password, accountName: "li").contains(.commonPassword))
    }

    @Test func `the account name and repeated characters are refused`() {
        #expect(policy.violations(of: "xx-WANG.wei-99", accountName: "wang.wei").contains(.containsAccountName))
        #expect(
            policy.violations(of: "aA1aA1aA1aA1", accountName: "li").contains(.tooFewDistinctCharacters(minimum: 5)))
    }
}

@Suite struct `PACS-4.5.5-1 stored credentials` {
    private let cheap = ScryptParameters(logRounds: 10, blockSize: 8, parallelism: 3)

    @Test func `the digest is scrypt of RFC 7914`() throws {
        let hasher = PasswordHasher(parameters: cheap, randomBytes: { (0..<$0).map { UInt8($0) } })
        let hash = try hasher.hash("Röntgen-2024!")
        // Computed with Python 3 hashlib.scrypt, the same salt and costs.
        #expect(ByteText.hexadecimal(hash.digest) == "1d2ee8d4d4d867dad640fe03522ff03ed196fcc8ef4380d06b2382516458f5a4")
        #expect(try hasher.verify("Röntgen-2024!", against: hash))
        #expect(try !hasher.verify("Röntgen-2024?", against: hash))
    }

    @Test func `PACS-4.5.5-1 the same password of two users is stored differently`() throws {
        let hasher = PasswordHasher(parameters: cheap)
        let (one, two) = (try hasher.hash("Kx7!abcdef"), try hasher.hash("Kx7!abcdef"))
        #expect(one.salt != two.salt && one.digest != two.digest)
    }

    @Test func `differently composed characters are the same password`() throws {
        let hasher = PasswordHasher(parameters: cheap)
        #expect(try hasher.verify("Ro\u{308}ntgen-2024", against: try hasher.hash("R\u{F6}ntgen-2024")))
    }

    @Test func `a stored hash reads back, and one that asks for unbounded work does not`() throws {
        let hash = try PasswordHasher(parameters: cheap).hash("Kx7!abcdef")
        #expect(PasswordHash(encoded: hash.encoded) == hash)
        let tail = hash.encoded.drop { $0 != "p" }
        for costs in [
            "ln=17,r=8,", "ln=10,r=9,", "ln=0,r=8,", "ln=-1,r=8,", "ln=99999999999999999999,r=8,", "r=8,ln=10,",
        ] {
            #expect(PasswordHash(encoded: "$scrypt$\(costs)\(tail)") == nil)
        }
        #expect(PasswordHash(encoded: "$argon2$ln=10,r=8,\(tail)") == nil)
        #expect(PasswordHash(encoded: "") == nil)
    }

    /// Of this thread, in nanoseconds: what other tests do at the same time does not count.
    private func processorTime(_ work: () throws -> Void) rethrows -> Int {
        func now() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }
        let start = now()
        for _ in 0..<5 { try work() }
        return now() - start
    }

    @Test func `an unknown user costs the same derivation and never matches`() throws {
        let hasher = PasswordHasher(parameters: cheap)
        #expect(try !hasher.verify("anything", against: nil))
        let hash = try hasher.hash("Kx7!abcdef")
        let known = try processorTime { _ = try hasher.verify("wrong", against: hash) }
        let unknown = try processorTime { _ = try hasher.verify("wrong", against: nil) }
        #expect(unknown > known / 4 && known > unknown / 4)
    }
}

@Suite struct `PACS-4.5.5-1 lockout` {
    @Test func `PACS-4.5.5-1 the lock starts at the configured failure and doubles up to its maximum`() {
        let policy = LockoutPolicy(maximumFailures: 3, firstLockSeconds: 60, maximumLockSeconds: 300)
        #expect((1...7).map { policy.lockSeconds(afterFailures: $0) } == [0, 0, 60, 120, 240, 300, 300])
        #expect(policy.lockSeconds(afterFailures: .max) == 300)
    }

    @Test func `failures of yesterday are forgotten and hostile values do not overflow`() {
        let policy = LockoutPolicy()
        let old = LoginState(failures: 4, lastFailureAtMilliseconds: 0)
        #expect(old.afterFailure(atMilliseconds: 86_400_000, policy: policy).failures == 1)
        #expect(old.afterFailure(atMilliseconds: 86_399_999, policy: policy).failures == 5)
        let hostile = LoginState(failures: .max, lastFailureAtMilliseconds: .min, lockedUntilMilliseconds: .min)
        #expect(hostile.afterFailure(atMilliseconds: 1000, policy: policy).failures >= 1)
    }
}

@Suite struct `account names` {
    @Test(arguments: ["li", "wang.wei", "王伟", "dr_x@ct-1", "9a"]) func `usual names are accepted`(_ name: String) throws
    {
        #expect(try AccountName(name).folded == name.lowercased())
    }

    @Test(arguments: ["", "a", "-ab", "a b", "ab\u{200B}", "аdmin", "a\nb", String(repeating: "a", count: 65)])
    func `invisible, look-alike and overlong names are refused`(_ name: String) {
        #expect(throws: SecurityError.self) { try AccountName(name) }
    }
}
