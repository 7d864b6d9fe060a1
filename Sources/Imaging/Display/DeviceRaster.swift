/// From device pixels to image coordinates in fixed point: 40 bits before the point, 24 behind. Sums of steps are then exact, and
/// which device pixels fall on the image is decided by integers.
public struct DeviceRaster {
    static let fractionBits: Int64 = 24
    // Not expressions: those are worked out when first asked for, which loops would ask again and again.
    static let one: Int64 = 16_777_216
    static let half: Int64 = 8_388_608

    let stepRight: (x: Int64, y: Int64)
    let stepDown: (x: Int64, y: Int64)
    /// Image coordinates of the centre of the device pixel at the left top.
    let origin: (x: Int64, y: Int64)

    /// Image column = a·x + c·y + e and row = b·x + d·y + f; pixel centres are at +0.5 in both.
    /// - Returns: `nil` for numbers that no view has.
    public init?(a: Double, b: Double, c: Double, d: Double, e: Double, f: Double) {
        let (x, y) = (0.5 * a + 0.5 * c + e, 0.5 * b + 0.5 * d + f)
        guard let ax = Self.fixed(a, below: 16384), let bx = Self.fixed(b, below: 16384), let cx = Self.fixed(c, below: 16384),
            let dx = Self.fixed(d, below: 16384), let ex = Self.fixed(x, below: 1_073_741_824), let fx = Self.fixed(y, below: 1_073_741_824)
        else { return nil }
        stepRight = (ax, bx)
        stepDown = (cx, dx)
        origin = (ex, fx)
    }

    /// NaN fails the comparison.
    static func fixed(_ value: Double, below limit: Double) -> Int64? {
        guard value > -limit, value < limit else { return nil }
        return Int64(KernelMath.floor(value * Double(one) + 0.5))
    }

    func start(row: Int) -> (x: Int64, y: Int64) {
        (origin.x &+ stepDown.x &* Int64(row), origin.y &+ stepDown.y &* Int64(row))
    }

    /// The steps of `0..<count` at which `start + i * step` is in `low..<high`.
    static func clip(start: Int64, step: Int64, low: Int64, high: Int64, to range: Range<Int>) -> Range<Int> {
        guard low < high else { return range.lowerBound..<range.lowerBound }
        var (first, end) = (Int64(range.lowerBound), Int64(range.upperBound))
        if step == 0 {
            if start < low || start >= high { end = first }
        } else if step > 0 {
            first = max(first, ceilingQuotient(low &- start, step))
            end = min(end, ceilingQuotient(high &- start, step))
        } else {
            first = max(first, floorQuotient(start &- high, 0 &- step) &+ 1)
            end = min(end, floorQuotient(start &- low, 0 &- step) &+ 1)
        }
        guard first < end else { return range.lowerBound..<range.lowerBound }
        return Int(truncatingIfNeeded: first)..<Int(truncatingIfNeeded: end)
    }

    private static func floorQuotient(_ a: Int64, _ b: Int64) -> Int64 {
        let quotient = a / b
        return a % b < 0 ? quotient &- 1 : quotient
    }

    private static func ceilingQuotient(_ a: Int64, _ b: Int64) -> Int64 {
        let quotient = a / b
        return a % b > 0 ? quotient &+ 1 : quotient
    }
}
