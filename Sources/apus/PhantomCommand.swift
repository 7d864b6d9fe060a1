import ArgumentParser
import DICOMCore
import DICOMObjects
import Foundation

struct PhantomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom", abstract: "Write a synthetic series with known geometry and values.",
        discussion: """
            A water cylinder of 100 mm radius with rods of bone (1000 HU), fat (-100), lung (-800) and contrast (300) along z.
            Kinds: ct, mr, cr, us, enhanced-ct, or all. Equal seeds give equal files.
            """)
    @Argument(help: "ct, mr, cr, us, enhanced-ct or all.") var kind: String
    @Option(name: .shortAndLong, help: "Folder to write to.") var output = "."
    @Option(help: "Images of the series, frames of an enhanced object.") var images = 20
    @Option(help: "Rows and columns.") var matrix = 512
    @Option(help: ArgumentHelp("Pixel spacing.", valueName: "mm")) var spacing = 0.5
    @Option(help: ArgumentHelp("Distance between slices.", valueName: "mm")) var sliceSpacing = 2.0
    @Option(help: "Uniform noise, stored units.") var noise = 0
    @Option(help: "Names the UIDs and the noise.") var seed: UInt64 = 1
    @Option(help: "Patient's name, e.g. Wang^XiaoDong=王^小东.") var patientName = "Phantom^Apus=雨燕^体模"
    @Option(help: "Patient ID.") var patientID = "APUS-PHANTOM"
    @Option(help: "Study date, YYYYMMDD.") var date = "20260101"

    func run() async throws {
        try await reporting {
            let kinds = kind == "all" ? Phantom.Kind.allCases : Phantom.Kind(rawValue: kind).map { [$0] } ?? []
            guard !kinds.isEmpty else {
                throw CommandFault("\(kind): expected \(Phantom.Kind.allCases.map(\.rawValue).joined(separator: ", ")) or all.", ExitCode(64))
            }
            guard (1...100_000).contains(images), (8...8192).contains(matrix), (0.001...1000).contains(spacing), (0.001...1000).contains(sliceSpacing),
                (0...2000).contains(noise)
            else {
                throw CommandFault("--images 1…100000, --matrix 8…8192, spacings of 0.001…1000 mm and --noise 0…2000 are needed.", ExitCode(64))
            }
            var count = 0
            for kind in kinds {
                let folder = kinds.count > 1 ? output + "/" + kind.rawValue : output
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let phantom = Phantom(
                    kind: kind, matrix: matrix, numberOfImages: images, pixelSpacingMM: spacing,
                    sliceSpacingMM: sliceSpacing, patientName: patientName, patientID: patientID, studyDate: date,
                    noise: noise, seed: seed)
                var number = 0
                try phantom.generate { dataSet in
                    number += 1
                    let bytes = try Part10File(dataSet: dataSet, syntax: .explicitVRLittleEndian).encoded()
                    let name = String(format: "%@-%05d.dcm", kind.rawValue, number)
                    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
                }
                count += number
            }
            print("\(count) files written to \(output).")
        }
    }
}
