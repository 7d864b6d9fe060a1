import Glibc

/// An IPv4 or IPv6 address. IPv4 addresses mapped into IPv6 (`::ffff:192.0.2.1`) are the IPv4 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes, network order.
    package let bytes: [UInt8]

    /// Reads `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0` (the zone is dropped) or `[2001:db8::1]`.
    ///
    /// - Returns: `nil` for anything else, host names included.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var plain = Substring(text)
        if plain.hasPrefix("["), plain.hasSuffix("]") { plain = plain.dropFirst().dropLast() }
        if let zone = plain.firstIndex(of: "%") { plain = plain[..<zone] }
        let candidate = String(plain)
        if let four = Self.parse(candidate, family: AF_INET, count: 4) {
            bytes = four
        } else if let sixteen = Self.parse(candidate, family: AF_INET6, count: 16) {
            bytes = Self.unmapped(sixteen)
        } else {
            return nil
        }
    }

    /// - Returns: `nil` unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16: self.bytes = Self.unmapped(bytes)
        default: return nil
        }
    }

    private static func parse(_ text: String, family: Int32, count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &buffer) == 1 ? buffer : nil
    }

    private static func unmapped(_ sixteen: [UInt8]) -> [UInt8] {
        let isMapped = sixteen.prefix(10).allSatisfy { $0 == 0 } && sixteen[10] == 0xFF && sixteen[11] == 0xFF
        return isMapped ? Array(sixteen.suffix(4)) : sixteen
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            return ""
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Which addresses a device may call from (PACS-4.5.4-2).
package enum AddressRule: Hashable, Sendable, CustomStringConvertible {
    case address(IPAddress)
    /// Addresses whose first `prefixBits` bits equal those of `network`.
    case network(IPAddress, prefixBits: Int)
    /// Every address the name has at the moment of the call.
    case host(String)

    /// Reads an address, `network/bits` or a host name (RFC 1123).
    package init?(_ text: String) {
        if let address = IPAddress(text) {
            self = .address(address)
        } else if let slash = text.firstIndex(of: "/") {
            guard let network = IPAddress(String(text[..<slash])), let bits = Int(text[text.index(after: slash)...]),
                (0...network.bytes.count * 8).contains(bits)
            else { return nil }
            self = .network(network, prefixBits: bits)
        } else {
            guard Self.isHostName(text) else { return nil }
            self = .host(text.lowercased())
        }
    }

    package var description: String {
        switch self {
        case .address(let address): address.description
        case .network(let network, let bits): "\(network)/\(bits)"
        case .host(let name): name
        }
    }

    /// - Parameter resolve: looks a host name up; may block.
    package func matches(_ caller: IPAddress, resolve: (String) -> [IPAddress]) -> Bool {
        switch self {
        case .address(let address): return address == caller
        case .host(let name): return resolve(name).contains(caller)
        case .network(let network, let bits):
            guard network.bytes.count == caller.bytes.count else { return false }
            return (0..<network.bytes.count).allSatisfy { index in
                let bitsHere = min(8, max(0, bits - index * 8))
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bitsHere)
                return network.bytes[index] & mask == caller.bytes[index] & mask
            }
        }
    }

    /// Labels of 1 to 63 letters, digits and inner hyphens; not all digits and dots, which would be a mistyped address.
    package static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let areLabelsSound = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { Self.isHostByte($0) }
        }
        return areLabelsSound && !text.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

/// Looks host names up through the operating system; blocks as long as its resolver does.
package func systemHostAddresses(_ name: String) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var entry = list
    while let current = entry, found.count < 64 {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let info = current.pointee
        if getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0,
            let address = IPAddress(
                String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        {
            found.append(address)
        }
        entry = info.ai_next
    }
    return found
}
