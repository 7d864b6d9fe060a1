package import DICOMCore
import DICOMObjects
import PixelCodecs

/// Each different value once.
struct Distinct<Value: Hashable> {
    private(set) var values: [Value] = []
    private var places: [Value: Int] = [:]

    mutating func index(of value: Value) -> Int {
        if let place = places[value] { return place }
        places[value] = values.count
        values.append(value)
        return values.count - 1
    }
}

extension ViewingSeries {
    /// One object alone, its frames in its own order.
    package init(_ header: DataSet, _ instance: StoredInstance) {
        seriesInstanceUID = instance.seriesInstanceUID
        modality = header.string(.modality) ?? ""
        seriesNumber = header.int(.seriesNumber)
        seriesDescription = header.string(.seriesDescription) ?? ""
        seriesDate = header.string(.seriesDate) ?? ""
        seriesTime = header.string(.seriesTime) ?? ""
        bodyPart = header.string(.bodyPartExamined) ?? ""
        laterality = header.string(.laterality) ?? header.string(.imageLaterality) ?? ""
        protocolName = header.string(.protocolName) ?? ""
        attributes = [ViewingAttributes(header)]
        let module = try? ImagePixelModule(header)
        let syntax = TransferSyntax(uid: instance.transferSyntaxUID)
        kind = syntax.pixelEncoding == .video ? .video : ViewingKind(sopClassUID: instance.sopClassUID, hasFrames: module != nil && instance.frames != .none)
        instances = [
            ViewingInstance(
                sopInstanceUID: instance.sopInstanceUID, sopClassUID: instance.sopClassUID, kind: kind,
                instanceNumber: header.int(.instanceNumber), numberOfFrames: instance.frames.numberOfFrames,
                isQuarantined: instance.isQuarantined, attributes: 0)
        ]
        guard let module, syntax.pixelEncoding != .video else { return }
        addFrames(header, instance, module)
    }

    private mutating func addFrames(_ header: DataSet, _ instance: StoredInstance, _ module: ImagePixelModule) {
        var tables = Distinct<ViewingTable>()
        var stacks = Distinct<ViewingStack>()
        var displays = Distinct<ViewingDisplay>()
        let pixels = Self.pixels(header, module, &tables)
        let source = FrameAttributes(header)
        let places = FramePlaces(source, sopClassUID: instance.sopClassUID)
        let frameOfReference = header.uid(.frameOfReferenceUID)
        for index in 0..<instance.frames.numberOfFrames {
            let measures = source.group(.pixelMeasuresSequence, index)
            let stack = ViewingStack(
                pixels: pixels, orientation: places.orientation(index),
                spacing: ViewingSpacing(measures: measures, header: header, modality: modality),
                frameOfReference: frameOfReference, sliceThickness: measures.double(.sliceThickness))
            let display = ViewingDisplay(source, index, module, isFloat: pixels.isFloat, &tables)
            let content = source.group(.frameContentSequence, index)
            frames.append(
                ViewingFrame(
                    instance: 0, number: index + 1, stack: stacks.index(of: stack), display: displays.index(of: display),
                    position: places.position(index), time: Self.time(content, header)))
        }
        self.tables = tables.values
        self.stacks = stacks.values
        self.displays = displays.values
    }

    private static func pixels(_ header: DataSet, _ module: ImagePixelModule, _ tables: inout Distinct<ViewingTable>) -> ViewingPixels {
        var pixels = ViewingPixels()
        pixels.rows = module.frame.rows
        pixels.columns = module.frame.columns
        pixels.samplesPerPixel = module.frame.samplesPerPixel
        pixels.bitsAllocated = module.frame.bitsAllocated
        pixels.bitsStored = module.frame.bitsStored
        pixels.highBit = min(max(header.int(.highBit) ?? pixels.bitsStored - 1, pixels.bitsStored - 1), pixels.bitsAllocated - 1)
        pixels.isSigned = module.frame.isSigned
        // The header ends before the pixels; their kind shows in the attributes that only integers have (PS3.3 C.7.6.24).
        pixels.isFloat = pixels.bitsAllocated >= 32 && !header.contains(.bitsStored) && !header.contains(.pixelRepresentation)
        if pixels.samplesPerPixel > 1 {
            pixels.photometric = "RGB"
        } else {
            let known = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"]
            pixels.photometric = known.contains(module.photometricInterpretation) ? module.photometricInterpretation : "MONOCHROME2"
        }
        if pixels.photometric == "PALETTE COLOR" {
            let palette = ViewingTable.palette(header)
            pixels.palette = palette.isEmpty ? nil : palette.map { tables.index(of: $0) }
        }
        return pixels
    }

    /// Milliseconds since the epoch of the calendar; `nil` when no time of acquisition is told.
    private static func time(_ content: DataSet, _ header: DataSet) -> Double? {
        let text = content.string(.frameAcquisitionDateTime)
            ?? ViewingAttributes.dateTime(header, .acquisitionDateTime, .acquisitionDate, .acquisitionTime)
        return ViewingTime.milliseconds(text)
    }
}

/// DT values (PS3.5 §6.2) as points in time; offsets from UTC are the same throughout a series and left out.
enum ViewingTime {
    static func milliseconds(_ text: String) -> Double? {
        let whole = text.prefix { $0 != "+" && $0 != "-" }
        let parts = whole.split(separator: ".", maxSplits: 1)
        guard let digits = parts.first, digits.count >= 8, digits.allSatisfy(\.isASCII), let date = Int(digits.prefix(8)) else { return nil }
        var clock = 0
        let time = digits.dropFirst(8).prefix(6)
        for (position, scale) in [3600, 60, 1].enumerated() where time.count >= 2 * position + 2 {
            clock += (Int(time.dropFirst(2 * position).prefix(2)) ?? 0) * scale
        }
        let fraction = parts.count > 1 ? Double("0." + parts[1].prefix(6)) ?? 0 : 0
        return Double(days(date) * 86_400 + clock) * 1000 + fraction * 1000
    }

    /// Days of a date YYYYMMDD in the proleptic Gregorian calendar, from an arbitrary first day.
    private static func days(_ date: Int) -> Int {
        let (month, day) = (date / 100 % 100, date % 100)
        let year = date / 10_000 - (month <= 2 ? 1 : 0)
        return 365 * year + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day
    }
}
