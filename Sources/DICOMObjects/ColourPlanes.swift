/// Rearranging colour by pixel and colour by plane (PS3.3 C.7.6.3.1.3).
public enum ColourPlanes {
    /// R1G1B1R2G2B2… to R1R2…G1G2…B1B2….
    /// - Parameter unit: bytes of one sample.
    public static func separated(_ bytes: ArraySlice<UInt8>, samples: Int, unit: Int) -> ArraySlice<UInt8> {
        rearranged(bytes, samples: samples, unit: unit) { pixel, sample, pixels in
            (from: (pixel * samples + sample) * unit, to: (sample * pixels + pixel) * unit)
        }
    }

    /// R1R2…G1G2…B1B2… to R1G1B1R2G2B2…
    public static func interleaved(_ bytes: ArraySlice<UInt8>, samples: Int, unit: Int) -> ArraySlice<UInt8> {
        rearranged(bytes, samples: samples, unit: unit) { pixel, sample, pixels in
            (from: (sample * pixels + pixel) * unit, to: (pixel * samples + sample) * unit)
        }
    }

    private static func rearranged(
        _ bytes: ArraySlice<UInt8>, samples: Int, unit: Int, _ places: (Int, Int, Int) -> (from: Int, to: Int)
    ) -> ArraySlice<UInt8> {
        let source = Array(bytes)
        let pixels = source.count / (samples * unit)
        var target = [UInt8](repeating: 0, count: source.count)
        for pixel in 0..<pixels {
            for sample in 0..<samples {
                let place = places(pixel, sample, pixels)
                for byte in 0..<unit { target[place.to + byte] = source[place.from + byte] }
            }
        }
        return target[...]
    }
}
