package import DICOMCore

/// What the archive accepts and how it treats it.
package struct IngestSettings: Hashable, Sendable {
    /// What happens to the 128 bytes before `DICM` (PACS-4.5.22-2). Applied on every way in and out.
    package var preamblePolicy = PreamblePolicy.zero
    /// Objects beyond this are refused; bytes.
    package var maximumObjectBytes = 64 << 30
    package var parsingLimits: ParsingLimits = {
        var limits = ParsingLimits.default
        // Deflated data sets are inflated in memory.
        limits.maximumInflatedBytes = 96 << 20
        return limits
    }()

    package init() {}
}
