/// Bitmaps as lengths of runs.
public enum RunLengths {
    /// Runs of 0 and 1 by turns, beginning with 0; the first bit is the lowest of the first byte (PS3.5 §8.1.1).
    ///
    /// - Parameters:
    ///   - first: the bit to begin with.
    ///   - count: of bits; no more than `bytes` hold are looked at.
    public static func ofBits(_ bytes: ArraySlice<UInt8>, from first: Int = 0, count: Int) -> [Int] {
        var runs: [Int] = []
        var isSet = false
        var length = 0
        let total = min(first + count, bytes.count * 8)
        let start = bytes.startIndex
        var index = first
        while index < total {
            let byte = bytes[start + index >> 3]
            // Whole bytes of one kind, most of every mask.
            if index & 7 == 0, total - index >= 8, byte == (isSet ? 0xFF : 0x00) {
                length += 8
                index += 8
                continue
            }
            if (byte >> UInt8(index & 7) & 1 == 1) != isSet {
                runs.append(length)
                isSet.toggle()
                length = 0
            }
            length += 1
            index += 1
        }
        if length > 0 { runs.append(length) }
        return runs
    }

    /// Runs of 0 and 1 by turns, beginning with 0.
    public static func ofFlags(_ flags: some Sequence<Bool>) -> [Int] {
        var runs: [Int] = []
        var isSet = false
        for flag in flags {
            if runs.isEmpty { runs.append(0) }
            if flag != isSet {
                runs.append(0)
                isSet.toggle()
            }
            runs[runs.count - 1] += 1
        }
        return runs
    }

    /// Value and length by turns.
    public static func ofValues(_ values: some Sequence<Int>) -> [Int] {
        var runs: [Int] = []
        for value in values {
            if let last = runs.indices.last, runs[last - 1] == value { runs[last] += 1 } else { runs += [value, 1] }
        }
        return runs
    }
}
