/// LSE preset coding parameters (T.87 §C.2.4.1.1); 0 asks for the default.
struct JPEGLSPreset: Hashable {
    var maximumSample = 0
    var threshold1 = 0
    var threshold2 = 0
    var threshold3 = 0
    var reset = 0
}

/// The coding parameters of a scan and what follows from them (T.87 §A.2.1, §C.2.4.1.1.1).
struct JPEGLSParameters {
    let maximum: Int32
    let near: Int32
    let range: Int32
    let quantisedBits: Int
    let limit: Int
    let threshold1: Int32
    let threshold2: Int32
    let threshold3: Int32
    let reset: Int32

    init(precision: Int, near: Int, preset: JPEGLSPreset, offset: Int) throws(CodecError) {
        let full = (1 << precision) &- 1
        let maximum = preset.maximumSample == 0 ? full : preset.maximumSample
        guard maximum >= 1, maximum <= full, near >= 0, near <= min(255, maximum / 2)
        else { throw CodecError(.invalidTable, at: offset) }
        let defaults = Self.defaultThresholds(maximum: maximum, near: near)
        let t1 = preset.threshold1 == 0 ? defaults.0 : preset.threshold1
        let t2 = preset.threshold2 == 0 ? defaults.1 : preset.threshold2
        let t3 = preset.threshold3 == 0 ? defaults.2 : preset.threshold3
        let resetValue = preset.reset == 0 ? 64 : preset.reset
        guard t1 > near, t1 <= t2, t2 <= t3, t3 <= maximum || preset.threshold3 == 0, resetValue >= 3,
            resetValue <= max(255, maximum)
        else { throw CodecError(.invalidTable, at: offset) }
        self.maximum = Int32(maximum)
        self.near = Int32(near)
        let rangeValue = (maximum &+ 2 &* near) / (2 &* near &+ 1) &+ 1
        range = Int32(rangeValue)
        quantisedBits = Self.bitsFor(rangeValue)
        let bits = max(2, Self.bitsFor(maximum &+ 1))
        limit = 2 &* (bits &+ max(8, bits))
        threshold1 = Int32(t1)
        threshold2 = Int32(t2)
        threshold3 = Int32(t3)
        reset = Int32(resetValue)
    }

    /// Smallest n with 2^n >= value.
    private static func bitsFor(_ value: Int) -> Int {
        value <= 1 ? 0 : Int.bitWidth &- (value &- 1).leadingZeroBitCount
    }

    private static func defaultThresholds(maximum: Int, near: Int) -> (Int, Int, Int) {
        func clamp(_ value: Int, _ low: Int) -> Int { value > maximum || value < low ? low : value }
        if maximum >= 128 {
            let factor = (min(maximum, 4095) &+ 128) >> 8
            let t1 = clamp(factor &+ 2 &+ 3 &* near, near &+ 1)
            let t2 = clamp(factor &* 4 &+ 3 &+ 5 &* near, t1)
            return (t1, t2, clamp(factor &* 17 &+ 4 &+ 7 &* near, t2))
        }
        let factor = 256 / (maximum &+ 1)
        let t1 = clamp(max(2, 3 / factor &+ 3 &* near), near &+ 1)
        let t2 = clamp(max(3, 7 / factor &+ 5 &* near), t1)
        return (t1, t2, clamp(max(4, 21 / factor &+ 7 &* near), t2))
    }

    /// Initial A of every context (T.87 §A.2.1).
    var initialA: Int32 { max(2, (range &+ 32) >> 6) }

    /// Region -4...4 of a gradient (T.87 code segment A.4).
    func region(_ gradient: Int32) -> Int32 {
        let magnitude = abs(gradient)
        let level: Int32 =
            magnitude >= threshold3 ? 4 : magnitude >= threshold2 ? 3 : magnitude >= threshold1 ? 2 : magnitude > near ? 1 : 0
        return gradient < 0 ? -level : level
    }
}

/// Gradient regions by table: gradients are clamped to the last threshold first, so the table is small.
struct JPEGLSQuantiser {
    let bound: Int32
    /// Region of `index - bound`.
    let regions: [Int8]

    init(_ parameters: JPEGLSParameters) {
        let bound = parameters.threshold3
        self.bound = bound
        regions = (-bound...bound).map { Int8(truncatingIfNeeded: parameters.region($0)) }
    }
}

/// A context of regular mode (T.87 §A.2.1).
struct JPEGLSContext {
    var a: Int32
    var b: Int32 = 0
    var c: Int32 = 0
    var n: Int32 = 1

    /// Golomb parameter (T.87 code segment A.10): the smallest k with n << k >= a.
    @inline(__always)
    var golombParameter: Int {
        var k = max(0, n.leadingZeroBitCount &- a.leadingZeroBitCount)
        if n &<< Int32(truncatingIfNeeded: k) < a { k &+= 1 }
        return k
    }

    /// T.87 code segments A.12 and A.13.
    @inline(__always)
    mutating func update(_ error: Int32, _ parameters: borrowing JPEGLSParameters) {
        b &+= error &* (2 &* parameters.near &+ 1)
        a &+= abs(error)
        if n == parameters.reset {
            a >>= 1
            b >>= 1
            n >>= 1
        }
        n &+= 1
        if b <= -n {
            b = max(b &+ n, 1 &- n)
            if c > -128 { c &-= 1 }
        } else if b > 0 {
            b = min(b &- n, 0)
            if c < 127 { c &+= 1 }
        }
    }
}

/// A context of run interruption (T.87 §A.7.2).
struct JPEGLSRunContext {
    var a: Int32
    var n: Int32 = 1
    var negative: Int32 = 0

    /// Golomb parameter for `type` 0 or 1 (T.87 code segment A.18, A.19).
    func golombParameter(_ type: Int32) -> Int {
        let target = type == 0 ? a : a &+ n >> 1
        var k = 0
        while k < 24, n &<< Int32(truncatingIfNeeded: k) < target { k &+= 1 }
        return k
    }

    /// T.87 code segment A.23.
    mutating func update(_ error: Int32, mapped: Int32, type: Int32, reset: Int32) {
        if error < 0 { negative &+= 1 }
        a &+= (mapped &+ 1 &- type) >> 1
        if n == reset {
            a >>= 1
            n >>= 1
            negative >>= 1
        }
        n &+= 1
    }

    /// The `map` bit of T.87 code segment A.21 for this error.
    func mapsUp(_ error: Int32, _ k: Int) -> Bool {
        if k == 0, error > 0, 2 &* negative < n { return true }
        if error < 0, 2 &* negative >= n || k != 0 { return true }
        return false
    }
}

/// Run length orders J (T.87 §A.2.1).
@inline(__always)
func jpegLSRunOrder(_ index: Int) -> Int {
    // Four entries each of 0...3, then two each of 4...7, then 8...15.
    index < 16 ? index >> 2 : index < 24 ? 4 &+ (index &- 16) >> 1 : index &- 16
}
