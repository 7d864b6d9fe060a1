public import DICOMCore

extension UIDGenerator {
    /// A UID that depends on nothing but `text`: the same thing read or made again is named the same.
    public static func derived(from text: String) -> String {
        var halves: [UInt64] = []
        for start in [0xCBF2_9CE4_8422_2325, 0x9E37_79B9_7F4A_7C15] as [UInt64] {
            var hash = start
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            // FNV-1a leaves the upper bits of short texts close together.
            hash = (hash ^ hash >> 29) &* 0xBF58_476D_1CE4_E5B9
            halves.append(hash ^ hash >> 32)
        }
        let (high, low) = (halves[0], halves[1])
        return UIDGenerator(random: { (high, low) }).next()
    }
}
