package import DICOMCore

/// Of which entity an attribute speaks, for attributes that the index does not hold (PS3.3 §7.2, Tables A.1-1 and C.7).
///
/// Only a study's own attributes may be answered for a study: one taken from some image of it would be a guess.
package enum AttributeLevel {
    /// `.instance` for everything that no module of the higher entities has, private elements too.
    package static func of(_ tag: Tag) -> QueryLevel {
        if let indexed = IndexedAttribute.named(tag) { return indexed.level }
        if study.contains(tag) { return .study }
        if series.contains(tag) { return .series }
        switch tag.group {
        // Patient and Clinical Trial Subject; Visit and the imaging request.
        case 0x0010: return .patient
        case 0x0012: return .patient
        case 0x0032, 0x0038: return .study
        default: return .instance
        }
    }

    /// General Study, Patient Study and Clinical Trial Study (PS3.3 §C.7.2) outside groups 0032 and 0038.
    private static let study: Set<Tag> = tags("""
        00080096 0008009C 0008009D 00081049 00081062 00081084 00081110 00101021 00101022 00101023 00101024 00102000 00102110
        001021A0 001021C0 001021D0 00102203 00102298 00102299 00120050 00120051 00120052 00120053 00120083 00401012
        """)

    /// General Series, Clinical Trial Series, General Equipment, Frame of Reference and the series modules of modalities.
    private static let series: Set<Tag> = tags("""
        00080068 00080081 00080082 00081041 00081052 00081072 00081111 00081250 00120060 00120071 00120072 00181002 00181003
        00181004 00181005 00181006 00181007 00181008 00181050 0018100A 00181200 00181201 00181202 00184000 00201040 00280108
        00280109 00400250 00400251 00400260 00400280 00400440 00540014 00541000 00541001 00541002 00541004 00541100
        00541101 00541102 00541103 00541104 00541105
        """)

    private static func tags(_ text: String) -> Set<Tag> {
        Set(text.split { $0 == " " || $0 == "\n" }.compactMap { Tag(hexadecimal: $0) })
    }
}
