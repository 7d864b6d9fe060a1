/// The Grayscale Standard Display Function (PS3.14).
public enum GreyscaleDisplayFunction {
    /// JND indices of the function.
    static let lowest = 1.0
    static let highest = 1023.0

    /// Luminance in cd/m² of a JND index (PS3.14 §7.1), which is first brought into the range of the function.
    public static func luminance(_ index: Double) -> Double {
        let x = KernelMath.log(min(max(index, lowest), highest))
        let above = -1.3011877 + x * (8.0242636e-2 + x * (1.3646699e-1 + x * (-2.5468404e-2 + x * 1.3635334e-3)))
        let below = 1 + x * (-2.5840191e-2 + x * (-1.0320229e-1 + x * (2.8745620e-2 + x * (-3.1978977e-3 + x * 1.2992634e-4))))
        return KernelMath.exp10(above / below)
    }

    /// JND index of a luminance in cd/m²: the inverse of `luminance`. The polynomial of PS3.14 §7.1 is off by up to 0.1.
    public static func index(_ luminance: Double) -> Double {
        var (low, high) = (lowest, highest)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if self.luminance(middle) < luminance { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// Fills 65,536 driving levels, one for each P-value of 16 bits: the level whose luminance is nearest to what the function
    /// asks for between the darkest and the brightest of the display (PS3.14 Annex D).
    /// - Parameter measured: 2 to 256 ascending luminances in cd/m², ambient light included, at equal steps from level 0 to 255.
    /// - Returns: whether the luminances can be used.
    public static func fillDrivingLevels(_ levels: UnsafeMutablePointer<UInt8>, measured: UnsafeBufferPointer<Double>) -> Bool {
        guard measured.count >= 2, measured.count <= 256, measured[0] > 0, measured[measured.count &- 1] < 4000 else { return false }
        for i in 1..<measured.count where !(measured[i] > measured[i &- 1]) { return false }
        let first = index(measured[0])
        let span = index(measured[measured.count &- 1]) - first
        var level = 0
        for value in 0..<65536 {
            let wanted = luminance(first + span * Double(value) / 65535)
            while level < 255, distance(level &+ 1, wanted, measured) <= distance(level, wanted, measured) { level &+= 1 }
            levels[value] = UInt8(truncatingIfNeeded: level)
        }
        return true
    }

    /// Between measured levels the luminance is interpolated.
    private static func distance(_ level: Int, _ wanted: Double, _ measured: UnsafeBufferPointer<Double>) -> Double {
        let place = Double(level) * Double(measured.count &- 1) / 255
        let below = min(Int(place), measured.count &- 2)
        let luminance = measured[below] + (measured[below &+ 1] - measured[below]) * (place - Double(below))
        return KernelMath.absolute(luminance - wanted)
    }
}
