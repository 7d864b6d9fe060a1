/// The adaptive memory of one scan (T.87 §A.2.1).
struct JPEGLSModel {
    var contexts: [JPEGLSContext]
    var runs: JPEGLSRuns

    /// The state at the start of a scan and after a restart.
    init(_ parameters: JPEGLSParameters) {
        contexts = [JPEGLSContext](repeating: JPEGLSContext(a: parameters.initialA), count: 365)
        runs = JPEGLSRuns(
            away: JPEGLSRunContext(a: parameters.initialA), near: JPEGLSRunContext(a: parameters.initialA))
    }
}

/// Run interruption contexts: neighbours apart (type 0) or within NEAR (type 1).
struct JPEGLSRuns {
    var away: JPEGLSRunContext
    var near: JPEGLSRunContext
}

extension JPEGLSParameters {
    /// Median edge detection (T.87 code segment A.5).
    @inline(__always)
    static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 {
        let low = min(a, b)
        let high = max(a, b)
        return c >= high ? low : c <= low ? high : a &+ b &- c
    }

    @inline(__always)
    func clamp(_ value: Int32) -> Int32 { min(max(value, 0), maximum) }

    /// Quantises an error and reduces it modulo RANGE (T.87 code segments A.8 and A.9).
    @inline(__always)
    func reduced(_ error: Int32) -> Int32 {
        var value = error
        if near > 0 {
            value = value > 0 ? (value &+ near) / (2 &* near &+ 1) : -((near &- value) / (2 &* near &+ 1))
        }
        if value < 0 { value &+= range }
        if value >= (range &+ 1) >> 1 { value &-= range }
        return value
    }

    /// The sample for a prediction and an error already multiplied by the sign (T.87 §A.4.5, Figure A.3).
    @inline(__always)
    func reconstruct(_ prediction: Int32, _ error: Int32) -> Int32 {
        let step = 2 &* near &+ 1
        var value = prediction &+ error &* step
        if value < -near {
            value &+= range &* step
        } else if value > maximum &+ near {
            value &-= range &* step
        }
        return clamp(value)
    }
}

/// Neighbours of a sample in lines with one sample of margin at each side (T.87 Figure A.1).
struct JPEGLSNeighbours {
    let a: Int32
    let b: Int32
    let c: Int32
    let d: Int32

    /// Context number with the sign of its first region; 0 when all gradients are flat.
    @inline(__always)
    func context(_ regions: Span<Int8>, _ bound: Int32) -> Int32 {
        @inline(__always) func region(_ gradient: Int32) -> Int32 {
            Int32(regions[Int(min(max(gradient, -bound), bound) &+ bound)])
        }
        return (region(d &- b) &* 9 &+ region(b &- c)) &* 9 &+ region(c &- a)
    }
}
