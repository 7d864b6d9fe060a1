/// One colour for each stored value of an image in one state of display.
public struct DisplayTable {
    /// `count` colours, 0xAABBGGRR.
    let colors: UnsafePointer<UInt32>
    let offset: Int64
    let last: Int64
    let shift: Int64

    /// - Parameters:
    ///   - offset: the stored value of the first entry.
    ///   - shift: each entry serves 2^shift values; 0 to 16.
    public init?(colors: UnsafePointer<UInt32>, offset: Int64, count: Int, shift: Int) {
        guard count > 0, count <= 65536, shift >= 0, shift <= 16, offset >= -(1 << 32), offset <= 1 << 32 else { return nil }
        self.colors = colors
        self.offset = offset
        last = Int64(count &- 1)
        self.shift = Int64(shift)
    }

    /// Values outside the table take its first or last colour.
    subscript(value: Int64) -> UInt32 {
        @_transparent get { colors[Int(truncatingIfNeeded: min(max((value &- offset) &>> shift, 0), last))] }
    }
}

/// How P-values become colours.
public struct DisplayCharacteristic {
    /// 65,536 driving levels, see `GreyscaleDisplayFunction`; `nil`: P-values are driving levels.
    public var drivingLevels: UnsafePointer<UInt8>?
    /// 256 colours of a pseudo-colour map; `nil`: grey.
    public var colorMap: UnsafePointer<UInt32>?
    public var paddingColor: UInt32

    public init(
        drivingLevels: UnsafePointer<UInt8>? = nil, colorMap: UnsafePointer<UInt32>? = nil, paddingColor: UInt32 = 0xFF00_0000
    ) {
        self.drivingLevels = drivingLevels
        self.colorMap = colorMap
        self.paddingColor = paddingColor
    }
}

extension DisplayPipeline {
    /// Fills a display table; the entry of a step of several values is that of its middle.
    /// - Parameter padding: stored values that take the padding colour.
    public func fill(
        _ colors: UnsafeMutablePointer<UInt32>, offset: Int64, count: Int, shift: Int, padding: ClosedRange<Int64>?,
        characteristic: DisplayCharacteristic
    ) {
        let identity = Window(center: 128, width: 256)
        let middle = (Int64(1) << Int64(shift)) >> 1
        for index in 0..<count {
            let value = offset &+ Int64(index) << Int64(shift) &+ (shift > 0 ? middle : 0)
            if let padding, padding.contains(value) {
                colors[index] = characteristic.paddingColor
                continue
            }
            let level: Int
            if let levels = characteristic.drivingLevels {
                level = Int(levels[presentationValue(value, top: 65535, fallback: identity)])
            } else {
                level = presentationValue(value, top: 255, fallback: identity)
            }
            colors[index] = characteristic.colorMap.map { $0[level] } ?? Self.opaqueGrey(UInt32(truncatingIfNeeded: level))
        }
    }

    @_transparent
    private static func opaqueGrey(_ level: UInt32) -> UInt32 { 0xFF00_0000 | level << 16 | level << 8 | level }
}
