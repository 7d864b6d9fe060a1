import DICOMCore

/// The table: PS3.4 Tables C.6-1 to C.6-5 and C.3-1, and what PS3.18 §10.6.3.3 and study lists need beside.
extension IndexedAttribute {
    package static let all: [IndexedAttribute] = patientLevel + studyLevel + seriesLevel + instanceLevel

    private static let patientLevel: [IndexedAttribute] = [
        Self(0x0010, 0x0010, "PatientName", .pn, .patient, .required, searchKey: true),
        Self(0x0010, 0x0020, "PatientID", .lo, .patient, .unique, searchKey: true),
        Self(0x0010, 0x0021, "IssuerOfPatientID", .lo, .patient),
        Self(0x0010, 0x0030, "PatientBirthDate", .da, .patient, searchKey: true),
        Self(0x0010, 0x0032, "PatientBirthTime", .tm, .patient),
        Self(0x0010, 0x0040, "PatientSex", .cs, .patient),
        Self(0x0010, 0x1000, "OtherPatientIDs", .lo, .patient, many: true),
        Self(0x0010, 0x1001, "OtherPatientNames", .pn, .patient, many: true),
        Self(
            0x0010, 0x1002, "OtherPatientIDsSequence", .sq, .patient,
            items: [
                Self(0x0010, 0x0020, "PatientID", .lo, .patient, searchKey: true),
                Self(0x0010, 0x0021, "IssuerOfPatientID", .lo, .patient),
                Self(0x0010, 0x0022, "TypeOfPatientID", .cs, .patient),
            ]),
        Self(0x0010, 0x2160, "EthnicGroup", .sh, .patient),
        Self(0x0010, 0x2201, "PatientSpeciesDescription", .lo, .patient),
        Self(0x0010, 0x2297, "ResponsiblePerson", .pn, .patient),
        Self(0x0010, 0x4000, "PatientComments", .lt, .patient),
        Self(0x0020, 0x1200, "NumberOfPatientRelatedStudies", .is, .patient, source: .derived),
        Self(0x0020, 0x1202, "NumberOfPatientRelatedSeries", .is, .patient, source: .derived),
        Self(0x0020, 0x1204, "NumberOfPatientRelatedInstances", .is, .patient, source: .derived),
    ]

    private static let studyLevel: [IndexedAttribute] = [
        Self(0x0008, 0x0020, "StudyDate", .da, .study, .required),
        Self(0x0008, 0x0030, "StudyTime", .tm, .study, .required),
        Self(0x0008, 0x0050, "AccessionNumber", .sh, .study, .required, searchKey: true),
        Self(
            0x0008, 0x0051, "IssuerOfAccessionNumberSequence", .sq, .study,
            items: [
                Self(0x0040, 0x0031, "LocalNamespaceEntityID", .ut, .study),
                Self(0x0040, 0x0032, "UniversalEntityID", .ut, .study),
                Self(0x0040, 0x0033, "UniversalEntityIDType", .cs, .study),
            ]),
        Self(0x0008, 0x0061, "ModalitiesInStudy", .cs, .study, source: .derived, many: true, repetitive: true),
        Self(0x0008, 0x0062, "SOPClassesInStudy", .ui, .study, source: .derived, many: true, repetitive: true),
        Self(0x0008, 0x0090, "ReferringPhysicianName", .pn, .study, searchKey: true),
        Self(0x0008, 0x0201, "TimezoneOffsetFromUTC", .sh, .study),
        Self(0x0008, 0x1030, "StudyDescription", .lo, .study),
        Self(0x0008, 0x1032, "ProcedureCodeSequence", .sq, .study, items: code(.study)),
        Self(0x0008, 0x1048, "PhysiciansOfRecord", .pn, .study, many: true),
        Self(0x0008, 0x1060, "NameOfPhysiciansReadingStudy", .pn, .study, many: true),
        Self(0x0008, 0x1080, "AdmittingDiagnosesDescription", .lo, .study, many: true),
        Self(0x0010, 0x1010, "PatientAge", .as, .study),
        Self(0x0010, 0x1020, "PatientSize", .ds, .study),
        Self(0x0010, 0x1030, "PatientWeight", .ds, .study),
        Self(0x0010, 0x2180, "Occupation", .sh, .study),
        Self(0x0010, 0x21B0, "AdditionalPatientHistory", .lt, .study),
        Self(0x0020, 0x000D, "StudyInstanceUID", .ui, .study, .unique),
        Self(0x0020, 0x0010, "StudyID", .sh, .study, .required, searchKey: true),
        Self(0x0020, 0x1206, "NumberOfStudyRelatedSeries", .is, .study, source: .derived),
        Self(0x0020, 0x1208, "NumberOfStudyRelatedInstances", .is, .study, source: .derived),
        Self(0x0032, 0x1032, "RequestingPhysician", .pn, .study),
        Self(0x0032, 0x1033, "RequestingService", .lo, .study),
        Self(0x0038, 0x0010, "AdmissionID", .lo, .study, searchKey: true),
    ]

    private static let seriesLevel: [IndexedAttribute] = [
        Self(0x0008, 0x0021, "SeriesDate", .da, .series, searchKey: true),
        Self(0x0008, 0x0031, "SeriesTime", .tm, .series),
        Self(0x0008, 0x0060, "Modality", .cs, .series, .required, searchKey: true),
        Self(0x0008, 0x0070, "Manufacturer", .lo, .series),
        Self(0x0008, 0x0080, "InstitutionName", .lo, .series),
        Self(0x0008, 0x1010, "StationName", .sh, .series),
        Self(0x0008, 0x103E, "SeriesDescription", .lo, .series),
        Self(0x0008, 0x103F, "SeriesDescriptionCodeSequence", .sq, .series, items: code(.series)),
        Self(0x0008, 0x1040, "InstitutionalDepartmentName", .lo, .series),
        Self(0x0008, 0x1050, "PerformingPhysicianName", .pn, .series, many: true),
        Self(0x0008, 0x1070, "OperatorsName", .pn, .series, many: true),
        Self(0x0008, 0x1090, "ManufacturerModelName", .lo, .series),
        Self(0x0018, 0x0015, "BodyPartExamined", .cs, .series),
        Self(0x0018, 0x1000, "DeviceSerialNumber", .lo, .series),
        Self(0x0018, 0x1020, "SoftwareVersions", .lo, .series, many: true),
        Self(0x0018, 0x1030, "ProtocolName", .lo, .series),
        Self(0x0018, 0x5100, "PatientPosition", .cs, .series),
        Self(0x0020, 0x000E, "SeriesInstanceUID", .ui, .series, .unique),
        Self(0x0020, 0x0011, "SeriesNumber", .is, .series, .required),
        Self(0x0020, 0x0052, "FrameOfReferenceUID", .ui, .series),
        Self(0x0020, 0x0060, "Laterality", .cs, .series),
        Self(0x0020, 0x1209, "NumberOfSeriesRelatedInstances", .is, .series, source: .derived),
        Self(0x0040, 0x0241, "PerformedStationAETitle", .ae, .series),
        Self(0x0040, 0x0244, "PerformedProcedureStepStartDate", .da, .series, searchKey: true),
        Self(0x0040, 0x0245, "PerformedProcedureStepStartTime", .tm, .series),
        Self(0x0040, 0x0253, "PerformedProcedureStepID", .sh, .series),
        Self(0x0040, 0x0254, "PerformedProcedureStepDescription", .lo, .series),
        Self(
            0x0040, 0x0275, "RequestAttributesSequence", .sq, .series,
            items: [
                Self(0x0008, 0x0050, "AccessionNumber", .sh, .series, searchKey: true),
                Self(0x0020, 0x000D, "StudyInstanceUID", .ui, .series),
                Self(0x0032, 0x1060, "RequestedProcedureDescription", .lo, .series),
                Self(0x0040, 0x0007, "ScheduledProcedureStepDescription", .lo, .series),
                Self(0x0040, 0x0009, "ScheduledProcedureStepID", .sh, .series, searchKey: true),
                Self(0x0040, 0x1001, "RequestedProcedureID", .sh, .series, searchKey: true),
            ]),
    ]

    private static let instanceLevel: [IndexedAttribute] = [
        Self(0x0008, 0x0008, "ImageType", .cs, .instance, many: true, repetitive: true),
        Self(0x0008, 0x0012, "InstanceCreationDate", .da, .instance),
        Self(0x0008, 0x0013, "InstanceCreationTime", .tm, .instance),
        Self(0x0008, 0x0016, "SOPClassUID", .ui, .instance, repetitive: true),
        Self(0x0008, 0x0018, "SOPInstanceUID", .ui, .instance, .unique),
        Self(0x0008, 0x0022, "AcquisitionDate", .da, .instance),
        Self(0x0008, 0x0023, "ContentDate", .da, .instance),
        Self(0x0008, 0x002A, "AcquisitionDateTime", .dt, .instance),
        Self(0x0008, 0x0032, "AcquisitionTime", .tm, .instance),
        Self(0x0008, 0x0033, "ContentTime", .tm, .instance),
        Self(0x0008, 0x3002, "AvailableTransferSyntaxUID", .ui, .instance, source: .derived, repetitive: true),
        Self(0x0009, 0x1001, "Quarantined", .cs, .instance, source: .computed, schemaVersion: 2),
        Self(0x0018, 0x5101, "ViewPosition", .cs, .instance, repetitive: true),
        Self(0x0020, 0x0012, "AcquisitionNumber", .is, .instance),
        Self(0x0020, 0x0013, "InstanceNumber", .is, .instance, .required),
        Self(0x0020, 0x0062, "ImageLaterality", .cs, .instance, repetitive: true),
        Self(0x0028, 0x0002, "SamplesPerPixel", .us, .instance),
        Self(0x0028, 0x0004, "PhotometricInterpretation", .cs, .instance, repetitive: true),
        Self(0x0028, 0x0008, "NumberOfFrames", .is, .instance),
        Self(0x0028, 0x0010, "Rows", .us, .instance),
        Self(0x0028, 0x0011, "Columns", .us, .instance),
        Self(0x0028, 0x0100, "BitsAllocated", .us, .instance),
        Self(0x0040, 0xA043, "ConceptNameCodeSequence", .sq, .instance, items: code(.instance)),
        Self(0x0040, 0xA491, "CompletionFlag", .cs, .instance, repetitive: true),
        Self(0x0040, 0xA493, "VerificationFlag", .cs, .instance, repetitive: true),
        Self(
            0x0040, 0xA504, "ContentTemplateSequence", .sq, .instance,
            items: [
                Self(0x0008, 0x0105, "MappingResource", .cs, .instance),
                Self(0x0040, 0xDB00, "TemplateIdentifier", .cs, .instance),
            ]),
        Self(0x0042, 0x0010, "DocumentTitle", .st, .instance),
        Self(0x0070, 0x0080, "ContentLabel", .cs, .instance, repetitive: true),
        Self(0x0070, 0x0081, "ContentDescription", .lo, .instance),
        Self(0x0070, 0x0082, "PresentationCreationDate", .da, .instance),
        Self(0x0070, 0x0083, "PresentationCreationTime", .tm, .instance),
        Self(0x0070, 0x0084, "ContentCreatorName", .pn, .instance),
    ]

    /// The Code Sequence Macro (PS3.3 §8.8), basic attributes.
    private static func code(_ level: QueryLevel) -> [IndexedAttribute] {
        [
            Self(0x0008, 0x0100, "CodeValue", .sh, level, searchKey: true),
            Self(0x0008, 0x0102, "CodingSchemeDesignator", .sh, level),
            Self(0x0008, 0x0103, "CodingSchemeVersion", .sh, level),
            Self(0x0008, 0x0104, "CodeMeaning", .lo, level),
        ]
    }
}
