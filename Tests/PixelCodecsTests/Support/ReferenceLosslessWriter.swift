import PixelCodecs
import TestSupport

/// JPEG lossless written straight from T.81 Annex H, with one fixed table of 5-bit codes: slow, and unrelated to the
/// encoder tested.
struct ReferenceLosslessWriter {
    let description: FrameDescription
    let predictor: Int
    let pointTransform: Int
    /// 0 for no restarts.
    let rowsPerRestart: Int

    func encode(_ image: [UInt8]) -> [UInt8] {
        let components = description.samplesPerPixel
        var bits: [Bool] = []
        var body: [UInt8] = []
        for row in 0..<description.rows {
            let restarts = rowsPerRestart > 0 && row > 0 && row % rowsPerRestart == 0
            if restarts {
                body += Self.bytes(bits) + [0xFF, 0xD0 + UInt8((row / rowsPerRestart - 1) % 8)]
                bits = []
            }
            let isFirst = row == 0 || restarts
            for column in 0..<description.columns {
                for component in 0..<components {
                    func at(_ x: Int, _ y: Int) -> Int {
                        TestImage.sample(image, (y * description.columns + x) * components + component, description)
                            >> pointTransform
                    }
                    let prediction = predict(column, row, isFirst, at)
                    append(at(column, row) - prediction, to: &bits)
                }
            }
        }
        return header() + body + Self.bytes(bits) + [0xFF, 0xD9]
    }

    private func predict(_ x: Int, _ y: Int, _ isFirstRow: Bool, _ at: (Int, Int) -> Int) -> Int {
        if isFirstRow { return x == 0 ? 1 << (description.bitsStored - pointTransform - 1) : at(x - 1, y) }
        if x == 0 { return at(x, y - 1) }
        let (a, b, c) = (at(x - 1, y), at(x, y - 1), at(x - 1, y - 1))
        switch predictor {
        case 1: return a
        case 2: return b
        case 3: return c
        case 4: return a + b - c
        case 5: return a + (b - c) >> 1
        case 6: return b + (a - c) >> 1
        default: return (a + b) >> 1
        }
    }

    private func append(_ difference: Int, to bits: inout [Bool]) {
        var reduced = difference & 0xFFFF
        if reduced > 32768 { reduced -= 65536 }
        var category = 0
        while abs(reduced) >> category != 0 { category += 1 }
        for bit in (0..<5).reversed() { bits.append(category >> bit & 1 == 1) }
        guard category < 16, category > 0 else { return }
        let extra = reduced < 0 ? reduced - 1 : reduced
        for bit in (0..<category).reversed() { bits.append(extra >> bit & 1 == 1) }
    }

    private static func bytes(_ bits: [Bool]) -> [UInt8] {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bits.count, by: 8) {
            let byte = (0..<8).reduce(UInt8(0)) { $0 << 1 | (start + $1 < bits.count && !bits[start + $1] ? 0 : 1) }
            result.append(byte)
            if byte == 0xFF { result.append(0) }
        }
        return result
    }

    private func header() -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
        let components = (1...description.samplesPerPixel).map { UInt8($0) }
        var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xC3] + word(8 + 3 * components.count)
        bytes += [UInt8(description.bitsStored)] + word(description.rows) + word(description.columns)
        bytes += [UInt8(components.count)] + components.flatMap { [$0, 0x11, 0] }
        bytes += [0xFF, 0xC4] + word(19 + 17) + [0, 0, 0, 0, 0, 17] + [UInt8](repeating: 0, count: 11)
        bytes += (0...16).map { UInt8($0) }
        if rowsPerRestart > 0 { bytes += [0xFF, 0xDD] + word(4) + word(rowsPerRestart * description.columns) }
        bytes += [0xFF, 0xDA] + word(6 + 2 * components.count) + [UInt8(components.count)]
        bytes += components.flatMap { [$0, 0] }
        return bytes + [UInt8(predictor), 0, UInt8(pointTransform)]
    }
}
