import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite

/// The frames of one series in one answer, in the order the viewer needs them (Documentation/viewing.md, stream).
struct FrameStream: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue

    private static let mediaType = "application/vnd.apus.frames"
    private static let opening = "APUSFRM1"
    /// Bytes that may be read and decoded ahead of the connection.
    private static let aheadBytes = 24 << 20
    private static let aheadFrames = 6

    func answer(_ study: String, _ series: String, _ request: Request) async throws -> Response {
        let asked = try FrameStreamRequest(request)
        let instances = try await pacs.pool.run { [index = pacs.directory.index] in
            try index.instances(.series(study: study, [series]), includingConflicts: false)
        }
        guard !instances.isEmpty else { throw WebFault(.notFound, "series", "There is no such series.") }
        let prepared = try await catalogue.series(instances, on: pacs.pool)
        guard asked.revision == nil || asked.revision == prepared.revision else {
            throw WebFault(.conflict, "changed", "The series has changed since its manifest was read.", remedy: "Read the manifest again.")
        }
        let order = prepared.order
        let frames = asked.frames(of: order.frames.count).filter { order.frames[$0].instance < instances.count }
        let delivery = FrameDelivery(
            reader: pacs.reader, codecs: asked.codecs, wantsPreviews: asked.wantsPreviews, previews: catalogue.previews)
        let work = FrameWork(instances: instances, order: order, delivery: delivery)
        return Response(
            status: .ok, headers: [.contentType: Self.mediaType, .cacheControl: "no-store"], body: body(frames, work))
    }

    /// Frames are made a few ahead of the connection, so that both reading and decoding overlap with sending. When the
    /// client goes, writing fails, the tasks are cancelled, and at most those few frames were made in vain.
    private func body(_ frames: [Int], _ work: FrameWork) -> ResponseBody {
        let pool = pacs.pool
        return ResponseBody { output in
            try await output.write(ByteBuffer(string: Self.opening))
            let depth = Self.depth(work.order)
            var next = 0
            var waiting: [Task<[ByteBuffer], any Error>] = []
            defer { for task in waiting { task.cancel() } }
            while next < frames.count || !waiting.isEmpty {
                while next < frames.count, waiting.count < depth {
                    let index = frames[next]
                    next += 1
                    // A kept preview goes out while the frame itself is still being read.
                    let preview = Task { try await work.mayHavePreview(index) ? pool.run { work.keptPreview(index) } : [] }
                    waiting.append(preview)
                    waiting.append(
                        Task {
                            let isSent = try await !preview.value.isEmpty
                            return try await pool.run { work.messages(index, previewIsSent: isSent) }
                        })
                }
                for message in try await waiting.removeFirst().value { try await output.write(message) }
            }
            try await output.write(FrameWork.end)
            try await output.finish(nil)
        }
    }

    private static func depth(_ order: FrameOrder) -> Int {
        let largest = order.formats.map { max(1, $0.rows * $0.columns * $0.samplesPerPixel * max(1, $0.bitsAllocated / 8)) }.max() ?? 1
        return min(max(aheadBytes / largest, 2), aheadFrames)
    }
}

/// What the address asks for.
struct FrameStreamRequest {
    var revision: String?
    private var first: Int
    private var schedule: FrameSchedule
    private var have: [ClosedRange<Int>]
    private var range: ClosedRange<Int>?
    var codecs: Set<DeliveredFrame.Codec>
    var wantsPreviews: Bool

    private static let maximumRanges = 10_000

    init(_ request: Request) throws {
        let parameters = request.uri.queryParameters
        revision = parameters["revision"].map(String.init)
        first = parameters["from"].flatMap { Int($0) } ?? 0
        let order = parameters["order"].map(String.init) ?? FrameSchedule.spread.rawValue
        guard let schedule = FrameSchedule(rawValue: order) else {
            throw WebFault(.badRequest, "parameter", "There is no such order.", remedy: "One of spread, forward.")
        }
        self.schedule = schedule
        have = try Self.ranges(parameters["have"].map(String.init) ?? "", "have")
        range = try Self.ranges(parameters["range"].map(String.init) ?? "", "range").first
        let names = (parameters["codecs"].map(String.init) ?? "").split(separator: ",").map(String.init)
        codecs = Set(DeliveredFrame.Codec.allCases.filter { names.contains($0.name) })
        wantsPreviews = parameters["preview"].map(String.init) == "1"
    }

    /// Indices to send, in order.
    func frames(of count: Int) -> [Int] {
        let whole = 0..<count
        let wanted = range.map { whole.clamped(to: $0.lowerBound..<($0.upperBound == Int.max ? Int.max : $0.upperBound + 1)) } ?? whole
        var held = Array(repeating: false, count: count)
        for range in have { for index in whole.clamped(to: range.lowerBound..<min(range.upperBound, Int.max - 1) + 1) { held[index] = true } }
        return schedule.frames(from: first, in: wanted).filter { !held[$0] }
    }

    private static func ranges(_ text: String, _ name: String) throws -> [ClosedRange<Int>] {
        let parts = text.split(separator: ",")
        guard parts.count <= maximumRanges else { throw malformed(name) }
        return try parts.map { part in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let low = ends.first.flatMap({ $0 }), let high = ends.last.flatMap({ $0 }), ends.count <= 2, low >= 0, high >= low else {
                throw malformed(name)
            }
            return low...high
        }
    }

    private static func malformed(_ name: String) -> WebFault {
        WebFault(.badRequest, "parameter", "\(name) is no list of ranges.", remedy: "For example 0-17,40.")
    }
}

/// Makes the messages of one series.
struct FrameWork: Sendable {
    let instances: [StoredInstance]
    let order: FrameOrder
    let delivery: FrameDelivery

    private enum Kind: UInt8 { case frame = 0, failure = 1, end = 2 }

    func mayHavePreview(_ index: Int) -> Bool {
        delivery.wantsPreviews && FrameDelivery.isLarge(order.formats[order.frames[index].format])
    }

    /// Blocking. Nothing when no preview was prepared.
    func keptPreview(_ index: Int) -> [ByteBuffer] {
        let frame = order.frames[index]
        let preview = delivery.keptPreview(
            of: instances[frame.instance], number: frame.number, format: order.formats[frame.format])
        return preview.map { [Self.message(index, $0)] } ?? []
    }

    /// Blocking. What cannot be read becomes a message that says why.
    func messages(_ index: Int, previewIsSent: Bool) -> [ByteBuffer] {
        let frame = order.frames[index]
        do throws(RetrieveError) {
            return try delivery.frames(
                of: instances[frame.instance], number: frame.number, format: order.formats[frame.format],
                previewIsSent: previewIsSent
            ).map { Self.message(index, $0) }
        } catch {
            var text = ""
            JSONValue.object(["code": .string(Self.code(error)), "message": .string(error.description)]).write(to: &text)
            var buffer = Self.header(.failure, index, bytes: text.utf8.count)
            buffer.writeString(text)
            return [buffer]
        }
    }

    static var end: ByteBuffer { header(.end, 0, bytes: 0) }

    private static func code(_ error: RetrieveError) -> String {
        switch error {
        case .storage(.damaged), .unreadable: "damaged"
        case .storage(.notFound): "missing"
        case .storage: "storage"
        case .image(.unsupportedTransferSyntax(uid: _)), .cannotTranscode: "unsupported"
        case .image: "image"
        }
    }

    private static func message(_ index: Int, _ frame: DeliveredFrame) -> ByteBuffer {
        var buffer = header(.frame, index, bytes: frame.payload.count, frame)
        buffer.writeBytes(frame.payload)
        return buffer
    }

    private static let photometrics = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB"]

    private static func header(_ kind: Kind, _ index: Int, bytes: Int, _ frame: DeliveredFrame? = nil) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 24 + bytes)
        buffer.writeInteger(UInt32(clamping: bytes), endianness: .little)
        buffer.writeInteger(UInt32(clamping: index), endianness: .little)
        let format = frame?.format ?? ViewingPixels()
        let flags: UInt8 = (format.isSigned ? 2 : 0) | (format.isFloat ? 4 : 0)
        buffer.writeBytes([
            kind.rawValue, frame?.codec.rawValue ?? 0, frame?.level ?? 0, flags, UInt8(clamping: format.bitsAllocated),
            UInt8(clamping: format.bitsStored), UInt8(clamping: format.samplesPerPixel),
            UInt8(photometrics.firstIndex(of: format.photometric) ?? 1),
        ])
        buffer.writeInteger(UInt32(clamping: format.rows), endianness: .little)
        buffer.writeInteger(UInt32(clamping: format.columns), endianness: .little)
        return buffer
    }
}
