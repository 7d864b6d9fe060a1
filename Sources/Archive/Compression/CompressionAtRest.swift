package import DICOMCore

/// How uncompressed pixel data are kept in the long run (GUIDE-1.1.1.1.1-4). What arrives compressed stays as it is.
package enum CompressionAtRest: String, CaseIterable, Sendable {
    case none
    /// JPEG Lossless SV1: fast both ways, and given as it is to every peer that accepts it.
    case jpegLossless = "jpeg-lossless"
    case jpegLS = "jpeg-ls"
    case htj2k

    package var transferSyntax: TransferSyntax? {
        switch self {
        case .none: nil
        case .jpegLossless: .jpegLosslessSV1
        case .jpegLS: .jpegLSLossless
        case .htj2k: .htj2kLosslessRPCL
        }
    }
}
