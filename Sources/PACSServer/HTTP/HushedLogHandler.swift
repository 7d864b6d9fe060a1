import Logging
import Synchronization

/// Whether an orderly stop has begun.
final class StopFlag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Passes messages on until the server stops: the HTTP library reports its own cancellation as an error.
struct HushedLogHandler: LogHandler {
    var base: any LogHandler
    let stopping: StopFlag

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        if !stopping.isSet { base.log(event: event) }
    }
}
