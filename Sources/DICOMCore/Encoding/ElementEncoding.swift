/// How elements of one data set are laid out: the part of a transfer syntax that a parser needs.
struct ElementEncoding: Hashable, Sendable {
    let isExplicit: Bool
    let isBigEndian: Bool

    static let implicitLittleEndian = Self(isExplicit: false, isBigEndian: false)

    init(isExplicit: Bool, isBigEndian: Bool) {
        self.isExplicit = isExplicit
        self.isBigEndian = isBigEndian
    }

    init(_ syntax: TransferSyntax) { self.init(isExplicit: syntax.isExplicitVR, isBigEndian: syntax.isBigEndian) }
}

/// What PS3.5 Table 6.2-1 says of a VR, found by its two letters in one step.
enum VRTable {
    /// Bit 0: listed; bit 1: long length field; bits 4...: bytes per unit.
    private static let traits: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 26 * 26)
        for vr in VR.all {
            guard let index = index(vr.rawValue) else { continue }
            table[index] = 1 | (vr.hasLongLength ? 2 : 0) | UInt8(truncatingIfNeeded: vr.unitBytes) << 4
        }
        return table
    }()

    @inline(__always)
    private static func index(_ rawValue: UInt16) -> Int? {
        let first = Int(rawValue >> 8) - 0x41
        let second = Int(rawValue & 0xFF) - 0x41
        guard first >= 0, first < 26, second >= 0, second < 26 else { return nil }
        return first * 26 + second
    }

    /// `nil` when the letters are not capitals; `isListed` is `false` for VRs that the standard does not know.
    @inline(__always)
    static func traits(_ rawValue: UInt16) -> (isListed: Bool, hasLongLength: Bool, unitBytes: Int)? {
        guard let index = index(rawValue) else { return nil }
        let bits = traits[index]
        return (bits & 1 == 1, bits & 1 == 0 || bits & 2 == 2, max(1, Int(bits >> 4)))
    }
}

/// The VR of elements that come without one (PS3.5 §A.1, §6.2.2).
enum ImplicitVR {
    /// - Parameter isSigned: Pixel Representation (0028,0103) is 1 in this data set or one around it.
    @inline(__always)
    static func resolve(_ tag: Tag, isSigned: Bool, dictionary: DictionaryIndex) -> VR {
        if tag.isPrivate { return tag.isPrivateCreator ? .lo : tag.isGroupLength ? .ul : .un }
        let code = dictionary.code(for: tag)
        if code > DictionaryIndex.Code.usOrOW { return VR(rawValue: code) }
        switch code {
        case DictionaryIndex.Code.usOrSS: return isSigned ? .ss : .us
        case DictionaryIndex.Code.none: return tag.isGroupLength ? .ul : .un
        // Pixel, overlay, waveform, audio and LUT data are OW (PS3.5 §A.1).
        default: return .ow
        }
    }

    static func dependsOnPixelRepresentation(_ tag: Tag, dictionary: DictionaryIndex) -> Bool {
        dictionary.code(for: tag) == DictionaryIndex.Code.usOrSS
    }
}

enum ByteOrder {
    /// Every unit of `size` bytes reversed; a rest shorter than a unit stays.
    static func swapped(_ bytes: ArraySlice<UInt8>, unit size: Int) -> ArraySlice<UInt8> {
        guard size > 1, bytes.count >= size else { return bytes }
        var result = Array(bytes)
        var start = 0
        while start + size <= result.count {
            result[start..<start + size].reverse()
            start += size
        }
        return result[...]
    }
}
