import DICOMCore
import DICOMObjects

extension ViewingSeries {
    /// The series as it stands in the manifest.
    package func encoded(revision: String) -> [UInt8] {
        var text = ViewingText()
        text.object { text in
            text.field("seriesInstanceUID", seriesInstanceUID)
            text.field("modality", modality)
            text.field("seriesNumber", seriesNumber)
            text.field("seriesDescription", seriesDescription)
            text.field("seriesDate", seriesDate)
            text.field("seriesTime", seriesTime)
            text.field("bodyPart", bodyPart)
            text.field("laterality", laterality)
            text.field("protocolName", protocolName)
            text.field("kind", kind.rawValue)
            text.field("revision", revision)
            text.key("instances")
            text.object { writeInstances(&$0) }
            text.key("attributes")
            text.array { text in for value in attributes { value.write(to: &text) } }
            text.key("frames")
            text.object { writeFrames(&$0) }
            text.key("stacks")
            text.array { text in for value in stacks { value.write(to: &text) } }
            text.key("displays")
            text.array { text in for value in displays { value.write(to: &text) } }
            text.key("tables")
            text.array { text in for value in tables { value.write(to: &text) } }
        }
        return text.bytes
    }

    private func writeInstances(_ text: inout ViewingText) {
        text.field("count", instances.count)
        text.column("sopInstanceUID", instances.map(\.sopInstanceUID)) { $0.string($1) }
        text.column("sopClassUID", instances.map(\.sopClassUID)) { $0.string($1) }
        text.column("kind", instances.map(\.kind)) { $0.string($1.rawValue) }
        text.column("instanceNumber", instances.map(\.instanceNumber)) { $0.integer($1) }
        text.column("numberOfFrames", instances.map(\.numberOfFrames)) { $0.integer($1) }
        text.column("attributes", instances.map(\.attributes)) { $0.integer($1) }
        text.column("quarantined", instances.map(\.isQuarantined)) { $0.raw($1 ? "true" : "false") }
    }

    private func writeFrames(_ text: inout ViewingText) {
        text.field("count", frames.count)
        text.column("instance", frames.map(\.instance)) { $0.integer($1) }
        text.column("number", frames.map(\.number)) { $0.integer($1) }
        text.column("display", frames.map(\.display)) { $0.integer($1) }
        text.column("time", frames.map(\.time)) { $0.number($1) }
        text.key("position")
        if frames.allSatisfy({ $0.position == nil }) { return text.raw("null") }
        text.array { text in
            for frame in frames {
                guard let position = frame.position else {
                    text.raw("null,null,null")
                    continue
                }
                for value in position.values { text.number(value) }
            }
        }
    }
}

extension ViewingStack {
    func write(to text: inout ViewingText) {
        text.object { text in
            text.field("first", first)
            text.field("count", count)
            text.field("rows", pixels.rows)
            text.field("columns", pixels.columns)
            text.field("samplesPerPixel", pixels.samplesPerPixel)
            text.field("bitsAllocated", pixels.bitsAllocated)
            text.field("bitsStored", pixels.bitsStored)
            text.field("highBit", pixels.highBit)
            text.field("signed", pixels.isSigned)
            text.field("float", pixels.isFloat)
            text.field("photometric", pixels.photometric)
            text.field("palette", integers: pixels.palette)
            text.field("orientation", numbers: orientation)
            text.field("normal", numbers: normal?.values)
            text.key("spacing")
            if let rows = spacing.rows, let columns = spacing.columns {
                text.array { text in
                    text.number(rows)
                    text.number(columns)
                }
            } else {
                text.raw("null")
            }
            text.field("spacingSource", spacing.source.rawValue)
            text.field("magnification", spacing.magnification)
            text.field("pixelAspect", spacing.aspect)
            text.key("frameOfReference")
            if let frameOfReference { text.string(frameOfReference) } else { text.raw("null") }
            text.field("sliceSpacing", sliceSpacing)
            text.field("sliceThickness", sliceThickness)
            text.field("spatial", isSpatial)
            text.field("uniform", isUniform)
        }
    }
}

extension ViewingDisplay {
    func write(to text: inout ViewingText) {
        text.object { text in
            text.field("slope", slope)
            text.field("intercept", intercept)
            text.field("rescaleType", rescaleType)
            text.field("modalityTable", modalityTable)
            text.key("windows")
            text.array { text in
                for window in windows {
                    text.object { text in
                        text.field("center", window.center)
                        text.field("width", window.width)
                        text.field("explanation", window.explanation)
                    }
                }
            }
            text.field("function", function)
            text.key("voiTables")
            text.array { text in
                for table in voiTables {
                    text.object { text in
                        text.field("table", table.table)
                        text.field("explanation", table.explanation)
                    }
                }
            }
            text.field("padding", integers: padding)
            text.field("presentationShape", presentationShape)
        }
    }
}

extension ViewingTable {
    func write(to text: inout ViewingText) {
        text.object { text in
            text.field("first", first)
            text.field("bits", bits)
            text.field("data", base64)
        }
    }

    /// Of the entries as 16-bit little-endian words (RFC 4648).
    private var base64: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let bytes = entries.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = 0
            for byte in group { word = word << 8 | Int(byte) }
            word <<= 8 * (3 - group.count)
            for digit in 0..<4 {
                result.append(digit <= group.count ? alphabet[word >> (18 - 6 * digit) & 63] : 0x3D)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension ViewingAttributes {
    func write(to text: inout ViewingText) {
        text.object { text in
            text.field("lossy", isLossy)
            text.field("lossyRatio", numbers: lossyRatio)
            text.field("lossyMethod", strings: lossyMethod)
            text.field("frameTimes", numbers: frameTimes)
            text.field("imageType", strings: imageType)
            text.field("viewPosition", viewPosition)
            text.field("laterality", laterality)
            text.field("bodyPart", bodyPart)
            text.field("patientOrientation", strings: patientOrientation)
            text.field("acquisitionNumber", acquisitionNumber)
            text.field("acquisitionDateTime", acquisitionDateTime)
            text.field("contentDateTime", contentDateTime)
            text.field("sourceDetector", sourceDetector)
            text.field("sourcePatient", sourcePatient)
            text.key("regions")
            text.array { text in for region in regions { region.write(to: &text) } }
            text.field("overlays", integers: overlays)
            text.key("shutters")
            text.array { text in for shutter in shutters { text.raw(String(decoding: shutter.json.encoded(), as: UTF8.self)) } }
            text.field("burnedIn", isBurnedIn)
            text.key("pet")
            if let pet { pet.write(to: &text) } else { text.raw("null") }
            text.field("echoTime", echoTime)
            text.field("repetitionTime", repetitionTime)
            text.field("kvp", kvp)
            text.field("exposure", exposure)
            text.field("gantryTilt", gantryTilt)
            text.field("mimeType", mimeType)
        }
    }
}

extension ViewingAttributes.Region {
    private static let names = ["x0", "y0", "x1", "y1", "unitsX", "unitsY", "spatialFormat", "dataType", "flags"]

    func write(to text: inout ViewingText) {
        text.object { text in
            for (name, value) in zip(Self.names, integers) { text.field(name, value ?? 0) }
            text.field("deltaX", deltaX ?? 0)
            text.field("deltaY", deltaY ?? 0)
            text.field("referenceX", referenceX)
            text.field("referenceY", referenceY)
        }
    }
}

extension ViewingAttributes.PET {
    func write(to text: inout ViewingText) {
        text.object { text in
            text.field("units", units)
            text.field("decayCorrection", decayCorrection)
            text.field("correctedImage", strings: correctedImage)
            text.field("weightKg", weightKg)
            text.field("sizeM", sizeM)
            text.field("sex", sex)
            text.field("doseBq", doseBq)
            text.field("halfLifeSeconds", halfLifeSeconds)
            text.field("doseStart", doseStart)
            text.field("seriesDateTime", seriesDateTime)
            text.field("acquisitionDateTime", acquisitionDateTime)
        }
    }
}
