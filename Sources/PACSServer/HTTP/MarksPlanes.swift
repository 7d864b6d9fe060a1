import Archive
import DICOMCore
import DICOMObjects
import Synchronization

/// The planes of a study's images in patient space, made from the manifests when first asked for.
final class ImagePlanes: Sendable {
    private struct Plane: Sendable {
        var frameOfReference: String
        var image: InstanceReference
        var origin: ViewingVector
        /// Direction along a row and along a column.
        var row: ViewingVector
        var column: ViewingVector
        /// Distance between rows and between columns, mm.
        var spacing: (row: Double, column: Double)
    }

    private let instances: [StoredInstance]
    private let catalogue: ViewingCatalogue
    private let planes = Mutex<[Plane]?>(nil)

    /// Farther away than this, positions are not on an image, mm.
    private static let toleranceMM = 0.5

    init(_ instances: [StoredInstance], _ catalogue: ViewingCatalogue) {
        self.instances = instances
        self.catalogue = catalogue
    }

    /// The image nearest to all positions, and where they lie in it. Blocking.
    func find(_ frameOfReferenceUID: String, _ positions: [Double]) -> (InstanceReference, [ImagePoint])? {
        let vectors = stride(from: 0, to: positions.count - 2, by: 3).compactMap { ViewingVector(positions, at: $0) }
        guard !vectors.isEmpty else { return nil }
        let all = planes.withLock { known in
            let made = known ?? make()
            known = made
            return made
        }
        var best: (plane: Plane, distance: Double)?
        for plane in all where plane.frameOfReference == frameOfReferenceUID {
            let normal = plane.row.cross(plane.column)
            let distance = vectors.map { abs(($0 - plane.origin).dot(normal)) }.max() ?? .infinity
            if distance <= Self.toleranceMM, distance < best?.distance ?? .infinity { best = (plane, distance) }
        }
        guard let plane = best?.plane else { return nil }
        let points = vectors.map { vector in
            let offset = vector - plane.origin
            return ImagePoint(column: offset.dot(plane.row) / plane.spacing.column, row: offset.dot(plane.column) / plane.spacing.row)
        }
        return (plane.image, points)
    }

    private func make() -> [Plane] {
        Dictionary(grouping: instances.filter { $0.classKind == .image }, by: \.seriesInstanceUID).values.flatMap { group in
            (try? JSONParser.parse(catalogue.series(group).text[...])).map { Self.planes(of: $0) } ?? []
        }
    }

    private static func planes(of manifest: JSONNode) -> [Plane] {
        let positions = (manifest["frames"]?["position"]?.array ?? []).map { $0.double ?? .nan }
        let frames = manifest["frames"] ?? .null
        let list = manifest["instances"] ?? .null
        var planes: [Plane] = []
        for stack in manifest["stacks"]?.array ?? [] {
            let orientation = (stack["orientation"]?.array ?? []).compactMap(\.double)
            let spacing = (stack["spacing"]?.array ?? []).compactMap(\.double)
            guard orientation.count == 6, spacing.count == 2, spacing.allSatisfy({ $0 > 0 }), let first = stack["first"]?.int,
                let count = stack["count"]?.int, first >= 0, count >= 0, let row = ViewingVector(orientation),
                let column = ViewingVector(orientation, at: 3), let reference = stack["frameOfReference"]?.string
            else { continue }
            for index in first..<first + count {
                guard let origin = ViewingVector(positions, at: 3 * index), let place = entry(frames["instance"], index)?.int,
                    let uid = entry(list["sopInstanceUID"], place)?.string
                else { continue }
                let frameCount = entry(list["numberOfFrames"], place)?.int ?? 1
                let image = InstanceReference(
                    sopClassUID: entry(list["sopClassUID"], place)?.string ?? "", sopInstanceUID: uid,
                    frameNumbers: frameCount > 1 ? [entry(frames["number"], index)?.int ?? 1] : [])
                planes.append(
                    Plane(
                        frameOfReference: reference, image: image, origin: origin, row: row, column: column,
                        spacing: (spacing[0], spacing[1])))
            }
        }
        return planes
    }

    /// A column is a list, or one value when all entries are equal.
    private static func entry(_ node: JSONNode?, _ index: Int) -> JSONNode? {
        guard let list = node?.array else { return node }
        return list.indices.contains(index) ? list[index] : nil
    }
}
