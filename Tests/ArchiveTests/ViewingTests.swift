import DICOMCore
import Testing

@testable import Archive

/// Headers as a scanner would write them.
private struct Slice {
    var number: Int
    var z: Double?
    var changes: (inout DataSet) -> Void = { _ in }

    var header: DataSet {
        var header = DataSet()
        header.set(.modality, .cs, "CT")
        header.set(.instanceNumber, .is, ints: [number])
        header.set(.rows, .us, ints: [4])
        header.set(.columns, .us, ints: [6])
        header.set(.bitsAllocated, .us, ints: [16])
        header.set(.bitsStored, .us, ints: [12])
        header.set(.highBit, .us, ints: [11])
        header.set(.pixelRepresentation, .us, ints: [0])
        header.set(.photometricInterpretation, .cs, "MONOCHROME2")
        header.set(.pixelSpacing, .ds, doubles: [0.5, 0.5])
        header.set(.imageOrientationPatient, .ds, doubles: [1, 0, 0, 0, 1, 0])
        if let z { header.set(.imagePositionPatient, .ds, doubles: [-10, -20, z]) }
        changes(&header)
        return header
    }

    var instance: StoredInstance {
        StoredInstance(
            instanceKey: Int64(number), sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.\(number)", studyInstanceUID: "1",
            seriesInstanceUID: "1.1", transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid,
            storedTransferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid,
            location: ObjectLocation(volumeID: 1, containerID: 1, offset: 0, recordBytes: 0, payloadOffset: 0, payloadBytes: 0),
            frames: .native(offset: 0, frameBytes: 48, numberOfFrames: 1, totalBytes: 48), dataSetDigest: [UInt8(number)],
            dataSetBytes: 0, receivedAtMilliseconds: 0, source: "", isQuarantined: false, conflictVersion: 0)
    }
}

private func series(_ slices: [Slice]) -> ViewingSeries {
    ViewingSeries(merging: slices.map { ViewingSeries($0.header, $0.instance) })
}

private func numbers(_ series: ViewingSeries) -> [Int?] {
    series.frames.map { series.instances[$0.instance].instanceNumber }
}

@Suite struct `Viewing manifest order of frames` {
    @Test func `slices are ordered by place, in the direction their numbers run`() {
        let up = series([Slice(number: 1, z: 0), Slice(number: 2, z: 4), Slice(number: 3, z: 2), Slice(number: 4, z: 6)])
        #expect(numbers(up) == [1, 3, 2, 4])
        let down = series([Slice(number: 1, z: 6), Slice(number: 2, z: 2), Slice(number: 3, z: 4), Slice(number: 4, z: 0)])
        #expect(numbers(down) == [1, 3, 2, 4])
        #expect(up.stacks.map(\.isUniform) == [true])
        #expect(up.stacks[0].sliceSpacing == 2)
    }

    @Test func `two frames at one place leave the order to the numbers`() {
        let twice = series([Slice(number: 1, z: 4), Slice(number: 2, z: 0), Slice(number: 3, z: 4)])
        #expect(numbers(twice) == [1, 2, 3])
        #expect(twice.stacks.map(\.isSpatial) == [false])
    }

    @Test func `a missing slice is seen: the stack is not uniform`() {
        let gap = series([1, 2, 3, 5, 6].map { Slice(number: $0, z: Double($0)) })
        #expect(gap.stacks[0].isSpatial)
        #expect(!gap.stacks[0].isUniform)
        #expect(gap.stacks[0].sliceSpacing == nil)
    }

    @Test func `slices that drift sideways, as with a tilted gantry, are not uniform`() {
        let tilted = series(
            (0..<5).map { index in
                Slice(number: index, z: nil) { $0.set(.imagePositionPatient, .ds, doubles: [0, Double(index), Double(index) * 2]) }
            })
        #expect(tilted.stacks[0].isSpatial)
        #expect(!tilted.stacks[0].isUniform)
    }

    @Test func `orientations that differ make stacks of their own, rounding does not`() {
        func turned(_ number: Int, _ orientation: [Double]) -> Slice {
            Slice(number: number, z: Double(number)) { $0.set(.imageOrientationPatient, .ds, doubles: orientation) }
        }
        let mixed = series([
            turned(1, [1, 0, 0, 0, 1, 0]), turned(2, [1, 0, 0, 0, 0, -1]), turned(3, [1, 0.00001, 0, 0, 1, 0]),
        ])
        #expect(mixed.stacks.map(\.count) == [2, 1])
        #expect(numbers(mixed) == [1, 3, 2])
    }

    @Test func `frames of enhanced objects have the values of their functional groups`() {
        let frames = 3
        var header = Slice(number: 1, z: nil).header
        header.set(
            .perFrameFunctionalGroupsSequence,
            items: (0..<frames).map { index in
                var position = DataSet()
                position.set(.imagePositionPatient, .ds, doubles: [0, 0, Double(frames - index)])
                var window = DataSet()
                window.set(.windowCenter, .ds, doubles: [Double(40 + index)])
                window.set(.windowWidth, .ds, doubles: [400])
                var group = DataSet()
                group.set(.planePositionSequence, items: [position])
                group.set(.frameVOILUTSequence, items: [window])
                return group
            })
        header.set(.numberOfFrames, .is, ints: [frames])
        var instance = Slice(number: 1, z: nil).instance
        instance.frames = .native(offset: 0, frameBytes: 48, numberOfFrames: frames, totalBytes: 48 * frames)
        let found = ViewingSeries(merging: [ViewingSeries(header, instance)])
        #expect(found.frames.map { $0.position?.z } == [3, 2, 1])
        #expect(found.frames.map { found.displays[$0.display].windows.first?.center } == [40, 41, 42])
    }
}

@Suite struct `Viewing manifest spacing (PS3.3 10.7)` {
    private func spacing(_ modality: String, _ change: @escaping (inout DataSet) -> Void) -> ViewingSpacing {
        let slice = Slice(number: 1, z: nil) { header in
            header.set(.modality, .cs, modality)
            header[.imageOrientationPatient] = nil
            header[.pixelSpacing] = nil
            change(&header)
        }
        return series([slice]).stacks[0].spacing
    }

    @Test func `equal detector and pixel spacing of a projection is the detector's`() {
        let found = spacing("DX") {
            $0.set(.pixelSpacing, .ds, doubles: [0.14, 0.14])
            $0.set(.imagerPixelSpacing, .ds, doubles: [0.14, 0.14])
        }
        #expect(found.source == .imagerSpacing)
    }

    @Test func `a pixel spacing that differs from the detector's is a calibration`() {
        let found = spacing("DX") {
            $0.set(.pixelSpacing, .ds, doubles: [0.1, 0.1])
            $0.set(.imagerPixelSpacing, .ds, doubles: [0.14, 0.14])
        }
        #expect(found.source == .pixelSpacingCalibrated)
        #expect(found.rows == 0.1)
    }

    @Test func `the estimated magnification corrects the detector's spacing`() {
        let found = spacing("MG") {
            $0.set(.imagerPixelSpacing, .ds, doubles: [0.1, 0.1])
            $0.set(.estimatedRadiographicMagnificationFactor, .ds, doubles: [1.25])
        }
        #expect(found.source == .imagerSpacingCorrected)
        #expect(found.rows.map { abs($0 - 0.08) < 1e-12 } == true)
        #expect(found.magnification == 1.25)
    }

    @Test func `without any spacing there are no millimetres, and the aspect ratio counts`() {
        let found = spacing("OT") { $0.set(.pixelAspectRatio, .is, ints: [2, 1]) }
        #expect(found.source == .none)
        #expect(found.rows == nil)
        #expect(found.aspect == 2)
    }

    @Test(arguments: [[0.0, 0.5], [-1.0, 1.0], [Double.nan, 1.0]]) func `spacings that cannot be are none`(_ values: [Double]) {
        let found = spacing("CT") { $0.set(.pixelSpacing, .ds, doubles: values) }
        #expect(found.source == .none)
    }
}

@Suite struct `Viewing manifest display values` {
    @Test func `padding of the other sign means the same stored bits`() {
        let signed = series([
            Slice(number: 1, z: 0) {
                $0.set(.pixelRepresentation, .us, ints: [1])
                $0.set(.pixelPaddingValue, .us, ints: [63_536])
            }
        ])
        #expect(signed.displays[0].padding == [-2000, -2000])
    }

    @Test func `MONOCHROME1 and an INVERSE shape together invert once`() {
        let found = series([
            Slice(number: 1, z: 0) {
                $0.set(.photometricInterpretation, .cs, "MONOCHROME1")
                $0.set(.presentationLUTShape, .cs, "INVERSE")
            }
        ])
        #expect(found.displays[0].presentationShape == "INVERSE")
    }

    @Test func `points in time follow each other across midnight and leap days`() {
        let before = ViewingTime.milliseconds("20240228235959.5")
        let after = ViewingTime.milliseconds("20240229000000.25+0800")
        let difference: Double? = if let before, let after { Double(after) - Double(before) } else { nil }
        #expect(difference == 750)
        #expect(ViewingTime.milliseconds("2024") == nil)
        #expect(ViewingTime.milliseconds("abcdefgh") == nil)
    }
}

@Suite struct `Viewing stream order` {
    @Test func `every frame is sent once, the one asked for first`() {
        for schedule in [FrameSchedule.spread, .forward] {
            for (first, count) in [(0, 1), (0, 300), (150, 300), (299, 300), (900, 7), (-3, 7)] {
                let order = schedule.frames(from: first, in: 0..<count)
                #expect(order.sorted() == Array(0..<count))
                #expect(order.first == min(max(first, 0), count - 1))
            }
        }
        #expect(FrameSchedule.spread.frames(from: 0, in: 5..<5) == [])
    }

    @Test func `after 50 of 300 frames no slice is farther than 8 from one that is there`() {
        let there = FrameSchedule.spread.frames(from: 120, in: 0..<300).prefix(50)
        for index in 0..<300 { #expect(there.contains { abs($0 - index) <= 8 }, "frame \(index)") }
    }

    @Test func `the kept order reads back, damage does not crash`() {
        let order = FrameOrder(series((1...20).map { Slice(number: $0, z: Double($0)) }))
        let bytes = order.encoded
        #expect(FrameOrder(encoded: bytes) == order)
        for length in 0..<bytes.count { #expect(FrameOrder(encoded: Array(bytes.prefix(length))) == nil) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var torn = bytes
            torn[Int.random(in: torn.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            _ = FrameOrder(encoded: torn)
        }
    }
}
