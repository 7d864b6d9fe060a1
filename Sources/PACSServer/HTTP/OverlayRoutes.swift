import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import Hummingbird
import SecurityProfiles

/// What is laid over images by place: overlay planes of the images themselves, segmentations, contours
/// (Documentation/presentation.md).
struct OverlayRoutes: Sendable {
    let pacs: PACS

    /// Numbers of runs in one answer.
    private static let maximumRuns = 20_000_000
    /// Coordinates of contours in one answer.
    private static let maximumCoordinates = 6_000_000
    /// Image frames whose overlays are in one answer.
    private static let maximumFrames = 256

    func add(to router: Router<WebContext>) {
        router.get("api/studies/:study/overlays/:instance") { request, context in
            try context.require(.studyView)
            return try await overlays(request, context)
        }
        router.get("api/studies/:study/segmentations/:instance") { request, context in
            try context.require(.studyView)
            return try await segmentation(request, context)
        }
        router.get("api/studies/:study/contours/:instance") { request, context in
            try context.require(.studyView)
            return try await contours(request, context)
        }
    }

    private func instance(_ context: WebContext, _ isWanted: (StoredInstance) -> Bool) async throws -> StoredInstance {
        let content = try await StudyContent(try context.parameters.require("study"), pacs)
        guard let instance = content[try context.parameters.require("instance")], isWanted(instance) else {
            throw WebFault(.notFound, "instance", "There is no such object in this study.")
        }
        return instance
    }

    // MARK: Overlay planes

    /// `frames=first-last`, by default the first 32.
    private static func frames(_ request: Request) throws -> ClosedRange<Int> {
        guard let text = request.uri.queryParameters["frames"] else { return 1...32 }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let low = ends.first ?? nil, let high = ends.last ?? nil, ends.count <= 2, low >= 1, high >= low, high - low < maximumFrames
        else {
            throw WebFault(.badRequest, "parameter", "frames must be first-last, at most \(maximumFrames) frames.")
        }
        return low...high
    }

    private func overlays(_ request: Request, _ context: WebContext) async throws -> Response {
        let instance = try await instance(context) { $0.frames.numberOfFrames > 0 }
        let wanted = try Self.frames(request)
        let reader = pacs.reader
        let json = try await pacs.pool.run { () throws -> [UInt8] in
            let opened = try reader.open(instance)
            var (planes, unreadable) = OverlayPlane.planes(of: opened.header)
            var runs: [Int: [(frameNumber: Int, runs: [Int])]] = [:]
            var total = 0
            let last = min(wanted.upperBound, instance.frames.numberOfFrames)
            for number in wanted where number <= last {
                // What cannot be decoded has no picture to lay anything over either.
                let pixels = planes.contains(where: \.isInPixelWords) ? try? opened.nativeFrame(number) : nil
                for plane in planes where !unreadable.contains(plane.group) {
                    guard plane.frame(over: number) != nil else { continue }
                    guard let own = plane.runs(over: number, pixels: pixels) else {
                        unreadable.append(plane.group)
                        continue
                    }
                    total += own.count
                    guard total <= Self.maximumRuns else {
                        throw WebFault(.contentTooLarge, "tooMuch", "The overlays are too large for one answer.", remedy: "Ask for fewer frames.")
                    }
                    runs[plane.group, default: []].append((number, own))
                }
            }
            planes.removeAll { unreadable.contains($0.group) }
            return JSONNode([
                .init("sopInstanceUID", JSONNode(instance.sopInstanceUID)),
                .init("planes", JSONNode(planes.map { $0.json(frames: runs[$0.group] ?? []) })),
                .init("unreadable", JSONNode(unreadable.map { JSONNode($0) })),
            ]).encoded()
        }
        return MarksRoutes.response(.ok, json)
    }

    // MARK: Masks

    private func segmentation(_ request: Request, _ context: WebContext) async throws -> Response {
        let instance = try await instance(context) { $0.classKind == .segmentation }
        let wanted = request.uri.queryParameters["segment"].flatMap { Int($0) }
        let isList = request.uri.queryParameters["masks"] == "none"
        let reader = pacs.reader
        let json = try await pacs.pool.run { () throws -> [UInt8] in
            let opened = try reader.open(instance)
            let segmentation: Segmentation
            do { segmentation = try Segmentation(opened.header) } catch { throw WebFault(.notAcceptable, "object", "\(error).") }
            guard !isList else { return segmentation.json(runs: []).encoded() }
            var runs: [[Int]?] = []
            var total = 0
            let count = min(segmentation.frames.count, instance.frames.numberOfFrames)
            for (index, frame) in segmentation.frames.prefix(count).enumerated() {
                guard wanted == nil || frame.segmentNumber == nil || frame.segmentNumber == wanted else {
                    runs.append(nil)
                    continue
                }
                let native = try opened.nativeFrame(index + 1)
                let own = segmentation.runs(frame: native.bytes, bitsAllocated: opened.header.int(.bitsAllocated) ?? 8)
                total += own.count
                guard total <= Self.maximumRuns else {
                    throw WebFault(.contentTooLarge, "tooMuch", "The masks are too large for one answer.", remedy: "Ask for one segment at a time.")
                }
                runs.append(own)
            }
            return segmentation.json(runs: runs).encoded()
        }
        return MarksRoutes.response(.ok, json)
    }

    // MARK: Contours

    private func contours(_ request: Request, _ context: WebContext) async throws -> Response {
        let instance = try await instance(context) { $0.sopClassUID == UID.rtStructureSetStorage }
        let wanted = request.uri.queryParameters["region"].flatMap { Int($0) }
        let isList = request.uri.queryParameters["points"] == "none"
        let reader = pacs.reader
        let json = try await pacs.pool.run { () throws -> [UInt8] in
            var set: StructureSet
            do { set = try StructureSet(reader.header(of: instance)) } catch let error as DocumentError {
                throw WebFault(.notAcceptable, "object", "\(error).")
            }
            for index in set.regions.indices where isList || (wanted != nil && set.regions[index].number != wanted) {
                set.regions[index].contours = []
            }
            let total = set.regions.reduce(0) { $0 + $1.contours.reduce(0) { $0 + $1.coordinates.count } }
            guard total <= Self.maximumCoordinates else {
                throw WebFault(.contentTooLarge, "tooMuch", "The contours are too large for one answer.", remedy: "Ask for one region at a time.")
            }
            return set.json.encoded()
        }
        return MarksRoutes.response(.ok, json)
    }
}
