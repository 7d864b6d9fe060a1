public import DICOMCore

/// A multiplex group that is sound (PS3.3 A.34.7, A.34.8), as a WAV file has it.
public struct AudioWaveform: Hashable, Sendable {
    public let channels: Int
    /// Hz.
    public let samplingFrequency: Int
    public let bitsPerSample: Int
    private let format: Format

    private enum Format: UInt16 {
        case pulseCode = 1, aLaw = 6, muLaw = 7
    }

    /// Voice is recorded from 8 kHz on; what is slower is no sound to listen to.
    private static let frequencies = 4_000.0...192_000.0

    /// - Parameter group: an item of Waveform Sequence.
    /// - Returns: `nil` for what a WAV file cannot hold as it stands.
    public init?(_ group: DataSet) {
        guard let channels = group.int(.numberOfWaveformChannels), (1...8).contains(channels),
            let frequency = group.double(.samplingFrequency), Self.frequencies.contains(frequency),
            let bits = group.int(.waveformBitsAllocated)
        else { return nil }
        switch (group.string(.waveformSampleInterpretation) ?? "", bits) {
        case ("UB", 8), ("SS", 16): format = .pulseCode
        case ("MB", 8): format = .muLaw
        case ("AB", 8): format = .aLaw
        default: return nil
        }
        self.channels = channels
        samplingFrequency = Int(frequency.rounded())
        bitsPerSample = bits
    }

    private var frameBytes: Int { channels * bitsPerSample / 8 }

    /// The head of a WAV file whose samples follow; `nil` for more than such a file can hold.
    public func head(sampleBytes: Int) -> [UInt8]? {
        guard sampleBytes >= 0, let count = UInt32(exactly: sampleBytes), count < UInt32.max - 36 else { return nil }
        func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        var head = Array("RIFF".utf8) + bytes(count + 36) + Array("WAVEfmt ".utf8) + bytes(UInt32(16))
        head += bytes(format.rawValue) + bytes(UInt16(channels)) + bytes(UInt32(samplingFrequency))
        head += bytes(UInt32(samplingFrequency * frameBytes)) + bytes(UInt16(frameBytes)) + bytes(UInt16(bitsPerSample))
        return head + Array("data".utf8) + bytes(count)
    }
}
