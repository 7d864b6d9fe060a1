/// The eight samples around a place: left and right ones, in the order near above, far above, near below, far below.
struct Corners {
    let left: SIMD4<Float>
    let right: SIMD4<Float>

    /// Along the row, then down, then from slice to slice.
    @inline(__always)
    func mixed(_ u: Float, _ v: Float, _ share: Float) -> Float {
        let across = left + (right - left) * SIMD4(repeating: u)
        let (above, below) = (across.lowHalf, across.highHalf)
        let both = above + (below - above) * SIMD2(repeating: v)
        return both.x + (both.y - both.x) * share
    }
}

extension SIMD4<Int32> {
    /// Whole numbers below 2²² become those of floating point by their pattern; the conversion itself goes number by number.
    @inline(__always)
    var floats: SIMD4<Float> {
        unsafeBitCast(self &+ SIMD4(repeating: 0x4B40_0000), to: SIMD4<Float>.self) - SIMD4<Float>(repeating: 12_582_912)
    }
}

extension SIMD4<UInt32> {
    /// Two samples of 16 bits in each.
    @inline(__always)
    init(_ near: UnsafeRawPointer, _ far: UnsafeRawPointer, _ bytesPerLine: Int) {
        self.init(
            near.loadUnaligned(as: UInt32.self), far.loadUnaligned(as: UInt32.self),
            near.loadUnaligned(fromByteOffset: bytesPerLine, as: UInt32.self),
            far.loadUnaligned(fromByteOffset: bytesPerLine, as: UInt32.self))
    }
}

/// Samples that volumes are made of.
protocol VolumeSample: StoredSample {
    /// Of the pixel left above in each of two slices.
    static func corners(_ near: UnsafePointer<Self>, _ far: UnsafePointer<Self>, _ columns: Int) -> Corners
}

extension VolumeSample {
    @inline(__always)
    static func corners(_ near: UnsafePointer<Self>, _ far: UnsafePointer<Self>, _ columns: Int) -> Corners {
        Corners(
            left: SIMD4(near[0].float, far[0].float, near[columns].float, far[columns].float),
            right: SIMD4(near[1].float, far[1].float, near[columns &+ 1].float, far[columns &+ 1].float))
    }
}

extension UInt8: VolumeSample {}
extension Int32: VolumeSample {}

extension Int16: VolumeSample {
    @inline(__always)
    static func corners(_ near: UnsafePointer<Self>, _ far: UnsafePointer<Self>, _ columns: Int) -> Corners {
        let pairs = unsafeBitCast(SIMD4<UInt32>(near, far, 2 &* columns), to: SIMD4<Int32>.self)
        let sixteen = SIMD4<Int32>(repeating: 16)
        return Corners(left: ((pairs &<< sixteen) &>> sixteen).floats, right: (pairs &>> sixteen).floats)
    }
}

extension UInt16: VolumeSample {
    @inline(__always)
    static func corners(_ near: UnsafePointer<Self>, _ far: UnsafePointer<Self>, _ columns: Int) -> Corners {
        let pairs = SIMD4<UInt32>(near, far, 2 &* columns)
        let (left, right) = (pairs & SIMD4(repeating: 0xFFFF), pairs &>> SIMD4(repeating: 16))
        return Corners(
            left: unsafeBitCast(left, to: SIMD4<Int32>.self).floats, right: unsafeBitCast(right, to: SIMD4<Int32>.self).floats)
    }
}
