/// Why a body is not `multipart/related`. Offsets are bytes from the start of the body.
public enum MultipartError: Error, Hashable, Sendable {
    /// Empty, longer than 70 characters, or with others than RFC 2046 §5.1.1 allows.
    case invalidBoundary
    case preambleTooLong(limit: Int)
    case headerTooLong(limit: Int, offset: Int)
    case malformedHeader(offset: Int)
    case tooManyParts(limit: Int, offset: Int)
    /// The input ended before the closing delimiter.
    case truncated(offset: Int)
}

/// The header fields of one part.
public struct PartHeaders: Hashable, Sendable {
    /// Names in lower case, in order.
    public let fields: [(name: String, value: String)]

    public init(_ fields: [(name: String, value: String)]) { self.fields = fields }

    public static func == (lhs: PartHeaders, rhs: PartHeaders) -> Bool {
        lhs.fields.elementsEqual(rhs.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        for field in fields {
            hasher.combine(field.name)
            hasher.combine(field.value)
        }
    }

    /// The first field of that name, in lower case.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// `nil` when absent or unreadable.
    public var contentType: MediaType? { self["content-type"].flatMap { MediaType(parsing: $0) } }
    public var contentLocation: String? { self["content-location"] }
    /// Without the angle brackets.
    public var contentID: String? {
        self["content-id"].map { $0.hasPrefix("<") && $0.hasSuffix(">") ? String($0.dropFirst().dropLast()) : $0 }
    }
}

/// Reads `multipart` bodies piece by piece (RFC 2046 §5.1): feed bytes as they arrive, get events.
///
/// Holds back no more than a delimiter's length of body, or one part's header, whatever the sizes of pieces and parts.
public struct MultipartReader: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Of all header fields of one part.
        public var maximumHeaderBytes = 16_384
        public var maximumParts = 1_000_000
        /// Before the first delimiter.
        public var maximumPreambleBytes = 65_536

        public init() {}
        public static let `default` = Limits()
    }

    public enum Event: Hashable, Sendable {
        case partBegan(PartHeaders)
        case body(ArraySlice<UInt8>)
        case partEnded
        /// The closing delimiter; what follows is passed over.
        case finished
    }

    private enum State { case preamble, delimiter(followsPart: Bool), header, body, epilogue }

    private static let maximumPadding = 64

    private let delimiter: [UInt8]
    private let limits: Limits
    private var state = State.preamble
    /// Bytes not yet understood, at most a header or a delimiter with padding.
    private var pending: [UInt8] = [0x0D, 0x0A]
    private var partCount = 0
    private var preambleBytes = 0
    /// Bytes taken before `pending`. The first delimiter needs no line end before it: one is put there.
    private var offset = -2

    public init(boundary: String, limits: Limits = .default) throws(MultipartError) {
        let bytes = Array(boundary.utf8)
        guard (1...70).contains(bytes.count), bytes.last != 0x20, bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .invalidBoundary
        }
        delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + bytes
        self.limits = limits
    }

    /// For the `Content-Type` of a request; `nil` parameter `boundary` is an invalid one.
    public init(contentType: MediaType, limits: Limits = .default) throws(MultipartError) {
        try self.init(boundary: contentType["boundary"] ?? "", limits: limits)
    }

    /// Takes the next bytes. After an error the reader is of no more use.
    public mutating func feed(_ chunk: ArraySlice<UInt8>) throws(MultipartError) -> [Event] {
        var input = pending.isEmpty ? chunk : (pending + chunk)[...]
        pending = []
        var events: [Event] = []
        while try step(&input, &events) {}
        pending = Array(input)
        return events
    }

    /// To be called at the end of input.
    public func finish() throws(MultipartError) {
        guard case .epilogue = state else { throw .truncated(offset: offset + pending.count) }
    }

    /// - Returns: `false` when more input is needed.
    private mutating func step(_ input: inout ArraySlice<UInt8>, _ events: inout [Event]) throws(MultipartError) -> Bool {
        switch state {
        case .preamble: return try readPreamble(&input)
        case .delimiter(let followsPart): return try readDelimiter(&input, followsPart, &events)
        case .header: return try readHeader(&input, &events)
        case .body: return readBody(&input, &events)
        case .epilogue:
            drop(input.count, from: &input)
            return false
        }
    }

    private mutating func drop(_ count: Int, from input: inout ArraySlice<UInt8>) {
        input = input.dropFirst(count)
        offset += count
    }

    /// Where the delimiter starts, or where something starts that more input could make one.
    private func find(in input: ArraySlice<UInt8>) -> (index: Int, isComplete: Bool) {
        var rest = input
        while let start = rest.firstIndex(of: 0x0D) {
            let candidate = input[start...].prefix(delimiter.count)
            if delimiter.starts(with: candidate) { return (start, candidate.count == delimiter.count) }
            rest = input[(start + 1)...]
        }
        return (input.endIndex, false)
    }

    private mutating func readPreamble(_ input: inout ArraySlice<UInt8>) throws(MultipartError) -> Bool {
        let (index, isComplete) = find(in: input)
        preambleBytes += index - input.startIndex
        guard preambleBytes <= limits.maximumPreambleBytes else {
            throw .preambleTooLong(limit: limits.maximumPreambleBytes)
        }
        drop(index - input.startIndex, from: &input)
        if isComplete { state = .delimiter(followsPart: false) }
        return isComplete
    }

    /// What stands after the delimiter decides whether it is one: two hyphens or, after white space, a line end.
    private mutating func readDelimiter(
        _ input: inout ArraySlice<UInt8>, _ followsPart: Bool, _ events: inout [Event]
    ) throws(MultipartError) -> Bool {
        let rest = input.dropFirst(delimiter.count)
        if rest.count < 2 { return false }
        if rest.starts(with: [0x2D, 0x2D]) {
            drop(delimiter.count + 2, from: &input)
            events += followsPart ? [.partEnded, .finished] : [.finished]
            state = .epilogue
            return true
        }
        let padding = rest.prefix(Self.maximumPadding).prefix { $0 == 0x20 || $0 == 0x09 }.count
        let lineEnd = rest.dropFirst(padding).prefix(2)
        if lineEnd.elementsEqual([0x0D, 0x0A]) {
            partCount += 1
            guard partCount <= limits.maximumParts else { throw .tooManyParts(limit: limits.maximumParts, offset: offset) }
            // The line end may begin the empty line that ends a header without fields.
            drop(delimiter.count + padding, from: &input)
            if followsPart { events.append(.partEnded) }
            state = .header
            return true
        }
        if lineEnd.count < 2, [0x0D, 0x0A].starts(with: lineEnd), padding < Self.maximumPadding { return false }
        // Text that only begins like a delimiter belongs to the body.
        if followsPart { events.append(.body(input.prefix(delimiter.count))) }
        if !followsPart { preambleBytes += delimiter.count }
        drop(delimiter.count, from: &input)
        state = followsPart ? .body : .preamble
        return true
    }

    private mutating func readHeader(_ input: inout ArraySlice<UInt8>, _ events: inout [Event]) throws(MultipartError) -> Bool {
        let window = input.prefix(limits.maximumHeaderBytes + 4)
        guard let end = Self.endOfHeader(window) else {
            guard window.count < limits.maximumHeaderBytes + 4 else {
                throw .headerTooLong(limit: limits.maximumHeaderBytes, offset: offset)
            }
            return false
        }
        events.append(.partBegan(try fields(input[input.startIndex..<end])))
        // The last line end may be the first of a delimiter, when the part is empty.
        drop(end + 2 - input.startIndex, from: &input)
        state = .body
        return true
    }

    /// The index of the second line end in a row; the header starts with the one of the delimiter.
    private static func endOfHeader(_ input: ArraySlice<UInt8>) -> Int? {
        var rest = input
        while let start = rest.firstIndex(of: 0x0D) {
            if input[start...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) { return start + 2 }
            rest = input[(start + 1)...]
        }
        return nil
    }

    private func fields(_ header: ArraySlice<UInt8>) throws(MultipartError) -> PartHeaders {
        var fields: [(name: String, value: String)] = []
        var lineStart = offset
        for line in header.split(separator: 0x0A, omittingEmptySubsequences: false) {
            defer { lineStart += line.count + 1 }
            let content = line.last == 0x0D ? line.dropLast() : line
            if content.isEmpty { continue }
            guard let colon = content.firstIndex(of: UInt8(ascii: ":")), colon > content.startIndex,
                  content[..<colon].allSatisfy({ HeaderParser.isToken($0) }), !content.contains(0x0D), !content.contains(0)
            else { throw .malformedHeader(offset: lineStart) }
            let value = String(decoding: content[(colon + 1)...], as: UTF8.self)
            fields.append((String(decoding: content[..<colon], as: UTF8.self).lowercased(), Self.trimmed(value)))
        }
        return PartHeaders(fields)
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while scalars.first == " " || scalars.first == "\t" { scalars = scalars.dropFirst() }
        while scalars.last == " " || scalars.last == "\t" { scalars = scalars.dropLast() }
        return String(scalars)
    }

    private mutating func readBody(_ input: inout ArraySlice<UInt8>, _ events: inout [Event]) -> Bool {
        let (index, isComplete) = find(in: input)
        if index > input.startIndex { events.append(.body(input[..<index])) }
        drop(index - input.startIndex, from: &input)
        if isComplete { state = .delimiter(followsPart: true) }
        return isComplete
    }
}
