import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Options and facts of the sockets under associations.
enum SocketSetup {
    private static let serials = Mutex<UInt64>(0)

    /// A receive allocator that grows to a few PDUs, so that large data sets come in few reads.
    static var receiveAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16_384, maximum: 262_144)
    }

    static let maximumMessagesPerRead: UInt = 4
    static let writeBufferWaterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 262_144, high: 1_048_576)

    /// Asks for an immediate ACK.
    ///
    /// A peer with Nagle's algorithm holds back the end of each message until the last segment is acknowledged, and
    /// the kernel delays that by up to 40 ms. It forgets this option, so it is set again after every read.
    static func acknowledgeQuickly(_ channel: any Channel) {
        #if os(Linux)
            let option = ChannelOptions.socket(SocketOptionLevel(IPPROTO_TCP), SocketOptionName(TCP_QUICKACK))
            try? channel.syncOptions?.setOption(option, value: 1)
        #endif
    }

    /// - Parameter serial: of a connection described before; `nil` for a new one.
    static func connectionInfo(of channel: any Channel, serial: UInt64? = nil) -> ConnectionInfo {
        let id =
            serial
            ?? serials.withLock {
                $0 &+= 1
                return $0
            }
        let peer = channel.remoteAddress
        let tls = TLSInspection.inspect(channel)
        return ConnectionInfo(
            id: id, peerAddress: numericAddress(peer), peerPort: peer?.port ?? 0,
            localPort: channel.localAddress?.port ?? 0, isTLS: tls.isTLS, peerCertificateDER: tls.peerCertificateDER)
    }

    /// IPv4 addresses that come mapped into IPv6 are shown as IPv4.
    static func numericAddress(_ address: SocketAddress?) -> String {
        guard let text = address?.ipAddress else { return "" }
        let mapped = "::ffff:"
        return text.hasPrefix(mapped) && text.contains(".") ? String(text.dropFirst(mapped.count)) : text
    }

    /// Errors of sockets and TLS name neither data nor patients.
    static func describe(_ error: any Error) -> String { String(describing: error) }
}
