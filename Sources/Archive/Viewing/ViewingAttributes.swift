import DICOMCore
package import DICOMObjects

/// What belongs to a whole object, as far as viewing needs it.
package struct ViewingAttributes: Hashable, Sendable {
    package struct Region: Hashable, Sendable {
        /// x0, y0, x1, y1, units x and y, format, data type, flags.
        package var integers: [Int?]
        package var deltaX: Double?
        package var deltaY: Double?
        package var referenceX: Int?
        package var referenceY: Int?
    }

    package struct PET: Hashable, Sendable {
        package var units: String
        package var decayCorrection: String
        package var correctedImage: [String]
        package var weightKg: Double?
        package var sizeM: Double?
        package var sex: String
        package var doseBq: Double?
        package var halfLifeSeconds: Double?
        package var doseStart: String
        package var seriesDateTime: String
        package var acquisitionDateTime: String
    }

    package var isLossy = false
    package var lossyRatio: [Double] = []
    package var lossyMethod: [String] = []
    /// Milliseconds to the next frame; one entry when it is constant.
    package var frameTimes: [Double] = []
    package var imageType: [String] = []
    package var viewPosition = ""
    package var laterality = ""
    package var bodyPart = ""
    package var patientOrientation: [String] = []
    package var acquisitionNumber: Int?
    package var acquisitionDateTime = ""
    package var contentDateTime = ""
    package var sourceDetector: Double?
    package var sourcePatient: Double?
    package var regions: [Region] = []
    package var overlays: [Int] = []
    /// The image's own (PS3.3 C.7.6.11).
    package var shutters: [PresentationState.Shutter] = []
    package var isBurnedIn: Bool?
    package var pet: PET?
    package var echoTime: Double?
    package var repetitionTime: Double?
    package var kvp: Double?
    package var exposure: Double?
    package var gantryTilt: Double?
    package var mimeType = ""

    private static let maximumFrameTimes = 100_000
    private static let maximumRegions = 64

    init(_ header: DataSet) {
        isLossy = header.string(.lossyImageCompression) == "01"
        lossyRatio = header.doubles(.lossyImageCompressionRatio)
        lossyMethod = header.strings(.lossyImageCompressionMethod)
        frameTimes = Self.frameTimes(header)
        imageType = header.strings(.imageType)
        viewPosition = header.string(.viewPosition) ?? ""
        laterality = header.string(.imageLaterality) ?? header.string(.laterality) ?? ""
        bodyPart = header.string(.bodyPartExamined) ?? ""
        patientOrientation = header.strings(.patientOrientation)
        acquisitionNumber = header.int(.acquisitionNumber)
        acquisitionDateTime = Self.dateTime(header, .acquisitionDateTime, .acquisitionDate, .acquisitionTime)
        contentDateTime = Self.dateTime(header, nil, .contentDate, .contentTime)
        sourceDetector = header.double(.distanceSourceToDetector)
        sourcePatient = header.double(.distanceSourceToPatient)
        regions = header.items(.sequenceOfUltrasoundRegions).prefix(Self.maximumRegions).map { Self.region($0) }
        overlays = stride(from: 0x6000, through: 0x601E, by: 2).filter {
            header.contains(Tag(UInt16($0), 0x0010)) && header.contains(Tag(UInt16($0), 0x0011))
        }
        shutters = PresentationState.Shutter.all(of: header).shutters
        isBurnedIn = header.string(.burnedInAnnotation).map { $0 == "YES" }
        pet = Self.pet(header)
        echoTime = header.double(.echoTime)
        repetitionTime = header.double(.repetitionTime)
        kvp = header.double(.kvp)
        exposure = header.double(.exposure)
        gantryTilt = header.double(.gantryDetectorTilt)
        mimeType = header.string(.mimeTypeOfEncapsulatedDocument) ?? ""
    }

    static func dateTime(_ header: DataSet, _ whole: Tag?, _ date: Tag, _ time: Tag) -> String {
        if let whole, let text = header.string(whole) { return text }
        guard let date = header.string(date) else { return "" }
        return date + (header.string(time) ?? "")
    }

    /// Frame Time Vector, Frame Time, or a rate (PS3.3 C.7.6.5).
    private static func frameTimes(_ header: DataSet) -> [Double] {
        let vector = header.doubles(.frameTimeVector).dropFirst().filter { $0.isFinite && $0 >= 0 }
        if vector.count > 1, vector.count < maximumFrameTimes, Set(vector).count > 1 { return Array(vector) }
        if let time = header.double(.frameTime) ?? vector.first, time > 0 { return [time] }
        let rates = [header.double(.recommendedDisplayFrameRate), header.double(.cineRate)]
        guard let rate = rates.compactMap({ $0 }).first(where: { $0 > 0 && $0.isFinite }) else { return [] }
        return [1000 / rate]
    }

    private static func region(_ item: DataSet) -> Region {
        Region(
            integers: [
                item.int(.regionLocationMinX0), item.int(.regionLocationMinY0), item.int(.regionLocationMaxX1),
                item.int(.regionLocationMaxY1), item.int(.physicalUnitsXDirection), item.int(.physicalUnitsYDirection),
                item.int(.regionSpatialFormat), item.int(.regionDataType), item.int(.regionFlags),
            ], deltaX: item.double(.physicalDeltaX), deltaY: item.double(.physicalDeltaY),
            referenceX: item.int(.referencePixelX0), referenceY: item.int(.referencePixelY0))
    }

    private static func pet(_ header: DataSet) -> PET? {
        guard let drug = header.items(.radiopharmaceuticalInformationSequence).first else { return nil }
        return PET(
            units: header.string(.units) ?? "", decayCorrection: header.string(.decayCorrection) ?? "",
            correctedImage: header.strings(.correctedImage), weightKg: header.double(.patientWeight),
            sizeM: header.double(.patientSize), sex: header.string(.patientSex) ?? "",
            doseBq: drug.double(.radionuclideTotalDose), halfLifeSeconds: drug.double(.radionuclideHalfLife),
            doseStart: drug.string(.radiopharmaceuticalStartDateTime) ?? drug.string(.radiopharmaceuticalStartTime) ?? "",
            seriesDateTime: dateTime(header, nil, .seriesDate, .seriesTime),
            acquisitionDateTime: dateTime(header, .acquisitionDateTime, .acquisitionDate, .acquisitionTime))
    }
}
