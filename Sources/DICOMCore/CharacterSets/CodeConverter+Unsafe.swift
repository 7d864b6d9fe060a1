#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's `iconv` towards Unicode, one code at a time: only to build tables with.
struct CodeConverter: ~Copyable {
    private let descriptor: iconv_t

    /// `nil` when the system has no such encoding.
    init?(_ encoding: String) {
        let opened: iconv_t? = iconv_open("UTF-32LE", encoding)
        guard let opened, opened != UnsafeMutableRawPointer(bitPattern: -1) else { return nil }
        descriptor = opened
    }

    deinit { _ = iconv_close(descriptor) }

    /// The one character that `code` stands for; `nil` when it stands for none or for several.
    func scalar(_ code: [UInt8]) -> UInt32? {
        var input = code.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: 16)
        var inputLeft = input.count
        var outputLeft = output.count
        // Both pointers live only within the closures, and the counts beside them are those of the arrays.
        let status = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var from = source.baseAddress
                var to = target.baseAddress
                _ = iconv(descriptor, nil, nil, nil, nil)
                return iconv(descriptor, &from, &inputLeft, &to, &outputLeft)
            }
        }
        guard status == 0, inputLeft == 0, outputLeft == output.count - 4 else { return nil }
        return output.prefix(4).enumerated().reduce(UInt32(0)) { sum, byte in
            sum | UInt32(UInt8(bitPattern: byte.element)) << UInt32(8 * byte.offset)
        }
    }
}
