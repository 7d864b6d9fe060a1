import DICOMCore
import DICOMObjects
import Testing

@Suite struct `PS3.3 C.24.2 encapsulated documents` {
    private func document(_ type: String, _ content: String, length: Int? = nil) -> EncapsulatedDocument {
        var header = DataSet()
        header.set(.mimeTypeOfEncapsulatedDocument, .lo, type)
        if let length { header.set(.encapsulatedDocumentLength, .ul, ints: [length]) }
        return EncapsulatedDocument(header, start: Array(content.utf8))
    }

    @Test func `what it is counts more than what it is called`() {
        #expect(document("text/html", "junk before %PDF-1.7").format == .pdf)
        #expect(document("application/pdf", "<html>").format == .other)
        #expect(document("application/pdf", "").format == .other)
        #expect(document("Text/XML; charset=utf-8", "<a/>").format == .xml)
        #expect(document("model/STL", "solid").format == .stl)
    }

    @Test func `nothing but a PDF is given as something a browser would show`() {
        for type in ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/javascript", ""] {
            #expect(document(type, "<script>").mediaType == "application/octet-stream")
        }
        #expect(document("", "%PDF-1.4").mediaType == "application/pdf")
    }

    @Test func `a length that is no length is not believed`() {
        #expect(document("application/pdf", "%PDF-", length: 5).byteCount == 5)
        #expect(document("application/pdf", "%PDF-", length: 0).byteCount == nil)
        #expect(document("application/pdf", "%PDF-").byteCount == nil)
    }
}

@Suite struct `PS3.5 §8.2 video streams` {
    @Test func `the container is told from the first bytes`() {
        #expect(VideoContainer([0, 0, 0, 24] + Array("ftypisom".utf8)) == .mp4)
        var packets = [UInt8](repeating: 0, count: 400)
        (packets[0], packets[188]) = (0x47, 0x47)
        #expect(VideoContainer(packets) == .mpegTransportStream)
        var long = [UInt8](repeating: 0, count: 400)
        (long[4], long[196]) = (0x47, 0x47)
        #expect(VideoContainer(long) == .mpegTransportStream)
        #expect(VideoContainer([0, 0, 1, 0xBA, 0]) == .mpegProgramStream)
        #expect(VideoContainer([0, 0, 0, 1, 0x67]) == .elementaryStream)
        #expect(VideoContainer([0, 0, 1, 0xB3]) == .elementaryStream)
        #expect(VideoContainer([0x1A, 0x45, 0xDF, 0xA3]) == .matroska)
    }

    @Test func `too few bytes, or others, are unknown`() {
        for count in 0..<12 { #expect(VideoContainer([UInt8](repeating: 0x47, count: count)) == .unknown) }
        #expect(VideoContainer(Array("<html><script>".utf8)) == .unknown)
    }
}

@Suite struct `PS3.3 A.34.7 sound` {
    private func group(_ interpretation: String, bits: Int, channels: Int = 1, frequency: String = "8000") -> DataSet {
        var group = DataSet()
        group.set(.waveformSampleInterpretation, .cs, interpretation)
        group.set(.waveformBitsAllocated, .us, ints: [bits])
        group.set(.numberOfWaveformChannels, .us, ints: [channels])
        group.set(.samplingFrequency, .ds, frequency)
        return group
    }

    @Test func `the head of the file says what follows`() throws {
        let sound = try #require(AudioWaveform(group("SS", bits: 16, channels: 2)))
        let head = try #require(sound.head(sampleBytes: 1000))
        #expect(head.count == 44)
        #expect(Array(head[4..<8]) == [12, 4, 0, 0])
        #expect(Array(head[20..<36]) == [1, 0, 2, 0, 0x40, 0x1F, 0, 0, 0, 0x7D, 0, 0, 4, 0, 16, 0])
        #expect(Array(head[40..<44]) == [0xE8, 3, 0, 0])
        #expect(AudioWaveform(group("MB", bits: 8))?.head(sampleBytes: 8)?[20] == 7)
        #expect(AudioWaveform(group("AB", bits: 8))?.head(sampleBytes: 8)?[20] == 6)
    }

    @Test func `what no player knows is no sound`() {
        for other in [
            group("SB", bits: 8), group("SS", bits: 8), group("SL", bits: 32), group("SS", bits: 16, channels: 0),
            group("SS", bits: 16, channels: 65535), group("SS", bits: 16, frequency: "500"), group("SS", bits: 16, frequency: "1e300"),
            group("SS", bits: 16, frequency: "nan"), DataSet(),
        ] { #expect(AudioWaveform(other) == nil) }
        #expect(AudioWaveform(group("SS", bits: 16))?.head(sampleBytes: 5 << 30) == nil)
        #expect(AudioWaveform(group("SS", bits: 16))?.head(sampleBytes: -1) == nil)
    }
}
