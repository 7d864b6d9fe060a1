/// Pseudo-colour maps: the well-known palettes of PS3.6 Annex B, and one of even lightness.
public enum ColorMap: UInt8, CaseIterable, Sendable {
    case hotIron, pet, hotMetalBlue, pet20Step, spring, summer, fall, winter, viridis, grey

    /// Fills 256 colours, 0xAABBGGRR.
    public func fill(_ colors: UnsafeMutablePointer<UInt32>) {
        for index in 0..<256 { colors[index] = 0xFF00_0000 }
        let (red, green, blue) = knots
        Self.add(red, shift: 0, to: colors)
        Self.add(green, shift: 8, to: colors)
        Self.add(blue, shift: 16, to: colors)
    }

    /// Straight lines between knots (index, value), halves rounded up.
    private static func add(_ knots: [UInt8], shift: UInt32, to colors: UnsafeMutablePointer<UInt32>) {
        var at = 0
        while at &+ 3 < knots.count {
            let (first, last) = (Int32(knots[at]), Int32(knots[at &+ 2]))
            let (from, to) = (Int32(knots[at &+ 1]), Int32(knots[at &+ 3]))
            let span = 2 &* (last &- first)
            at &+= 2
            guard span > 0 else { continue }
            // A knot shared by two lines belongs to the second.
            for index in first...(last == 255 ? 255 : last &- 1) {
                let value = from &+ ((to &- from) &* (index &- first) &* 2 &+ (span >> 1) &+ 512 &* span) / span &- 512
                colors[Int(index)] |= UInt32(truncatingIfNeeded: value) << shift
            }
        }
    }

    private var knots: (red: [UInt8], green: [UInt8], blue: [UInt8]) {
        switch self {
        case .hotIron:
            (
                [0, 0, 127, 254, 129, 255, 255, 255],
                [0, 0, 128, 0, 254, 252, 255, 255],
                [0, 0, 191, 0, 254, 252, 255, 255]
            )
        case .pet:
            (
                [0, 0, 63, 0, 64, 1, 149, 170, 150, 171, 192, 255, 255, 255],
                [0, 0, 31, 62, 33, 67, 62, 125, 63, 128, 95, 64, 97, 61, 127, 1, 128, 0, 254, 252, 255, 255],
                [0, 0, 1, 1, 128, 255, 130, 248, 192, 0, 233, 165, 235, 174, 254, 250, 255, 255]
            )
        case .hotMetalBlue:
            (
                [0, 0, 85, 0, 102, 50, 119, 90, 153, 190, 170, 255, 255, 255],
                [0, 0, 119, 0, 238, 224, 255, 255],
                [0, 0, 17, 33, 42, 83, 43, 84, 76, 149, 93, 183, 94, 184, 102, 200, 119, 150, 136, 50, 153, 0, 170, 0, 238,
                 200, 255, 255]
            )
        case .pet20Step:
            (
                [0, 0, 12, 0, 13, 96, 25, 96, 26, 48, 50, 48, 51, 80, 63, 80, 64, 96, 76, 96, 77, 112, 89, 112, 90, 128, 101,
                 128, 102, 48, 127, 48, 128, 80, 140, 80, 141, 64, 152, 64, 153, 224, 165, 224, 166, 208, 203, 208, 204, 192,
                 216, 192, 217, 176, 229, 176, 230, 255, 255, 255],
                [0, 0, 25, 0, 26, 48, 50, 48, 51, 80, 63, 80, 64, 96, 76, 96, 77, 112, 89, 112, 90, 128, 101, 128, 102, 96,
                 114, 96, 115, 144, 127, 144, 128, 192, 140, 192, 141, 224, 165, 224, 166, 208, 178, 208, 179, 176, 191, 176,
                 192, 144, 203, 144, 204, 96, 216, 96, 217, 48, 229, 48, 230, 0, 242, 0, 243, 255, 255, 255],
                [0, 0, 12, 0, 13, 80, 38, 80, 39, 112, 50, 112, 51, 128, 63, 128, 64, 176, 76, 176, 77, 192, 89, 192, 90, 224,
                 101, 224, 102, 48, 127, 48, 128, 80, 140, 80, 141, 64, 152, 64, 153, 80, 165, 80, 166, 96, 178, 96, 179, 64,
                 191, 64, 192, 0, 242, 0, 243, 255, 255, 255]
            )
        case .spring:
            (
                [0, 255, 255, 255],
                [0, 0, 255, 255],
                [0, 255, 255, 0]
            )
        case .summer:
            (
                [0, 0, 255, 0],
                [0, 255, 255, 128],
                [0, 0, 127, 0, 192, 129, 253, 250, 255, 254]
            )
        case .fall:
            (
                [0, 255, 255, 255],
                [0, 255, 255, 0],
                [0, 0, 255, 0]
            )
        case .winter:
            (
                [0, 0, 127, 0, 255, 127],
                [0, 0, 255, 255],
                [0, 255, 255, 128]
            )
        case .viridis:
            (
                [0, 68, 32, 71, 64, 59, 96, 44, 128, 33, 159, 39, 191, 92, 223, 170, 255, 253],
                [0, 1, 32, 44, 64, 81, 96, 113, 128, 144, 159, 173, 191, 200, 223, 220, 255, 231],
                [0, 84, 32, 122, 64, 139, 96, 142, 128, 141, 159, 129, 191, 99, 223, 50, 255, 37]
            )
        case .grey:
            (
                [0, 0, 255, 255],
                [0, 0, 255, 255],
                [0, 0, 255, 255]
            )
        }
    }
}
