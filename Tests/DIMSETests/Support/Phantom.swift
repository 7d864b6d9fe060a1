import DICOMCore
import Foundation

/// Instances made in code.
enum Phantom {
    static let studyInstanceUID = "2.25.1001"
    static let seriesInstanceUID = "2.25.1002"

    /// A CT slice of `size`² pixels whose values follow from `number`.
    static func ct(number: Int, size: Int = 64) -> DataSet {
        var dataSet = DataSet()
        dataSet.set(.sopClassUID, .ui, UID.ctImageStorage)
        dataSet.set(.sopInstanceUID, .ui, instanceUID(number))
        dataSet.set(.studyDate, .da, "20240229")
        dataSet.set(.studyTime, .tm, "120000")
        dataSet.set(.accessionNumber, .sh, "A\(number)")
        dataSet.set(.modality, .cs, "CT")
        dataSet.setEmpty(.referringPhysicianName, .pn)
        dataSet.set(.patientName, .pn, "Phantom^Test")
        dataSet.set(.patientID, .lo, "PH-1")
        dataSet.setEmpty(.patientBirthDate, .da)
        dataSet.setEmpty(.patientSex, .cs)
        dataSet.set(.studyInstanceUID, .ui, studyInstanceUID)
        dataSet.set(.seriesInstanceUID, .ui, seriesInstanceUID)
        dataSet.set(.studyID, .sh, "1")
        dataSet.set(.seriesNumber, .is, ints: [1])
        dataSet.set(.instanceNumber, .is, ints: [number])
        dataSet.set(.samplesPerPixel, .us, ints: [1])
        dataSet.set(.photometricInterpretation, .cs, "MONOCHROME2")
        dataSet.set(.rows, .us, ints: [size])
        dataSet.set(.columns, .us, ints: [size])
        dataSet.set(.bitsAllocated, .us, ints: [16])
        dataSet.set(.bitsStored, .us, ints: [12])
        dataSet.set(.highBit, .us, ints: [11])
        dataSet.set(.pixelRepresentation, .us, ints: [0])
        let pixels = (0..<size * size).flatMap { index -> [UInt8] in
            let value = (index &* 31 &+ number &* 7) & 0xFFF
            return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        }
        dataSet[.pixelData] = DataElement(.pixelData, .ow, bytes: pixels[...])
        return dataSet
    }

    static func instanceUID(_ number: Int) -> String { "2.25.2000.\(number)" }

    static func encoded(_ dataSet: DataSet, _ syntax: TransferSyntax = .explicitVRLittleEndian) throws -> [UInt8] {
        try DataSetWriter(syntax: syntax).write(dataSet)
    }

    /// Writes Part 10 files and returns their paths.
    static func writeFiles(_ numbers: Range<Int>, size: Int = 64, in folder: URL) throws -> [String] {
        try numbers.map { number in
            let file = Part10File(dataSet: ct(number: number, size: size), syntax: .explicitVRLittleEndian)
            let url = folder.appendingPathComponent("ct-\(number).dcm")
            try Data(try file.encoded()).write(to: url)
            return url.path
        }
    }
}

/// A folder that lives as long as the test.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("apus-dimse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
