/// Functions of analysis without a mathematics library: additions, multiplications, divisions and square roots in a fixed order give
/// the same bits on every machine and in browsers.
enum KernelMath {
    static let pi = 3.14159265358979323846264338328
    private static let ln2 = 0.693147180559945309417232121458
    private static let ln10 = 2.30258509299404568401799145468

    /// Largest integer not above `x`; `x` must be within ±2⁵².
    @_transparent
    static func floor(_ x: Double) -> Double {
        let truncated = Double(Int64(x))
        return truncated > x ? truncated - 1 : truncated
    }

    static func absolute(_ x: Double) -> Double { x < 0 ? -x : x }

    /// e to the power of x; 0 below -700, infinity above 700.
    static func exp(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        guard x < 700 else { return .infinity }
        let k = floor(x / ln2 + 0.5)
        // In two parts, of which the first times k is exact.
        let r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10
        // Taylor series by Horner's rule on |r| <= ln2 / 2; 14 terms reach the last bit.
        var sum = 1.0
        var n = 14.0
        while n >= 1 {
            sum = 1 + r / n * sum
            n -= 1
        }
        return sum * powerOfTwo(Int64(k))
    }

    private static func powerOfTwo(_ exponent: Int64) -> Double {
        // |exponent| is below 1011, so the result is a normal number.
        Double(bitPattern: UInt64(bitPattern: (exponent &+ 1023) << 52))
    }

    /// Natural logarithm; -infinity for zero and below.
    static func log(_ x: Double) -> Double {
        guard x > 0 else { return -.infinity }
        guard x < .infinity else { return x }
        // Subnormal numbers are of no use here.
        let bits = max(x, Double.leastNormalMagnitude).bitPattern
        var exponent = Int64(bits >> 52) &- 1023
        var mantissa = Double(bitPattern: bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
        if mantissa > 1.41421356237309504880 {
            mantissa *= 0.5
            exponent &+= 1
        }
        // 2 artanh((m - 1) / (m + 1)), |argument| <= 0.1716.
        let s = (mantissa - 1) / (mantissa + 1)
        let square = s * s
        var sum = 0.0
        var n = 23.0
        while n >= 1 {
            sum = sum * square + 1 / n
            n -= 2
        }
        return 2 * s * sum + Double(exponent) * ln2
    }

    static func log10(_ x: Double) -> Double { log(x) / ln10 }

    /// 10 to the power of x.
    static func exp10(_ x: Double) -> Double { exp(x * ln10) }

    /// Angle of (x, y) in radians, -π to π; 0 for (0, 0).
    static func atan2(_ y: Double, _ x: Double) -> Double {
        let (a, b) = (absolute(y), absolute(x))
        guard a > 0 || b > 0 else { return 0 }
        let first = a <= b ? atan(a / b) : pi / 2 - atan(b / a)
        let upper = x < 0 ? pi - first : first
        return y < 0 ? -upper : upper
    }

    /// Arc tangent for 0 to 1.
    private static func atan(_ t: Double) -> Double {
        let root3 = 1.73205080756887729353
        let isFar = t > 0.26794919243112270647
        let r = isFar ? (t * root3 - 1) / (root3 + t) : t
        let square = r * r
        var sum = 0.0
        var n = 29.0
        while n >= 1 {
            sum = 1 / n - square * sum
            n -= 2
        }
        return r * sum + (isFar ? pi / 6 : 0)
    }
}
