import Glibc

/// Clock and randomness, handed in so that every test can replay them.
package struct SecurityEnvironment: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var nowMilliseconds: @Sendable () -> Int64
    /// Offset of local time from UTC at the given instant, in minutes, positive east of Greenwich.
    package var utcOffsetMinutes: @Sendable (_ atMilliseconds: Int64) -> Int
    /// Bytes from a cryptographically secure source.
    package var randomBytes: @Sendable (_ count: Int) -> [UInt8]

    package init(
        nowMilliseconds: @escaping @Sendable () -> Int64,
        utcOffsetMinutes: @escaping @Sendable (_ atMilliseconds: Int64) -> Int,
        randomBytes: @escaping @Sendable (_ count: Int) -> [UInt8]
    ) {
        self.nowMilliseconds = nowMilliseconds
        self.utcOffsetMinutes = utcOffsetMinutes
        self.randomBytes = randomBytes
    }

    /// The operating system's wall clock, time zone and random source.
    package static let system = Self(
        nowMilliseconds: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        },
        utcOffsetMinutes: { milliseconds in
            var seconds = time_t(milliseconds / 1000)
            var parts = tm()
            guard localtime_r(&seconds, &parts) != nil else { return 0 }
            return parts.tm_gmtoff / 60
        },
        randomBytes: { count in
            var generator = SystemRandomNumberGenerator()
            return (0..<max(0, count)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
    )
}
