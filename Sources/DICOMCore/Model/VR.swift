/// Value Representation (PS3.5 §6.2): two ASCII letters. Unknown letters from the wire survive as themselves.
public struct VR: RawRepresentable, Hashable, Sendable {
    /// First letter in the high byte, second in the low byte.
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable init(_ first: Unicode.Scalar, _ second: Unicode.Scalar) {
        rawValue = UInt16(truncatingIfNeeded: first.value) << 8 | UInt16(truncatingIfNeeded: second.value)
    }

    public static let ae = VR("A", "E"), `as` = VR("A", "S"), at = VR("A", "T"), cs = VR("C", "S")
    public static let da = VR("D", "A"), ds = VR("D", "S"), dt = VR("D", "T"), fd = VR("F", "D")
    public static let fl = VR("F", "L"), `is` = VR("I", "S"), lo = VR("L", "O"), lt = VR("L", "T")
    public static let ob = VR("O", "B"), od = VR("O", "D"), of = VR("O", "F"), ol = VR("O", "L")
    public static let ov = VR("O", "V"), ow = VR("O", "W"), pn = VR("P", "N"), sh = VR("S", "H")
    public static let sl = VR("S", "L"), sq = VR("S", "Q"), ss = VR("S", "S"), st = VR("S", "T")
    public static let sv = VR("S", "V"), tm = VR("T", "M"), uc = VR("U", "C"), ui = VR("U", "I")
    public static let ul = VR("U", "L"), un = VR("U", "N"), ur = VR("U", "R"), us = VR("U", "S")
    public static let ut = VR("U", "T"), uv = VR("U", "V")

    public static let all: [VR] = [
        ae, `as`, at, cs, da, ds, dt, fd, fl, `is`, lo, lt, ob, od, of, ol, ov, ow, pn, sh, sl, sq, ss, st, sv, tm,
        uc, ui, ul, un, ur, us, ut, uv,
    ]

    /// One of the 34 VRs of PS3.5 Table 6.2-1.
    public var isStandard: Bool { VRTable.traits(rawValue)?.isListed ?? false }

    /// Two reserved bytes and a 32-bit length follow the VR in explicit encodings (PS3.5 §7.1.2).
    ///
    /// Unknown VRs count as long, as PS3.5 §6.2.2 asks of future ones.
    @inlinable public var hasLongLength: Bool {
        switch self {
        case .ae, .as, .at, .cs, .da, .ds, .dt, .fd, .fl, .is, .lo, .lt, .pn, .sh, .sl, .ss, .st, .tm, .ui, .ul, .us:
            false
        default: true
        }
    }

    /// Values are affected by Specific Character Set (0008,0005) (PS3.5 §6.1.2.3).
    @inlinable public var usesSpecificCharacterSet: Bool {
        switch self {
        case .sh, .lo, .st, .lt, .uc, .ut, .pn: true
        default: false
        }
    }

    /// Character strings, as opposed to numbers, bytes, tags and sequences.
    @inlinable public var isText: Bool {
        switch self {
        case .ae, .as, .cs, .da, .ds, .dt, .is, .lo, .lt, .pn, .sh, .st, .tm, .uc, .ui, .ur, .ut: true
        default: false
        }
    }

    /// Backslash separates values; LT, ST, UT and UR hold one value each (PS3.5 §6.2).
    @inlinable public var allowsMultipleValues: Bool {
        switch self {
        case .lt, .st, .ut, .ur, .ob, .od, .of, .ol, .ov, .ow, .un, .sq: false
        default: true
        }
    }

    /// Size in bytes of one binary value, and the unit of byte swapping; 1 for text, OB and UN.
    @inlinable public var unitBytes: Int {
        switch self {
        case .us, .ss, .ow, .at: 2
        case .ul, .sl, .fl, .of, .ol: 4
        case .fd, .od, .sv, .uv, .ov: 8
        default: 1
        }
    }

    /// The byte that makes odd values even: NUL for UI, OB and UN, a space for text (PS3.5 §6.2).
    @inlinable public var padding: UInt8 { self == .ui || self == .ob || self == .un ? 0 : 0x20 }
}

extension VR: CustomStringConvertible {
    public var description: String {
        let bytes = [UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue)]
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return "0x" + String(rawValue, radix: 16) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
