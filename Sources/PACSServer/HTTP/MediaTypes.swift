import DICOMweb

/// The web framework has a type of the same name; in this target media types are those of PS3.18.
typealias MediaType = DICOMweb.MediaType
