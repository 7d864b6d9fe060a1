// Compiled into one module with DICOMCore, so that all of it is instrumented.

/// First byte: character set and VR of the rest.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let selector = input.first else { return 0 }
    checkText(input.dropFirst(), Int(selector))
    return 0
}

private let characterSets = [
    [], ["ISO_IR 192"], ["GB18030"], ["GBK"], ["", "ISO 2022 IR 87", "ISO 2022 IR 159"], ["", "ISO 2022 IR 149"],
    ["ISO 2022 IR 13", "ISO 2022 IR 87"], ["ISO_IR 100"], ["", "ISO 2022 IR 58"], ["ISO 2022 IR 126", "ISO 2022 IR 144"],
].map { SpecificCharacterSet(definedTerms: $0) }

/// Any bytes decode; search keys do not change when folded again; in UTF-8 the text is written and read again as the same.
private func checkText(_ bytes: ArraySlice<UInt8>, _ selector: Int) {
    let set = characterSets[selector % characterSets.count]
    let vr: VR = selector / characterSets.count % 2 == 0 ? .pn : .lt
    let decoded = set.decode(bytes, vr: vr)
    for value in decoded.values {
        _ = PersonName(parsing: value).formatted
        let folded = TextFolding.fold(value)
        precondition(TextFolding.fold(folded) == folded, "folding is not idempotent")
        _ = TextFolding.foldDiacritics(value)
    }
    _ = set.encodeValues(decoded.values, vr: vr)
    let unicode = SpecificCharacterSet.utf8.encodeValues(decoded.values, vr: vr)
    precondition(SpecificCharacterSet.utf8.decodeValues(unicode[...], vr: vr) == decoded.values, "UTF-8 does not keep text")
}
