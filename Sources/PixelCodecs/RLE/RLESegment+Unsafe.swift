/// PackBits runs (PS3.5 §G.3, §G.4). Bounds are proven for each run before its bytes move through pointers.
enum RLESegment {
    /// Unpacks `source[from..<to]` into `frame[first + i * step]` for `i < count`.
    static func unpack(
        _ source: Span<UInt8>, from: Int, to: Int, into frame: inout MutableSpan<UInt8>, first: Int, step: Int, count: Int
    ) throws(CodecError) {
        guard from >= 0, from <= to, to <= source.count, first >= 0, step > 0, count > 0,
            first &+ (count &- 1) &* step < frame.count
        else { throw CodecError(.bufferSizeMismatch, at: from) }
        let end: Int = source.withUnsafeBufferPointer { input in
            frame.withUnsafeMutableBufferPointer { output in
                guard let bytes = input.baseAddress, let pixels = output.baseAddress else { return 0 }
                return unpackRuns(bytes, from, to, pixels + first, step, count)
            }
        }
        guard end >= 0 else { throw CodecError(.truncated, at: to) }
    }

    /// - Returns: the position behind the last run read, or -1 when the input ended before `count` bytes were made.
    private static func unpackRuns(
        _ bytes: UnsafePointer<UInt8>, _ from: Int, _ to: Int, _ pixels: UnsafeMutablePointer<UInt8>, _ step: Int, _ count: Int
    ) -> Int {
        var position = from
        var made = 0
        while made < count {
            guard position < to else { return -1 }
            let control = Int(bytes[position])
            position &+= 1
            if control < 128 {
                guard control < to &- position else { return -1 }
                let run = min(control &+ 1, count &- made)
                let target = pixels + made &* step
                if step == 1 {
                    target.update(from: bytes + position, count: run)
                } else {
                    for i in 0..<run { target[i &* step] = bytes[position &+ i] }
                }
                position &+= control &+ 1
                made &+= run
            } else if control > 128 {
                guard position < to else { return -1 }
                let value = bytes[position]
                position &+= 1
                let run = min(257 &- control, count &- made)
                let target = pixels + made &* step
                if step == 1 {
                    target.update(repeating: value, count: run)
                } else {
                    for i in 0..<run { target[i &* step] = value }
                }
                made &+= run
            }
        }
        return position
    }

    /// Packs `rows` rows of `count` bytes, `frame[first + (row * count + i) * step]`, onto the end of `result`.
    static func pack(
        _ frame: Span<UInt8>, first: Int, step: Int, count: Int, rows: Int, onto result: inout [UInt8]
    ) throws(CodecError) {
        guard first >= 0, step > 0, count > 0, rows > 0, first &+ (count &* rows &- 1) &* step < frame.count
        else { throw CodecError(.bufferSizeMismatch) }
        // A literal run of up to 128 bytes costs one byte more; a replicate run of three or more never grows.
        let worst = (count &+ (count &+ 127) / 128) &* rows
        frame.withUnsafeBufferPointer { input in
            guard let bytes = input.baseAddress else { return }
            let packed = [UInt8](unsafeUninitializedCapacity: worst &+ count) { buffer, used in
                guard let base = buffer.baseAddress else { return }
                let row = base + worst
                for index in 0..<rows {
                    let source = bytes + (first &+ index &* count &* step)
                    for i in 0..<count { row[i] = source[i &* step] }
                    used &+= packRuns(row, count, base + used)
                }
            }
            result.append(contentsOf: packed)
        }
    }

    private static func packRuns(_ row: UnsafeMutablePointer<UInt8>, _ count: Int, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        var written = 0
        var literal = 0
        var position = 0
        // Only runs of three or more are worth their own control byte.
        while position &+ 2 < count {
            if row[position &+ 1] != row[position &+ 2] {
                position &+= 2
                continue
            }
            if row[position] != row[position &+ 1] {
                position &+= 1
                continue
            }
            let value = row[position]
            var end = position &+ 3
            while end < count, row[end] == value { end &+= 1 }
            written = writeLiteral(row, literal, position, out, written)
            while end &- position > 1 {
                let run = min(128, end &- position)
                out[written] = UInt8(truncatingIfNeeded: 257 &- run)
                out[written &+ 1] = value
                written &+= 2
                position &+= run
            }
            // One byte may be left of a run of 129, 257, ...
            literal = position
            position = end
        }
        return writeLiteral(row, literal, count, out, written)
    }

    private static func writeLiteral(
        _ row: UnsafeMutablePointer<UInt8>, _ from: Int, _ to: Int, _ out: UnsafeMutablePointer<UInt8>, _ at: Int
    ) -> Int {
        var written = at
        var position = from
        while position < to {
            let run = min(128, to &- position)
            out[written] = UInt8(truncatingIfNeeded: run &- 1)
            (out + (written &+ 1)).update(from: row + position, count: run)
            written &+= run &+ 1
            position &+= run
        }
        return written
    }
}
