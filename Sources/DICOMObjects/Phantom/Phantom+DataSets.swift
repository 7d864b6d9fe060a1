import DICOMCore

extension Phantom {
    /// Centre of the first voxel of the first slice, mm in LPS.
    private var originMM: (x: Double, y: Double, z: Double) {
        let half = Double(matrix - 1) / 2 * pixelSpacingMM
        return (-half, -half, -Double(numberOfImages - 1) / 2 * sliceSpacingMM)
    }

    /// 2.25 UIDs (PS3.5 §B.2) derived from seed and role, so that equal seeds give equal objects.
    func uid(_ role: UInt64, _ index: UInt64 = 0) -> String {
        var generator = SplitMix64(state: seed &* 0x9E37_79B9_7F4A_7C15 ^ role << 56 ^ UInt64(kind.ordinal) << 48 ^ index)
        let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return "2.25." + decimal(high: high, low: low)
    }

    private func decimal(high: UInt64, low: UInt64) -> String {
        String(UInt128(high) << 64 | UInt128(low))
    }

    func singleFrameDataSet(at index: Int) -> DataSet {
        var dataSet = commonDataSet(instanceNumber: index + 1)
        switch kind {
        case .us: fillUltrasound(&dataSet, index)
        case .cr: fillProjection(&dataSet)
        default: fillSlice(&dataSet, index)
        }
        return dataSet
    }

    private func commonDataSet(instanceNumber: Int) -> DataSet {
        var dataSet = DataSet()
        dataSet.set(Tag(0x0008, 0x0005), .cs, "ISO_IR 192")
        dataSet.set(Tag(0x0008, 0x0016), .ui, sopClassUID)
        dataSet.set(Tag(0x0008, 0x0018), .ui, uid(3, UInt64(instanceNumber)))
        for tag in [Tag(0x0008, 0x0020), Tag(0x0008, 0x0021), Tag(0x0008, 0x0022), Tag(0x0008, 0x0023)] {
            dataSet.set(tag, .da, studyDate)
        }
        dataSet.set(Tag(0x0008, 0x0030), .tm, "080000")
        dataSet.set(Tag(0x0008, 0x0050), .sh, "APUS\(seed)")
        dataSet.set(Tag(0x0008, 0x0060), .cs, kind == .enhancedCT ? "CT" : kind.rawValue.uppercased())
        dataSet.set(Tag(0x0008, 0x0070), .lo, "Apus")
        dataSet.setEmpty(Tag(0x0008, 0x0090), .pn)
        dataSet.set(Tag(0x0008, 0x1030), .lo, "体模 Phantom")
        dataSet.set(Tag(0x0008, 0x103E), .lo, "Phantom \(kind.rawValue)")
        dataSet.set(Tag(0x0010, 0x0010), .pn, patientName)
        dataSet.set(Tag(0x0010, 0x0020), .lo, patientID)
        dataSet.set(Tag(0x0010, 0x0030), .da, "19700101")
        dataSet.set(Tag(0x0010, 0x0040), .cs, "O")
        dataSet.set(Tag(0x0020, 0x000D), .ui, uid(1))
        dataSet.set(Tag(0x0020, 0x000E), .ui, uid(2))
        dataSet.set(Tag(0x0020, 0x0010), .sh, "\(seed)")
        dataSet.set(Tag(0x0020, 0x0011), .is, "\(kind.ordinal + 1)")
        dataSet.set(Tag(0x0020, 0x0013), .is, "\(instanceNumber)")
        dataSet.set(Tag(0x0020, 0x0052), .ui, uid(4))
        dataSet.setEmpty(.positionReferenceIndicator, .lo)
        // Only for objects without Image Laterality and of unnamed body parts (PS3.3 C.7.3.1).
        if kind != .cr, kind != .enhancedCT { dataSet.setEmpty(.laterality, .cs) }
        return dataSet
    }

    private func setImagePixel(_ dataSet: inout DataSet, bytes: [UInt8], stored: Int, signed: Bool) {
        let allocated = stored > 8 ? 16 : 8
        dataSet.set(Tag(0x0028, 0x0002), .us, ints: [1])
        dataSet.set(Tag(0x0028, 0x0004), .cs, "MONOCHROME2")
        dataSet.set(Tag(0x0028, 0x0010), .us, ints: [matrix])
        dataSet.set(Tag(0x0028, 0x0011), .us, ints: [matrix])
        dataSet.set(Tag(0x0028, 0x0100), .us, ints: [allocated])
        dataSet.set(Tag(0x0028, 0x0101), .us, ints: [stored])
        dataSet.set(Tag(0x0028, 0x0102), .us, ints: [stored - 1])
        dataSet.set(Tag(0x0028, 0x0103), .us, ints: [signed ? 1 : 0])
        let padded = bytes.count % 2 == 0 ? bytes : bytes + [0]
        dataSet[Tag(0x7FE0, 0x0010)] = DataElement(Tag(0x7FE0, 0x0010), allocated == 8 ? .ob : .ow, bytes: padded[...])
    }

    private func fillSlice(_ dataSet: inout DataSet, _ index: Int) {
        let origin = originMM
        let z = origin.z + Double(index) * sliceSpacingMM
        dataSet.set(Tag(0x0008, 0x0008), .cs, ["ORIGINAL", "PRIMARY", "AXIAL"])
        dataSet.set(.patientPosition, .cs, "HFS")
        dataSet.set(Tag(0x0018, 0x0050), .ds, doubles: [sliceSpacingMM])
        dataSet.set(Tag(0x0020, 0x0032), .ds, doubles: [origin.x, origin.y, z])
        dataSet.set(Tag(0x0020, 0x0037), .ds, doubles: [1, 0, 0, 0, 1, 0])
        dataSet.set(Tag(0x0020, 0x1041), .ds, doubles: [z])
        dataSet.set(Tag(0x0028, 0x0030), .ds, doubles: [pixelSpacingMM, pixelSpacingMM])
        if kind == .ct {
            dataSet.set(Tag(0x0018, 0x0060), .ds, "120")
            dataSet.set(.acquisitionNumber, .is, "1")
            setWindow(&dataSet, centre: 40, width: 400)
            dataSet.set(Tag(0x0028, 0x1052), .ds, "-1024")
            dataSet.set(Tag(0x0028, 0x1053), .ds, "1")
            dataSet.set(Tag(0x0028, 0x1054), .lo, "HU")
        } else {
            dataSet.set(Tag(0x0018, 0x0020), .cs, "SE")
            dataSet.set(Tag(0x0018, 0x0021), .cs, "NONE")
            dataSet.set(Tag(0x0018, 0x0023), .cs, "2D")
            dataSet.setEmpty(.scanOptions, .cs)
            dataSet.set(.repetitionTime, .ds, "500")
            dataSet.set(.echoTime, .ds, "15")
            dataSet.set(.echoTrainLength, .is, "1")
            setWindow(&dataSet, centre: 1024, width: 2048)
        }
        setImagePixel(&dataSet, bytes: slicePixels(index), stored: 12, signed: false)
    }

    private func setWindow(_ dataSet: inout DataSet, centre: Double, width: Double) {
        dataSet.set(Tag(0x0028, 0x1050), .ds, doubles: [centre])
        dataSet.set(Tag(0x0028, 0x1051), .ds, doubles: [width])
    }

    /// Line integral through the rods along y as stored values: a projection image with known profile.
    private func fillProjection(_ dataSet: inout DataSet) {
        dataSet.set(Tag(0x0018, 0x1164), .ds, doubles: [pixelSpacingMM, pixelSpacingMM])
        dataSet.setEmpty(Tag(0x0020, 0x0020), .cs)
        dataSet.setEmpty(Tag(0x0018, 0x5101), .cs)
        dataSet.set(Tag(0x0018, 0x0015), .cs, "CHEST")
        setWindow(&dataSet, centre: 1024, width: 2048)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(matrix * matrix * 2)
        var noiseSource = SplitMix64(state: seed)
        let row = (0..<matrix).map { projection(xMM: originMM.x + Double($0) * pixelSpacingMM) }
        for _ in 0..<matrix { for value in row { append(value + noiseValue(&noiseSource), to: &pixels) } }
        setImagePixel(&dataSet, bytes: pixels, stored: 12, signed: false)
    }

    /// Chord of the body in mm times 10, plus that of each rod weighted by its HU / 1000.
    private func projection(xMM: Double) -> Int {
        func chord(_ centre: Double, _ radius: Double) -> Double {
            let d = xMM - centre
            return d * d < radius * radius ? 2 * (radius * radius - d * d).squareRoot() : 0
        }
        let rods = Self.rods.reduce(0.0) { $0 + chord($1.xMM, $1.radiusMM) * Double($1.hounsfield) / 1000 }
        return Int((10 * (chord(0, Self.bodyRadiusMM) + rods)).rounded())
    }

    private func fillUltrasound(_ dataSet: inout DataSet, _ index: Int) {
        dataSet.set(.imageType, .cs, ["ORIGINAL", "PRIMARY"])
        dataSet.setEmpty(.patientOrientation, .cs)
        var region = DataSet(inheritedCharacterSet: .utf8)
        for (element, value) in [(0x6018, 0), (0x601A, 0), (0x601C, matrix - 1), (0x601E, matrix - 1)] {
            region.set(Tag(0x0018, UInt16(element)), .ul, ints: [value])
        }
        region.set(Tag(0x0018, 0x6012), .us, ints: [1])
        region.set(Tag(0x0018, 0x6014), .us, ints: [1])
        region.set(Tag(0x0018, 0x6016), .ul, ints: [0])
        region.set(Tag(0x0018, 0x6024), .us, ints: [3])
        region.set(Tag(0x0018, 0x6026), .us, ints: [3])
        region.set(Tag(0x0018, 0x602C), .fd, doubles: [pixelSpacingMM / 10])
        region.set(Tag(0x0018, 0x602E), .fd, doubles: [pixelSpacingMM / 10])
        dataSet.set(Tag(0x0018, 0x6011), items: [region])
        let slice = slicePixels(index)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(matrix * matrix)
        for position in stride(from: 0, to: slice.count, by: 2) {
            let value = Int(slice[position]) | Int(slice[position + 1]) << 8
            pixels.append(UInt8(clamping: value / 8))
        }
        setImagePixel(&dataSet, bytes: pixels, stored: 8, signed: false)
    }

    /// One slice as 16-bit stored values, HU + 1024.
    private func slicePixels(_ index: Int) -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(matrix * matrix * 2)
        var noiseSource = SplitMix64(state: seed ^ UInt64(index) << 32)
        let origin = originMM
        for row in 0..<matrix {
            let y = origin.y + Double(row) * pixelSpacingMM
            for column in 0..<matrix {
                let value = Self.hounsfield(xMM: origin.x + Double(column) * pixelSpacingMM, yMM: y) + 1024
                append(value + noiseValue(&noiseSource), to: &pixels)
            }
        }
        return pixels
    }

    private func noiseValue(_ source: inout SplitMix64) -> Int {
        noise == 0 ? 0 : Int(source.next() % UInt64(2 * noise + 1)) - noise
    }

    private func append(_ value: Int, to pixels: inout [UInt8]) {
        let clamped = UInt16(min(max(value, 0), 4095))
        pixels.append(UInt8(truncatingIfNeeded: clamped))
        pixels.append(UInt8(truncatingIfNeeded: clamped >> 8))
    }

    func enhancedDataSet() -> DataSet {
        var dataSet = commonDataSet(instanceNumber: 1)
        setEnhancedModules(&dataSet)
        dataSet.set(Tag(0x0028, 0x0008), .is, "\(numberOfImages)")
        let organization = uid(5)
        var organizationItem = DataSet()
        organizationItem.set(.dimensionOrganizationUID, .ui, organization)
        dataSet.set(.dimensionOrganizationSequence, items: [organizationItem])
        dataSet.set(
            .dimensionIndexSequence,
            items: [Tag.stackID, .inStackPositionNumber].map { pointer in
                var item = organizationItem
                item.set(.dimensionIndexPointer, .at, ints: [Int(pointer.rawValue)])
                item.set(.functionalGroupPointer, .at, ints: [Int(Tag.frameContentSequence.rawValue)])
                return item
            })
        dataSet.set(Tag(0x5200, 0x9229), items: [sharedGroups()])
        dataSet.set(Tag(0x5200, 0x9230), items: (0..<numberOfImages).map { perFrameGroups($0) })
        setImagePixel(&dataSet, bytes: (0..<numberOfImages).flatMap { slicePixels($0) }, stored: 12, signed: false)
        return dataSet
    }

    /// Derived: no scanner acquired it, so no acquisition is described (PS3.3 A.38, C.8.15).
    private func setEnhancedModules(_ dataSet: inout DataSet) {
        dataSet.set(.imageType, .cs, ["DERIVED", "PRIMARY", "VOLUME", "NONE"])
        dataSet.set(.contentTime, .tm, "080000")
        dataSet.set(.manufacturerModelName, .lo, "Phantom")
        dataSet.set(.deviceSerialNumber, .lo, "\(seed)")
        dataSet.set(.softwareVersions, .lo, Implementation.versionName)
        dataSet.set(.patientPosition, .cs, "HFS")
        dataSet.set(.contentQualification, .cs, "RESEARCH")
        dataSet.set(.burnedInAnnotation, .cs, "NO")
        dataSet.set(.lossyImageCompression, .cs, "00")
        dataSet.set(.presentationLUTShape, .cs, "IDENTITY")
        setFrameType(&dataSet)
        dataSet.set(.acquisitionContextSequence, items: [])
    }

    private func setFrameType(_ dataSet: inout DataSet) {
        dataSet.set(.pixelPresentation, .cs, "MONOCHROME")
        dataSet.set(.volumetricProperties, .cs, "VOLUME")
        dataSet.set(.volumeBasedCalculationTechnique, .cs, "NONE")
    }

    private static func code(_ value: String, _ scheme: String, _ meaning: String) -> DataSet {
        var item = DataSet()
        item.set(.codeValue, .sh, value)
        item.set(.codingSchemeDesignator, .sh, scheme)
        item.set(.codeMeaning, .lo, meaning)
        return item
    }

    private func sharedGroups() -> DataSet {
        var frameType = DataSet()
        frameType.set(.frameType, .cs, ["DERIVED", "PRIMARY", "VOLUME", "NONE"])
        setFrameType(&frameType)
        var anatomy = DataSet()
        anatomy.set(.anatomicRegionSequence, items: [Self.code("38266002", "SCT", "Entire body")])
        anatomy.set(.frameLaterality, .cs, "U")
        var measures = DataSet()
        measures.set(Tag(0x0018, 0x0050), .ds, doubles: [sliceSpacingMM])
        measures.set(Tag(0x0028, 0x0030), .ds, doubles: [pixelSpacingMM, pixelSpacingMM])
        var orientation = DataSet()
        orientation.set(Tag(0x0020, 0x0037), .ds, doubles: [1, 0, 0, 0, 1, 0])
        var transformation = DataSet()
        transformation.set(Tag(0x0028, 0x1052), .ds, "-1024")
        transformation.set(Tag(0x0028, 0x1053), .ds, "1")
        transformation.set(Tag(0x0028, 0x1054), .lo, "HU")
        var window = DataSet()
        setWindow(&window, centre: 40, width: 400)
        var groups = DataSet()
        groups.set(.ctImageFrameTypeSequence, items: [frameType])
        groups.set(.frameAnatomySequence, items: [anatomy])
        var event = DataSet()
        event.set(.irradiationEventUID, .ui, uid(6))
        groups.set(.irradiationEventIdentificationSequence, items: [event])
        groups.set(Tag(0x0020, 0x9116), items: [orientation])
        groups.set(Tag(0x0028, 0x9110), items: [measures])
        groups.set(Tag(0x0028, 0x9132), items: [window])
        groups.set(Tag(0x0028, 0x9145), items: [transformation])
        return groups
    }

    private func perFrameGroups(_ index: Int) -> DataSet {
        let origin = originMM
        var position = DataSet()
        position.set(Tag(0x0020, 0x0032), .ds, doubles: [origin.x, origin.y, origin.z + Double(index) * sliceSpacingMM])
        var content = DataSet()
        content.set(.stackID, .sh, "1")
        content.set(Tag(0x0020, 0x9057), .ul, ints: [index + 1])
        content.set(Tag(0x0020, 0x9157), .ul, ints: [1, index + 1])
        var groups = DataSet()
        groups.set(Tag(0x0020, 0x9111), items: [content])
        groups.set(Tag(0x0020, 0x9113), items: [position])
        return groups
    }
}

extension Phantom.Kind {
    var ordinal: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Steele, Lea and Flood's SplitMix64: small, reproducible on every platform.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
