/// A small ICC profile of sRGB (IEC 61966-2-1, gamma approximated by its table of 2.2), which colour presentation states must
/// carry (PS3.3 C.11.15): matrix and curves, no text beyond the name.
enum StandardRGBProfile {
    static let bytes: [UInt8] = make()

    private static func make() -> [UInt8] {
        // Primaries adapted to D50, as s15Fixed16 (ICC.1 §9.2; values of the sRGB profile).
        let tags: [(String, [UInt8])] = [
            ("desc", description("sRGB")), ("cprt", text("Public domain")), ("wtpt", xyz(0xF6D6, 0x10000, 0xD32D)),
            ("rXYZ", xyz(0x6FA2, 0x38F5, 0x0390)), ("gXYZ", xyz(0x6299, 0xB785, 0x18DA)), ("bXYZ", xyz(0x24A0, 0x0F84, 0xB6CF)),
            ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
        ]
        var table = word(tags.count)
        var data: [UInt8] = []
        let dataStart = 128 + 4 + 12 * tags.count
        for (name, value) in tags {
            table += Array(name.utf8) + word(dataStart + data.count) + word(value.count)
            data += value
            while data.count % 4 != 0 { data.append(0) }
        }
        return header(size: dataStart + data.count) + table + data
    }

    private static func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    private static func half(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }
    private static func type(_ name: String) -> [UInt8] { Array(name.utf8) + word(0) }
    private static func xyz(_ x: Int, _ y: Int, _ z: Int) -> [UInt8] { type("XYZ ") + word(x) + word(y) + word(z) }
    private static func text(_ text: String) -> [UInt8] { type("text") + Array(text.utf8) + [0] }
    /// One number, the exponent as u8Fixed8.
    private static let curve = type("curv") + word(1) + half(0x0233)

    private static func description(_ text: String) -> [UInt8] {
        type("desc") + word(text.utf8.count + 1) + Array(text.utf8) + [0] + word(0) + word(0) + half(0) + [0]
            + [UInt8](repeating: 0, count: 67)
    }

    /// ICC.1:2001 §6.1: version 2.1, display device, RGB to XYZ, perceptual, D50.
    private static func header(size: Int) -> [UInt8] {
        var header = word(size) + word(0) + word(0x0210_0000) + Array("mntrRGB XYZ ".utf8)
        header += half(2026) + half(1) + half(1) + half(0) + half(0) + half(0)
        header += Array("acsp".utf8) + [UInt8](repeating: 0, count: 28) + word(0xF6D6) + word(0x10000) + word(0xD32D)
        return header + [UInt8](repeating: 0, count: 128 - header.count)
    }
}
