import Synchronization

/// Counts from 0, on any thread.
final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { number in
            number += 1
            return number - 1
        }
    }

    var count: Int { value.withLock { $0 } }
}

/// A value that tasks of a test share.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in
            let result = body(&value)
            return result
        }
    }
}
