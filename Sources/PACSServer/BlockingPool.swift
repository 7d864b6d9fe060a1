import NIOPosix

/// A bounded set of threads for calls that block: index, store, codecs. Keeps event loops and the cooperative pool free.
package struct BlockingPool: Sendable {
    private let pool: NIOThreadPool

    package init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(body)
    }

    package func shutDown() async { try? await pool.shutdownGracefully() }
}
