public import DICOMCore

/// What every object made here has in common: whose it is, in which series, made when and by what.
public struct ObjectAuthoring: Hashable, Sendable {
    public var sopInstanceUID: String
    public var seriesInstanceUID: String
    public var seriesNumber: Int
    public var instanceNumber: Int
    public var seriesDescription: String
    /// Local date, time and offset from UTC of the making: `20260102`, `030405.678`, `+0800`.
    public var date: String
    public var time: String
    public var timezoneOffset: String
    /// The person as a Person Name value.
    public var personName: String
    /// What the person signs in with.
    public var loginName: String
    public var softwareVersion: String

    public init(
        sopInstanceUID: String, seriesInstanceUID: String, seriesNumber: Int, instanceNumber: Int = 1,
        seriesDescription: String, date: String, time: String, timezoneOffset: String, personName: String,
        loginName: String, softwareVersion: String
    ) {
        self.sopInstanceUID = sopInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.seriesNumber = seriesNumber
        self.instanceNumber = instanceNumber
        self.seriesDescription = seriesDescription
        self.date = date
        self.time = time
        self.timezoneOffset = timezoneOffset
        self.personName = personName
        self.loginName = loginName
        self.softwareVersion = softwareVersion
    }

    /// Attributes of patient and study, as the object they are taken from has them (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2).
    private static let inherited: [Tag] = [
        .studyDate, .studyTime, .accessionNumber, .issuerOfAccessionNumberSequence, .referringPhysicianName, .studyDescription,
        .patientName, .patientID, .issuerOfPatientID, .patientBirthDate, .patientBirthTime, .patientSex, .otherPatientIDsSequence,
        .patientAge, .patientSize, .patientWeight, .patientComments, .patientSpeciesDescription, .studyInstanceUID, .studyID,
    ]
    /// Type 2 in those modules: present, if need be empty.
    private static let required: [(Tag, VR)] = [
        (.studyDate, .da), (.studyTime, .tm), (.accessionNumber, .sh), (.referringPhysicianName, .pn), (.patientName, .pn),
        (.patientID, .lo), (.patientBirthDate, .da), (.patientSex, .cs), (.studyID, .sh),
    ]

    /// Patient, study, series, equipment and SOP common modules, text in UTF-8.
    ///
    /// - Parameter source: an object of the same study.
    public func dataSet(sopClassUID: String, modality: String, of source: DataSet) -> DataSet {
        var inherited = DataSet(source.elements.filter { Self.inherited.contains($0.tag) }, inheritedCharacterSet: source.characterSet)
        inherited.convertText(to: .utf8)
        var dataSet = DataSet(inherited.elements)
        dataSet.set(.specificCharacterSet, .cs, "ISO_IR 192")
        for (tag, vr) in Self.required where !dataSet.contains(tag) { dataSet.setEmpty(tag, vr) }
        dataSet.set(.sopClassUID, .ui, sopClassUID)
        dataSet.set(.sopInstanceUID, .ui, sopInstanceUID)
        dataSet.set(.instanceCreationDate, .da, date)
        dataSet.set(.instanceCreationTime, .tm, time)
        dataSet.set(.timezoneOffsetFromUTC, .sh, timezoneOffset)
        dataSet.set(.modality, .cs, modality)
        dataSet.set(.seriesInstanceUID, .ui, seriesInstanceUID)
        dataSet.set(.seriesNumber, .is, ints: [seriesNumber])
        dataSet.set(.instanceNumber, .is, ints: [instanceNumber])
        dataSet.set(.seriesDescription, .lo, seriesDescription)
        dataSet.set(.seriesDate, .da, date)
        dataSet.set(.seriesTime, .tm, time)
        dataSet.set(.manufacturer, .lo, "Apus")
        dataSet.set(.manufacturerModelName, .lo, "Apus")
        dataSet.set(.deviceSerialNumber, .lo, "1")
        dataSet.set(.softwareVersions, .lo, softwareVersion)
        return dataSet
    }
}
