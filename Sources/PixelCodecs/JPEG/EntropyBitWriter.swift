/// Writes bits most significant first and stuffs FF bytes; the buffer stays with the caller, as in `EntropyBitReader`.
struct EntropyBitWriter {
    /// Next byte to write.
    private(set) var position = 0
    private var window: UInt64 = 0
    private var count = 0
    private let stuffing: EntropyBitReader.Stuffing
    private var lastWasFF = false

    init(_ stuffing: EntropyBitReader.Stuffing = .byte) { self.stuffing = stuffing }

    /// Grows `bytes` so that `count` more bytes before stuffing fit; needed before `write`.
    func reserve(_ count: Int, in bytes: inout [UInt8]) {
        let needed = position &+ 2 &* count &+ 64
        guard needed > bytes.count else { return }
        bytes.append(contentsOf: repeatElement(0, count: max(needed &- bytes.count, bytes.count)))
    }

    /// Appends 0 to 32 bits, most significant first; bits of `value` above `length` must be 0.
    @inline(__always)
    mutating func write(_ value: UInt32, _ length: Int, into bytes: inout MutableSpan<UInt8>) {
        window = window &<< UInt64(truncatingIfNeeded: length) | UInt64(value)
        count &+= length
        if count >= 32 { flushWord(&bytes) }
    }

    @inline(__always)
    private mutating func flushWord(_ bytes: inout MutableSpan<UInt8>) {
        let word = UInt32(truncatingIfNeeded: window &>> UInt64(truncatingIfNeeded: count &- 32))
        if !lastWasFF, (~word &- 0x0101_0101) & word & 0x8080_8080 == 0 {
            var raw = bytes.mutableBytes
            raw.storeBytes(of: word.bigEndian, toByteOffset: position, as: UInt32.self)
            position &+= 4
            count &-= 32
        } else {
            // On a copy, so that `self` stays in registers in the caller's loop.
            var copy = self
            copy.flushBytes(&bytes)
            self = copy
        }
    }

    @inline(never)
    private mutating func flushBytes(_ bytes: inout MutableSpan<UInt8>) {
        while count >= 8 {
            if lastWasFF, stuffing == .bit {
                push(UInt8(truncatingIfNeeded: window >> UInt64(count &- 7)) & 0x7F, &bytes)
                count &-= 7
                lastWasFF = false
                continue
            }
            let byte = UInt8(truncatingIfNeeded: window >> UInt64(count &- 8))
            push(byte, &bytes)
            count &-= 8
            if byte == 0xFF {
                if stuffing == .byte { push(0, &bytes) } else { lastWasFF = true }
            }
        }
    }

    /// Appends a byte of a marker or its segment; only when aligned.
    mutating func push(_ byte: UInt8, _ bytes: inout MutableSpan<UInt8>) {
        bytes[position] = byte
        position &+= 1
    }

    /// Fills the last byte with `fill` bits: 1 in T.81 (§F.1.2.3), 0 in T.87 (§A.1).
    mutating func align(fillingWithOnes ones: Bool, _ bytes: inout MutableSpan<UInt8>) {
        flushBytes(&bytes)
        if count > 0 || lastWasFF {
            let missing = (lastWasFF ? 7 : 8) &- count
            window = window << UInt64(missing) | (ones ? (1 << UInt64(missing)) &- 1 : 0)
            let byte = UInt8(truncatingIfNeeded: window) & (lastWasFF ? 0x7F : 0xFF)
            push(byte, &bytes)
            if byte == 0xFF, stuffing == .byte { push(0, &bytes) }
        }
        count = 0
        window = 0
        lastWasFF = false
    }
}

/// A codestream under construction.
struct CodestreamBuffer {
    var bytes: [UInt8] = []
    var writer: EntropyBitWriter

    init(_ stuffing: EntropyBitReader.Stuffing) { writer = EntropyBitWriter(stuffing) }

    mutating func append(_ segment: [UInt8]) {
        writer.reserve(segment.count, in: &bytes)
        var writer = self.writer
        var target = bytes.mutableSpan
        for byte in segment { writer.push(byte, &target) }
        self.writer = writer
    }

    mutating func align(fillingWithOnes ones: Bool) {
        writer.reserve(8, in: &bytes)
        var writer = self.writer
        var target = bytes.mutableSpan
        writer.align(fillingWithOnes: ones, &target)
        self.writer = writer
    }

    /// The finished codestream.
    mutating func finish() -> [UInt8] {
        bytes.removeLast(bytes.count &- writer.position)
        return bytes
    }
}
