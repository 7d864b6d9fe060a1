// Conversions of numbers in loops. Where `Int` has 32 bits the generic initialisers widen word by word, and the compiler does not see
// through that; these become one instruction everywhere.

extension Int64 {
    @_transparent
    init(widening value: Int32) {
        self = Int64(bitPattern: UInt64(truncatingIfNeeded: UInt32(bitPattern: value)) &<< 32) &>> 32
    }
}

extension Float {
    @_transparent
    init(small value: Int32) { self = Float(Int(truncatingIfNeeded: value)) }
}
