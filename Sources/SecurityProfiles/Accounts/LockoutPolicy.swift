/// When repeated failures lock a name, and for how long.
package struct LockoutPolicy: Hashable, Sendable {
    /// The failure with this number locks.
    package var maximumFailures: Int
    package var firstLockSeconds: Int
    /// Each further failure doubles the lock up to this.
    package var maximumLockSeconds: Int
    /// Failures older than this are forgotten.
    package var forgetAfterSeconds: Int

    package init(
        maximumFailures: Int = 5, firstLockSeconds: Int = 60, maximumLockSeconds: Int = 3600,
        forgetAfterSeconds: Int = 86400
    ) {
        self.maximumFailures = maximumFailures
        self.firstLockSeconds = firstLockSeconds
        self.maximumLockSeconds = maximumLockSeconds
        self.forgetAfterSeconds = forgetAfterSeconds
    }

    /// Length of the lock after so many failures in a row; 0 while under the limit.
    package func lockSeconds(afterFailures failures: Int) -> Int {
        guard failures >= maximumFailures else { return 0 }
        let doublings = min(failures - maximumFailures, 20)
        return min(maximumLockSeconds, firstLockSeconds << doublings)
    }
}

/// Failures in a row under one name, whether or not an account bears it.
package struct LoginState: Hashable, Sendable {
    package var failures: Int
    package var lastFailureAtMilliseconds: Int64
    /// 0 when not locked.
    package var lockedUntilMilliseconds: Int64

    package init(failures: Int = 0, lastFailureAtMilliseconds: Int64 = 0, lockedUntilMilliseconds: Int64 = 0) {
        self.failures = failures
        self.lastFailureAtMilliseconds = lastFailureAtMilliseconds
        self.lockedUntilMilliseconds = lockedUntilMilliseconds
    }

    package func isLocked(atMilliseconds now: Int64) -> Bool { now < lockedUntilMilliseconds }

    /// Counts one more failure, forgetting old ones.
    package func afterFailure(atMilliseconds now: Int64, policy: LockoutPolicy) -> LoginState {
        let isFresh = now &- lastFailureAtMilliseconds < Int64(policy.forgetAfterSeconds) * 1000
        let count = (isFresh ? min(max(failures, 0), 1_000_000) : 0) + 1
        let lock = policy.lockSeconds(afterFailures: count)
        return LoginState(
            failures: count, lastFailureAtMilliseconds: now,
            lockedUntilMilliseconds: lock == 0 ? 0 : now + Int64(lock) * 1000)
    }
}
