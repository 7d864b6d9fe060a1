/// The accurate integer inverse DCT of the Independent JPEG Group: 13-bit constants, one rounding after each pass.
struct InverseDCT {
    private static let constantBits: Int32 = 13
    private let firstShift: Int32
    private let secondShift: Int32
    private let centre: Int32
    private let maximum: Int32

    /// - Parameter precision: 8 or 12; at 12 bits one fractional bit less survives the first pass.
    init(precision: Int) {
        let kept: Int32 = precision == 8 ? 2 : 1
        firstShift = Self.constantBits &- kept
        secondShift = Self.constantBits &+ kept &+ 3
        centre = 1 << Int32(precision &- 1)
        maximum = (1 << Int32(precision)) &- 1
    }

    /// Transforms a dequantised block, given and returned as rows.
    @inline(__always)
    func transform(_ rows: inout InlineArray<8, SIMD8<Int32>>) {
        Self.pass(&rows, shift: firstShift)
        Self.transpose(&rows)
        Self.pass(&rows, shift: secondShift)
        Self.transpose(&rows)
        let low = SIMD8<Int32>(repeating: 0)
        let high = SIMD8<Int32>(repeating: maximum)
        for i in 0..<8 {
            var row = rows[i] &+ centre
            row.replace(with: low, where: row .< low)
            row.replace(with: high, where: row .> high)
            rows[i] = row
        }
    }

    @inline(__always)
    private static func transpose(_ rows: inout InlineArray<8, SIMD8<Int32>>) {
        let source = rows
        for i in 0..<8 {
            rows[i] = SIMD8(
                source[0][i], source[1][i], source[2][i], source[3][i], source[4][i], source[5][i], source[6][i], source[7][i])
        }
    }

    /// Eight one-dimensional transforms side by side (Loeffler, Ligtenberg and Moschytz).
    @inline(__always)
    private static func pass(_ rows: inout InlineArray<8, SIMD8<Int32>>, shift: Int32) {
        let evenSum = (rows[2] &+ rows[6]) &* 4433
        let even2 = evenSum &- rows[6] &* 15137
        let even3 = evenSum &+ rows[2] &* 6270
        let even0 = (rows[0] &+ rows[4]) &<< constantBits
        let even1 = (rows[0] &- rows[4]) &<< constantBits
        let (sum0, sum3) = (even0 &+ even3, even0 &- even3)
        let (sum1, sum2) = (even1 &+ even2, even1 &- even2)

        let z5 = (rows[7] &+ rows[3] &+ rows[5] &+ rows[1]) &* 9633
        let z1 = (rows[7] &+ rows[1]) &* -7373
        let z2 = (rows[5] &+ rows[3]) &* -20995
        let z3 = (rows[7] &+ rows[3]) &* -16069 &+ z5
        let z4 = (rows[5] &+ rows[1]) &* -3196 &+ z5
        let odd0 = rows[7] &* 2446 &+ z1 &+ z3
        let odd1 = rows[5] &* 16819 &+ z2 &+ z4
        let odd2 = rows[3] &* 25172 &+ z2 &+ z3
        let odd3 = rows[1] &* 12299 &+ z1 &+ z4

        let round = SIMD8<Int32>(repeating: 1 &<< (shift &- 1))
        let down = SIMD8<Int32>(repeating: shift)
        rows[0] = (sum0 &+ odd3 &+ round) &>> down
        rows[7] = (sum0 &- odd3 &+ round) &>> down
        rows[1] = (sum1 &+ odd2 &+ round) &>> down
        rows[6] = (sum1 &- odd2 &+ round) &>> down
        rows[2] = (sum2 &+ odd1 &+ round) &>> down
        rows[5] = (sum2 &- odd1 &+ round) &>> down
        rows[3] = (sum3 &+ odd0 &+ round) &>> down
        rows[4] = (sum3 &- odd0 &+ round) &>> down
    }
}

/// The samples of one component at its own resolution.
struct SamplePlane {
    let samples: [UInt16]
    let stride: Int
    let width: Int
    let height: Int

    /// - Parameter quantisation: 64 factors in row-major order.
    init(_ component: DCTComponent, _ coefficients: [Int16], _ quantisation: [UInt16], precision: Int) {
        stride = component.storedColumns &* 8
        width = component.width
        height = component.height
        let transform = InverseDCT(precision: precision)
        var factors = InlineArray<8, SIMD8<Int32>>(repeating: SIMD8(repeating: 0))
        for i in 0..<64 { factors[i >> 3][i & 7] = Int32(quantisation[i]) }
        var plane = [UInt16](repeating: 0, count: stride &* component.storedRows &* 8)
        var target = plane.mutableSpan
        let source = coefficients.span
        for row in 0..<component.storedRows {
            for column in 0..<component.storedColumns {
                let from = component.base &+ (row &* component.storedColumns &+ column) &* 64
                var block = InlineArray<8, SIMD8<Int32>>(repeating: SIMD8(repeating: 0))
                for y in 0..<8 {
                    let at = from &+ 8 &* y
                    let values = SIMD8<Int16>(
                        source[at], source[at &+ 1], source[at &+ 2], source[at &+ 3], source[at &+ 4], source[at &+ 5],
                        source[at &+ 6], source[at &+ 7])
                    block[y] = SIMD8<Int32>(truncatingIfNeeded: values) &* factors[y]
                }
                transform.transform(&block)
                for y in 0..<8 {
                    let to = (row &* 8 &+ y) &* stride &+ column &* 8
                    for x in 0..<8 { target[to &+ x] = UInt16(truncatingIfNeeded: block[y][x]) }
                }
            }
        }
        samples = plane
    }
}
