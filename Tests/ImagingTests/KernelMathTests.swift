import Foundation
@testable import Imaging
import Testing

/// The mathematics library of the machine, to compare with.
enum KernelMathReference {
    static func cosine(_ degrees: Double) -> Double { cos(degrees * .pi / 180) }
    static func sine(_ degrees: Double) -> Double { sin(degrees * .pi / 180) }
}

@Suite struct `mathematics of the kernels` {
    @Test func `functions agree with the library to the last digits`() {
        for step in -4000...4000 {
            let x = Double(step) / 57
            #expect(abs(KernelMath.exp(x) / exp(x) - 1) < 4e-15)
            let positive = exp(x)
            #expect(abs(KernelMath.log(positive) - log(positive)) <= 4e-16 * max(1, abs(log(positive))) * 2)
            #expect(abs(KernelMath.exp10(x / 30) / pow(10, x / 30) - 1) < 4e-15)
            #expect(abs(KernelMath.atan2(sin(x), cos(x) * 3) - atan2(sin(x), cos(x) * 3)) < 1e-15)
            #expect(KernelMath.floor(x) == x.rounded(.down))
        }
    }

    @Test func `ends are where they belong`() {
        #expect(KernelMath.exp(-800) == 0 && KernelMath.exp(800) == .infinity && KernelMath.log(0) == -.infinity)
        #expect(KernelMath.atan2(0, 0) == 0 && KernelMath.atan2(0, -1) == Double.pi && KernelMath.atan2(-1, 0) == -Double.pi / 2)
    }
}
