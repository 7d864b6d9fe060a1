// Compiled into one module with DICOMCore and DICOMweb, so that all of it is instrumented.

/// First byte: what to do with the rest.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let selector = input.first else { return 0 }
    let bytes = input.dropFirst()
    switch selector % 4 {
    case 0: checkMultipart(bytes, pieceSize: Int(selector / 4) + 1)
    case 1: checkHeaders(String(decoding: bytes, as: UTF8.self))
    case 2: checkQueries(String(decoding: bytes, as: UTF8.self))
    default: checkStore(bytes)
    }
    return 0
}

private func read(_ bytes: ArraySlice<UInt8>, pieceSize: Int) -> [MultipartReader.Event]? {
    guard var reader = try? MultipartReader(boundary: "b") else { return nil }
    var events: [MultipartReader.Event] = []
    var rest = bytes
    while !rest.isEmpty {
        guard let new = try? reader.feed(rest.prefix(pieceSize)) else { return nil }
        for event in new {
            if case .body(let next) = event, case .body(let last)? = events.last {
                events[events.count - 1] = .body(last + next)
            } else {
                events.append(event)
            }
        }
        rest = rest.dropFirst(pieceSize)
    }
    return (try? reader.finish()) == nil ? nil : events
}

/// Pieces of any size make no difference.
private func checkMultipart(_ bytes: ArraySlice<UInt8>, pieceSize: Int) {
    let whole = read(bytes, pieceSize: max(1, bytes.count))
    precondition(read(bytes, pieceSize: pieceSize) == whole, "pieces make a difference")
}

/// Media types that are read are written and read as the same.
private func checkHeaders(_ text: String) {
    if let mediaType = MediaType(parsing: text), text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
        precondition(MediaType(parsing: mediaType.formatted) == mediaType, "media types are not stable")
    }
    guard let list = try? AcceptList(header: text) else { return }
    for stored in [TransferSyntax.explicitVRLittleEndian, .jpegLSLossless, TransferSyntax(uid: "1.2.3")] {
        let negotiation = RetrieveNegotiation(accept: list, stored: stored, transcodable: [.explicitVRLittleEndian])
        _ = negotiation.instance()
        _ = negotiation.frames(count: 2)
    }
    _ = try? StoreContent(contentType: text)
}

private func checkQueries(_ text: String) {
    _ = try? QIDORequest(level: .instance, query: text)
    _ = try? WADOURIRequest(query: text)
    _ = try? RenderingParameters(query: text)
    if let request = try? RetrieveRequest(path: text) {
        precondition((try? RetrieveRequest(path: request.path)) == request, "paths are not stable")
    }
}

private func checkStore(_ bytes: ArraySlice<UInt8>) {
    guard let events = read(bytes, pieceSize: max(1, bytes.count)) else { return }
    var assembler = StoreAssembler()
    for event in events {
        guard (try? assembler.handle(event)) != nil else { return }
    }
    _ = try? assembler.assemble()
}
