import Foundation

/// What independent programs make of the same inputs; see `Reference/make-tables.py`.
struct ReferenceTables: Decodable {
    struct Grey: Decodable {
        let slope, intercept, center, width: Double
        let function: String
        let stored: [Int]
        let grey: [UInt8]
    }

    struct LookUp: Decodable {
        let first, bits: Int
        let entries: [UInt16]
        let stored: [Int]
        let grey: [UInt8]
        let modality: [Double]
    }

    struct Presentation: Decodable {
        let bits: Int
        let entries: [UInt16]
        let stored: [Int]
        let grey, inverse: [UInt8]
    }

    struct Segmented: Decodable {
        let data, entries: [UInt16]
    }

    struct Overlay: Decodable {
        let rows, columns: Int
        let origin: [Int]
        let bytes: [UInt8]
        let mask: String
    }

    struct Region: Decodable {
        let shape: String
        let numbers: [Double]
        let slope, intercept: Double
        let mask: String
        let count, padding: Int64
        let mean, deviation, sum, minimum, maximum: Double
        let minimumAt, maximumAt: [Int]
        let bins: [UInt32]
    }

    struct Regions: Decodable {
        let image: [Int16]
        let padding: Int64
        let cases: [Region]
        let percentiles: [Double]
        let range: [Int64]
    }

    struct Picture: Decodable {
        let interpolation: String
        let affine: [Double]
        let values: [Double]
    }

    struct Pictures: Decodable {
        let image: [UInt8]
        let columns, rows, width, height: Int
        let cases: [Picture]
    }

    struct Plane: Decodable {
        let name, projection: String
        let thickness: Double
        let origin, right, down: [Double]
        let values: [Double]
    }

    struct Planes: Decodable {
        let columns, rows, slices, width, height: Int
        let spacing: [Double]
        let volume: [Int16]
        let cases: [Plane]
    }

    let grey: [Grey]
    let tables: [LookUp]
    let presentation: [Presentation]
    let luminances: [[Double]]
    let colorMaps: [String: String]
    let segmented: [Segmented]
    let overlay: Overlay
    let regions: Regions
    let display: Pictures
    let reformat: Planes

    static func load() throws -> Self {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/tables.json")
        return try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }
}
