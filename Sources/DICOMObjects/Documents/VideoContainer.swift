/// What the encapsulated stream of a video is wrapped in (PS3.5 §8.2.5 to 8.2.14), told from its first bytes.
///
/// Pages can play the ISO base media format only; other streams are given as files.
public enum VideoContainer: String, Hashable, Sendable, CaseIterable {
    /// ISO base media file format: MP4, QuickTime.
    case mp4
    case mpegTransportStream
    case mpegProgramStream
    /// MPEG-2, AVC or HEVC without a container.
    case elementaryStream
    case matroska
    case unknown

    /// Enough of a stream to tell it.
    public static let bytesNeeded = 512

    /// - Parameter start: the first bytes of the stream, ``bytesNeeded`` or all of a shorter one.
    public init(_ start: [UInt8]) {
        func isSync(_ first: Int) -> Bool { first + 188 < start.count && start[first] == 0x47 && start[first + 188] == 0x47 }
        // Blu-ray streams have four bytes before each packet.
        func isLongSync() -> Bool { start.count > 196 && start[4] == 0x47 && start[196] == 0x47 }
        if start.count >= 8, Self.boxes.contains(Array(start[4..<8])) {
            self = .mp4
        } else if isSync(0) || isLongSync() {
            self = .mpegTransportStream
        } else if start.starts(with: [0, 0, 1, 0xBA]) {
            self = .mpegProgramStream
        } else if start.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self = .matroska
        } else if start.starts(with: [0, 0, 1]) || start.starts(with: [0, 0, 0, 1]) {
            self = .elementaryStream
        } else {
            self = .unknown
        }
    }

    private static let boxes = ["ftyp", "moov", "mdat", "free", "skip", "wide", "pnot", "styp"].map { Array($0.utf8) }

    public var mediaType: String {
        switch self {
        case .mp4: "video/mp4"
        case .mpegTransportStream: "video/mp2t"
        case .mpegProgramStream: "video/mpeg"
        case .matroska: "video/x-matroska"
        case .elementaryStream, .unknown: "application/octet-stream"
        }
    }

    /// Without the dot.
    public var fileExtension: String {
        switch self {
        case .mp4: "mp4"
        case .mpegTransportStream: "ts"
        case .mpegProgramStream: "mpg"
        case .matroska: "mkv"
        case .elementaryStream: "es"
        case .unknown: "bin"
        }
    }
}
