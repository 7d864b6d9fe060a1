/// A storage SOP class (PS3.4 Table B.5-1, with the retired ones that archives still hold).
///
/// One row per class: negotiation, the conformance statement, DICOMDIR record types and the viewer's choice of
/// presentation all follow from it.
public struct StorageSOPClass: Hashable, Sendable {
    /// What an instance is to a reader, which decides how it is shown.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case image, video, segmentation, dose, presentationState, keyObject, structuredReport, waveform, encapsulated
        case radiotherapy, registration, raw, other

        /// Whether frames of Pixel Data can be drawn without interpreting another object.
        public var hasDrawableFrames: Bool { self == .image || self == .dose || self == .segmentation }
    }

    public let uid: String
    public let name: String
    public let kind: Kind
    public let isRetired: Bool

    /// All rows, ordered by UID.
    public static let all: [StorageSOPClass] = table.split(separator: "\n").compactMap { line in
        let fields = line.split(separator: " ", maxSplits: 3)
        guard fields.count == 4, let kind = Kind(rawValue: String(fields[1])) else { return nil }
        return StorageSOPClass(uid: String(fields[0]), name: String(fields[3]), kind: kind, isRetired: fields[2] == "R")
    }

    private static let byUID = Dictionary(uniqueKeysWithValues: all.map { ($0.uid, $0) })

    /// The row of `uid`; `nil` for private and unknown classes.
    public static func row(_ uid: String) -> StorageSOPClass? { byUID[uid] }

    // Columns: UID, kind, R when retired, name. A literal instead of an array: large array literals take minutes
    // to compile.
    private static let table = """
    1.2.840.10008.5.1.1.27 other R Stored Print Storage
    1.2.840.10008.5.1.1.29 image R Hardcopy Grayscale Image Storage
    1.2.840.10008.5.1.1.30 image R Hardcopy Color Image Storage
    1.2.840.10008.5.1.4.1.1.1 image - Computed Radiography Image Storage
    1.2.840.10008.5.1.4.1.1.1.1 image - Digital X-Ray Image Storage - For Presentation
    1.2.840.10008.5.1.4.1.1.1.1.1 image - Digital X-Ray Image Storage - For Processing
    1.2.840.10008.5.1.4.1.1.1.2 image - Digital Mammography X-Ray Image Storage - For Presentation
    1.2.840.10008.5.1.4.1.1.1.2.1 image - Digital Mammography X-Ray Image Storage - For Processing
    1.2.840.10008.5.1.4.1.1.1.3 image - Digital Intra-Oral X-Ray Image Storage - For Presentation
    1.2.840.10008.5.1.4.1.1.1.3.1 image - Digital Intra-Oral X-Ray Image Storage - For Processing
    1.2.840.10008.5.1.4.1.1.2 image - CT Image Storage
    1.2.840.10008.5.1.4.1.1.2.1 image - Enhanced CT Image Storage
    1.2.840.10008.5.1.4.1.1.2.2 image - Legacy Converted Enhanced CT Image Storage
    1.2.840.10008.5.1.4.1.1.3 image R Ultrasound Multi-frame Image Storage
    1.2.840.10008.5.1.4.1.1.3.1 image - Ultrasound Multi-frame Image Storage
    1.2.840.10008.5.1.4.1.1.4 image - MR Image Storage
    1.2.840.10008.5.1.4.1.1.4.1 image - Enhanced MR Image Storage
    1.2.840.10008.5.1.4.1.1.4.2 raw - MR Spectroscopy Storage
    1.2.840.10008.5.1.4.1.1.4.3 image - Enhanced MR Color Image Storage
    1.2.840.10008.5.1.4.1.1.4.4 image - Legacy Converted Enhanced MR Image Storage
    1.2.840.10008.5.1.4.1.1.5 image R Nuclear Medicine Image Storage
    1.2.840.10008.5.1.4.1.1.6 image R Ultrasound Image Storage
    1.2.840.10008.5.1.4.1.1.6.1 image - Ultrasound Image Storage
    1.2.840.10008.5.1.4.1.1.6.2 other - Enhanced US Volume Storage
    1.2.840.10008.5.1.4.1.1.6.3 image - Photoacoustic Image Storage
    1.2.840.10008.5.1.4.1.1.7 image - Secondary Capture Image Storage
    1.2.840.10008.5.1.4.1.1.7.1 image - Multi-frame Single Bit Secondary Capture Image Storage
    1.2.840.10008.5.1.4.1.1.7.2 image - Multi-frame Grayscale Byte Secondary Capture Image Storage
    1.2.840.10008.5.1.4.1.1.7.3 image - Multi-frame Grayscale Word Secondary Capture Image Storage
    1.2.840.10008.5.1.4.1.1.7.4 image - Multi-frame True Color Secondary Capture Image Storage
    1.2.840.10008.5.1.4.1.1.8 other R Standalone Overlay Storage
    1.2.840.10008.5.1.4.1.1.9 other R Standalone Curve Storage
    1.2.840.10008.5.1.4.1.1.9.1 waveform R Waveform Storage - Trial
    1.2.840.10008.5.1.4.1.1.9.1.1 waveform - 12-lead ECG Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.1.2 waveform - General ECG Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.1.3 waveform - Ambulatory ECG Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.1.4 waveform - General 32-bit ECG Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.2.1 waveform - Hemodynamic Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.3.1 waveform - Cardiac Electrophysiology Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.4.1 waveform - Basic Voice Audio Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.4.2 waveform - General Audio Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.5.1 waveform - Arterial Pulse Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.6.1 waveform - Respiratory Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.6.2 waveform - Multi-channel Respiratory Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.7.1 waveform - Routine Scalp Electroencephalogram Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.7.2 waveform - Electromyogram Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.7.3 waveform - Electrooculogram Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.7.4 waveform - Sleep Electroencephalogram Waveform Storage
    1.2.840.10008.5.1.4.1.1.9.8.1 waveform - Body Position Waveform Storage
    1.2.840.10008.5.1.4.1.1.10 other R Standalone Modality LUT Storage
    1.2.840.10008.5.1.4.1.1.11 other R Standalone VOI LUT Storage
    1.2.840.10008.5.1.4.1.1.11.1 presentationState - Grayscale Softcopy Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.2 presentationState - Color Softcopy Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.3 presentationState - Pseudo-Color Softcopy Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.4 presentationState - Blending Softcopy Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.5 presentationState - XA/XRF Grayscale Softcopy Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.6 presentationState - Grayscale Planar MPR Volumetric Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.7 presentationState - Compositing Planar MPR Volumetric Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.8 presentationState - Advanced Blending Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.9 presentationState - Volume Rendering Volumetric Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.10 presentationState - Segmented Volume Rendering Volumetric Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.11 presentationState - Multiple Volume Rendering Volumetric Presentation State Storage
    1.2.840.10008.5.1.4.1.1.11.12 presentationState - Variable Modality LUT Softcopy Presentation State Storage
    1.2.840.10008.5.1.4.1.1.12.1 image - X-Ray Angiographic Image Storage
    1.2.840.10008.5.1.4.1.1.12.1.1 image - Enhanced XA Image Storage
    1.2.840.10008.5.1.4.1.1.12.2 image - X-Ray Radiofluoroscopic Image Storage
    1.2.840.10008.5.1.4.1.1.12.2.1 image - Enhanced XRF Image Storage
    1.2.840.10008.5.1.4.1.1.12.3 image R X-Ray Angiographic Bi-Plane Image Storage
    1.2.840.10008.5.1.4.1.1.13.1.1 image - X-Ray 3D Angiographic Image Storage
    1.2.840.10008.5.1.4.1.1.13.1.2 image - X-Ray 3D Craniofacial Image Storage
    1.2.840.10008.5.1.4.1.1.13.1.3 image - Breast Tomosynthesis Image Storage
    1.2.840.10008.5.1.4.1.1.13.1.4 image - Breast Projection X-Ray Image Storage - For Presentation
    1.2.840.10008.5.1.4.1.1.13.1.5 image - Breast Projection X-Ray Image Storage - For Processing
    1.2.840.10008.5.1.4.1.1.14.1 image - Intravascular Optical Coherence Tomography Image Storage - For Presentation
    1.2.840.10008.5.1.4.1.1.14.2 image - Intravascular Optical Coherence Tomography Image Storage - For Processing
    1.2.840.10008.5.1.4.1.1.20 image - Nuclear Medicine Image Storage
    1.2.840.10008.5.1.4.1.1.30 image - Parametric Map Storage
    1.2.840.10008.5.1.4.1.1.66 raw - Raw Data Storage
    1.2.840.10008.5.1.4.1.1.66.1 registration - Spatial Registration Storage
    1.2.840.10008.5.1.4.1.1.66.2 registration - Spatial Fiducials Storage
    1.2.840.10008.5.1.4.1.1.66.3 registration - Deformable Spatial Registration Storage
    1.2.840.10008.5.1.4.1.1.66.4 segmentation - Segmentation Storage
    1.2.840.10008.5.1.4.1.1.66.5 other - Surface Segmentation Storage
    1.2.840.10008.5.1.4.1.1.66.6 other - Tractography Results Storage
    1.2.840.10008.5.1.4.1.1.66.7 segmentation - Label Map Segmentation Storage
    1.2.840.10008.5.1.4.1.1.67 other - Real World Value Mapping Storage
    1.2.840.10008.5.1.4.1.1.68.1 other - Surface Scan Mesh Storage
    1.2.840.10008.5.1.4.1.1.68.2 other - Surface Scan Point Cloud Storage
    1.2.840.10008.5.1.4.1.1.77.1 image R VL Image Storage - Trial
    1.2.840.10008.5.1.4.1.1.77.1.1 image - VL Endoscopic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.1.1 video - Video Endoscopic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.2 image - VL Microscopic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.2.1 video - Video Microscopic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.3 image - VL Slide-Coordinates Microscopic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.4 image - VL Photographic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.4.1 video - Video Photographic Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.1 image - Ophthalmic Photography 8 Bit Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.2 image - Ophthalmic Photography 16 Bit Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.3 other - Stereometric Relationship Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.4 image - Ophthalmic Tomography Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.5 image - Wide Field Ophthalmic Photography Stereographic Projection Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.6 image - Wide Field Ophthalmic Photography 3D Coordinates Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.7 image - Ophthalmic Optical Coherence Tomography En Face Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.5.8 other - Ophthalmic Optical Coherence Tomography B-scan Volume Analysis Storage
    1.2.840.10008.5.1.4.1.1.77.1.6 image - VL Whole Slide Microscopy Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.7 image - Dermoscopic Photography Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.8 image - Confocal Microscopy Image Storage
    1.2.840.10008.5.1.4.1.1.77.1.9 image - Confocal Microscopy Tiled Pyramidal Image Storage
    1.2.840.10008.5.1.4.1.1.77.2 image R VL Multi-frame Image Storage - Trial
    1.2.840.10008.5.1.4.1.1.78.1 other - Lensometry Measurements Storage
    1.2.840.10008.5.1.4.1.1.78.2 other - Autorefraction Measurements Storage
    1.2.840.10008.5.1.4.1.1.78.3 other - Keratometry Measurements Storage
    1.2.840.10008.5.1.4.1.1.78.4 other - Subjective Refraction Measurements Storage
    1.2.840.10008.5.1.4.1.1.78.5 other - Visual Acuity Measurements Storage
    1.2.840.10008.5.1.4.1.1.78.6 other - Spectacle Prescription Report Storage
    1.2.840.10008.5.1.4.1.1.78.7 other - Ophthalmic Axial Measurements Storage
    1.2.840.10008.5.1.4.1.1.78.8 other - Intraocular Lens Calculations Storage
    1.2.840.10008.5.1.4.1.1.79.1 other - Macular Grid Thickness and Volume Report Storage
    1.2.840.10008.5.1.4.1.1.80.1 other - Ophthalmic Visual Field Static Perimetry Measurements Storage
    1.2.840.10008.5.1.4.1.1.81.1 other - Ophthalmic Thickness Map Storage
    1.2.840.10008.5.1.4.1.1.82.1 other - Corneal Topography Map Storage
    1.2.840.10008.5.1.4.1.1.88.1 structuredReport R Text SR Storage - Trial
    1.2.840.10008.5.1.4.1.1.88.2 structuredReport R Audio SR Storage - Trial
    1.2.840.10008.5.1.4.1.1.88.3 structuredReport R Detail SR Storage - Trial
    1.2.840.10008.5.1.4.1.1.88.4 structuredReport R Comprehensive SR Storage - Trial
    1.2.840.10008.5.1.4.1.1.88.11 structuredReport - Basic Text SR Storage
    1.2.840.10008.5.1.4.1.1.88.22 structuredReport - Enhanced SR Storage
    1.2.840.10008.5.1.4.1.1.88.33 structuredReport - Comprehensive SR Storage
    1.2.840.10008.5.1.4.1.1.88.34 structuredReport - Comprehensive 3D SR Storage
    1.2.840.10008.5.1.4.1.1.88.35 structuredReport - Extensible SR Storage
    1.2.840.10008.5.1.4.1.1.88.40 structuredReport - Procedure Log Storage
    1.2.840.10008.5.1.4.1.1.88.50 structuredReport - Mammography CAD SR Storage
    1.2.840.10008.5.1.4.1.1.88.59 keyObject - Key Object Selection Document Storage
    1.2.840.10008.5.1.4.1.1.88.65 structuredReport - Chest CAD SR Storage
    1.2.840.10008.5.1.4.1.1.88.67 structuredReport - X-Ray Radiation Dose SR Storage
    1.2.840.10008.5.1.4.1.1.88.68 structuredReport - Radiopharmaceutical Radiation Dose SR Storage
    1.2.840.10008.5.1.4.1.1.88.69 structuredReport - Colon CAD SR Storage
    1.2.840.10008.5.1.4.1.1.88.70 structuredReport - Implantation Plan SR Storage
    1.2.840.10008.5.1.4.1.1.88.71 structuredReport - Acquisition Context SR Storage
    1.2.840.10008.5.1.4.1.1.88.72 structuredReport - Simplified Adult Echo SR Storage
    1.2.840.10008.5.1.4.1.1.88.73 structuredReport - Patient Radiation Dose SR Storage
    1.2.840.10008.5.1.4.1.1.88.74 structuredReport - Planned Imaging Agent Administration SR Storage
    1.2.840.10008.5.1.4.1.1.88.75 structuredReport - Performed Imaging Agent Administration SR Storage
    1.2.840.10008.5.1.4.1.1.88.76 structuredReport - Enhanced X-Ray Radiation Dose SR Storage
    1.2.840.10008.5.1.4.1.1.88.77 structuredReport - Waveform Annotation SR Storage
    1.2.840.10008.5.1.4.1.1.90.1 other - Content Assessment Results Storage
    1.2.840.10008.5.1.4.1.1.91.1 other - Microscopy Bulk Simple Annotations Storage
    1.2.840.10008.5.1.4.1.1.104.1 encapsulated - Encapsulated PDF Storage
    1.2.840.10008.5.1.4.1.1.104.2 encapsulated - Encapsulated CDA Storage
    1.2.840.10008.5.1.4.1.1.104.3 encapsulated - Encapsulated STL Storage
    1.2.840.10008.5.1.4.1.1.104.4 encapsulated - Encapsulated OBJ Storage
    1.2.840.10008.5.1.4.1.1.104.5 encapsulated - Encapsulated MTL Storage
    1.2.840.10008.5.1.4.1.1.128 image - Positron Emission Tomography Image Storage
    1.2.840.10008.5.1.4.1.1.128.1 image - Legacy Converted Enhanced PET Image Storage
    1.2.840.10008.5.1.4.1.1.129 other R Standalone PET Curve Storage
    1.2.840.10008.5.1.4.1.1.130 image - Enhanced PET Image Storage
    1.2.840.10008.5.1.4.1.1.131 other - Basic Structured Display Storage
    1.2.840.10008.5.1.4.1.1.200.1 other - CT Defined Procedure Protocol Storage
    1.2.840.10008.5.1.4.1.1.200.2 other - CT Performed Procedure Protocol Storage
    1.2.840.10008.5.1.4.1.1.200.3 other - Protocol Approval Storage
    1.2.840.10008.5.1.4.1.1.200.7 other - XA Defined Procedure Protocol Storage
    1.2.840.10008.5.1.4.1.1.200.8 other - XA Performed Procedure Protocol Storage
    1.2.840.10008.5.1.4.1.1.201.1 other - Inventory Storage
    1.2.840.10008.5.1.4.1.1.481.1 image - RT Image Storage
    1.2.840.10008.5.1.4.1.1.481.2 dose - RT Dose Storage
    1.2.840.10008.5.1.4.1.1.481.3 radiotherapy - RT Structure Set Storage
    1.2.840.10008.5.1.4.1.1.481.4 radiotherapy - RT Beams Treatment Record Storage
    1.2.840.10008.5.1.4.1.1.481.5 radiotherapy - RT Plan Storage
    1.2.840.10008.5.1.4.1.1.481.6 radiotherapy - RT Brachy Treatment Record Storage
    1.2.840.10008.5.1.4.1.1.481.7 radiotherapy - RT Treatment Summary Record Storage
    1.2.840.10008.5.1.4.1.1.481.8 radiotherapy - RT Ion Plan Storage
    1.2.840.10008.5.1.4.1.1.481.9 radiotherapy - RT Ion Beams Treatment Record Storage
    1.2.840.10008.5.1.4.1.1.481.10 radiotherapy - RT Physician Intent Storage
    1.2.840.10008.5.1.4.1.1.481.11 radiotherapy - RT Segment Annotation Storage
    1.2.840.10008.5.1.4.1.1.481.12 radiotherapy - RT Radiation Set Storage
    1.2.840.10008.5.1.4.1.1.481.13 radiotherapy - C-Arm Photon-Electron Radiation Storage
    1.2.840.10008.5.1.4.1.1.481.14 radiotherapy - Tomotherapeutic Radiation Storage
    1.2.840.10008.5.1.4.1.1.481.15 radiotherapy - Robotic-Arm Radiation Storage
    1.2.840.10008.5.1.4.1.1.481.16 radiotherapy - RT Radiation Record Set Storage
    1.2.840.10008.5.1.4.1.1.481.17 radiotherapy - RT Radiation Salvage Record Storage
    1.2.840.10008.5.1.4.1.1.481.18 radiotherapy - Tomotherapeutic Radiation Record Storage
    1.2.840.10008.5.1.4.1.1.481.19 radiotherapy - C-Arm Photon-Electron Radiation Record Storage
    1.2.840.10008.5.1.4.1.1.481.20 radiotherapy - Robotic Radiation Record Storage
    1.2.840.10008.5.1.4.1.1.481.21 radiotherapy - RT Radiation Set Delivery Instruction Storage
    1.2.840.10008.5.1.4.1.1.481.22 radiotherapy - RT Treatment Preparation Storage
    1.2.840.10008.5.1.4.1.1.481.23 image - Enhanced RT Image Storage
    1.2.840.10008.5.1.4.1.1.481.24 image - Enhanced Continuous RT Image Storage
    1.2.840.10008.5.1.4.1.1.481.25 radiotherapy - RT Patient Position Acquisition Instruction Storage
    1.2.840.10008.5.1.4.34.1 radiotherapy R RT Beams Delivery Instruction Storage - Trial
    1.2.840.10008.5.1.4.34.7 radiotherapy - RT Beams Delivery Instruction Storage
    1.2.840.10008.5.1.4.34.10 radiotherapy - RT Brachy Application Setup Delivery Instruction Storage
    1.2.840.10008.5.1.4.38.1 other - Hanging Protocol Storage
    1.2.840.10008.5.1.4.39.1 other - Color Palette Storage
    1.2.840.10008.5.1.4.43.1 other - Generic Implant Template Storage
    1.2.840.10008.5.1.4.44.1 other - Implant Assembly Template Storage
    1.2.840.10008.5.1.4.45.1 other - Implant Template Group Storage
    """
}
