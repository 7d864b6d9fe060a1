// Compiled into one module with DICOMCore, so that all of it is instrumented.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    checkJSON(Array(UnsafeBufferPointer(start: start, count: count))[...])
    return 0
}

/// What decodes can be encoded; that text decodes, and encoding it again changes nothing.
private func checkJSON(_ bytes: ArraySlice<UInt8>) {
    guard let dataSets = try? DICOMJSON.decode(bytes, bulkData: { _, _, _ in .omit }) else { return }
    let text = DICOMJSON.encode(dataSets)
    guard let again = try? DICOMJSON.decode(text[...]) else { fatalError("own JSON is not readable") }
    let stable = DICOMJSON.encode(again)
    guard let third = try? DICOMJSON.decode(stable[...]) else { fatalError("own JSON is not readable twice") }
    precondition(DICOMJSON.encode(third) == stable, "writing JSON is not stable")
}
