// Compiled into one module with DICOMCore (see run.sh), so that all of it is instrumented.

/// First byte: even for the JSON model, odd for text in the character set that the rest of the byte selects.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let selector = input.first else { return 0 }
    if selector % 2 == 0 { checkJSON(input.dropFirst()) } else { checkText(input.dropFirst(), Int(selector) / 2) }
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

private let termLists: [[String]] = [
    [], ["ISO_IR 192"], ["GB18030"], ["GBK"], ["", "ISO 2022 IR 87", "ISO 2022 IR 159"], ["", "ISO 2022 IR 149"],
    ["ISO 2022 IR 13", "ISO 2022 IR 87"], ["ISO_IR 100"], ["", "ISO 2022 IR 58"], ["ISO 2022 IR 126", "ISO 2022 IR 144"],
]

/// What reads without loss in GB 18030 or UTF-8 is written and read again as the same.
private func checkText(_ bytes: ArraySlice<UInt8>, _ selector: Int) {
    let set = SpecificCharacterSet(definedTerms: termLists[selector % termLists.count])
    let vr: VR = selector / termLists.count % 2 == 0 ? .pn : .lt
    let decoded = set.decode(bytes, vr: vr)
    for value in decoded.values {
        _ = PersonName(parsing: value).formatted
        precondition(TextFolding.fold(TextFolding.fold(value)) == TextFolding.fold(value), "folding is not idempotent")
        _ = TextFolding.foldDiacritics(value)
    }
    _ = set.encodeValues(decoded.values, vr: vr)
    let unicode = SpecificCharacterSet.utf8.encodeValues(decoded.values, vr: vr)
    precondition(SpecificCharacterSet.utf8.decodeValues(unicode[...], vr: vr) == decoded.values, "UTF-8 does not keep text")
}
