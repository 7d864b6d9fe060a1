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
    @inline(__always)
    func offset(_ lane: Int) -> Int { Int(truncatingIfNeeded: self[lane]) }

    /// Two samples of 16 bits at each of four places.
    @inline(__always)
    init(_ corner: UnsafeRawPointer, at bytes: SIMD4<UInt32>) {
        self.init(
            corner.loadUnaligned(fromByteOffset: bytes.offset(0), as: UInt32.self),
            corner.loadUnaligned(fromByteOffset: bytes.offset(1), as: UInt32.self),
            corner.loadUnaligned(fromByteOffset: bytes.offset(2), as: UInt32.self),
            corner.loadUnaligned(fromByteOffset: bytes.offset(3), as: UInt32.self))
    }

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
    /// The samples at four places, in bytes from the corner, and those to the right of them.
    static func neighbours(_ corner: UnsafeRawPointer, _ bytes: SIMD4<UInt32>) -> (left: SIMD4<Float>, right: SIMD4<Float>)
}

extension VolumeSample {
    @inline(__always)
    static func neighbours(_ corner: UnsafeRawPointer, _ bytes: SIMD4<UInt32>) -> (left: SIMD4<Float>, right: SIMD4<Float>) {
        let a = (corner + bytes.offset(0)).assumingMemoryBound(to: Self.self)
        let b = (corner + bytes.offset(1)).assumingMemoryBound(to: Self.self)
        let c = (corner + bytes.offset(2)).assumingMemoryBound(to: Self.self)
        let d = (corner + bytes.offset(3)).assumingMemoryBound(to: Self.self)
        return (SIMD4(a[0].float, b[0].float, c[0].float, d[0].float), SIMD4(a[1].float, b[1].float, c[1].float, d[1].float))
    }

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
        let (left, right) = split(SIMD4(near, far, 2 &* columns))
        return Corners(left: left, right: right)
    }

    @inline(__always)
    static func neighbours(_ corner: UnsafeRawPointer, _ bytes: SIMD4<UInt32>) -> (left: SIMD4<Float>, right: SIMD4<Float>) {
        split(SIMD4(corner, at: bytes))
    }

    @inline(__always)
    private static func split(_ pairs: SIMD4<UInt32>) -> (left: SIMD4<Float>, right: SIMD4<Float>) {
        let signed = unsafeBitCast(pairs, to: SIMD4<Int32>.self)
        let sixteen = SIMD4<Int32>(repeating: 16)
        return (((signed &<< sixteen) &>> sixteen).floats, (signed &>> sixteen).floats)
    }
}

extension UInt16: VolumeSample {
    @inline(__always)
    static func corners(_ near: UnsafePointer<Self>, _ far: UnsafePointer<Self>, _ columns: Int) -> Corners {
        let (left, right) = split(SIMD4(near, far, 2 &* columns))
        return Corners(left: left, right: right)
    }

    @inline(__always)
    static func neighbours(_ corner: UnsafeRawPointer, _ bytes: SIMD4<UInt32>) -> (left: SIMD4<Float>, right: SIMD4<Float>) {
        split(SIMD4(corner, at: bytes))
    }

    @inline(__always)
    private static func split(_ pairs: SIMD4<UInt32>) -> (left: SIMD4<Float>, right: SIMD4<Float>) {
        let (left, right) = (pairs & SIMD4(repeating: 0xFFFF), pairs &>> SIMD4(repeating: 16))
        return (unsafeBitCast(left, to: SIMD4<Int32>.self).floats, unsafeBitCast(right, to: SIMD4<Int32>.self).floats)
    }
}
