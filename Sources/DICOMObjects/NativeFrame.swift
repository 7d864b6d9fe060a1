/// The samples of one frame, little endian, with what is needed to interpret them.
public struct NativeFrame: Sendable {
    public var bytes: ArraySlice<UInt8>
    /// May differ from the data set's after decoding: JPEG 2000 undoes its own component transform.
    public var photometricInterpretation: String
    public var module: ImagePixelModule

    public init(bytes: ArraySlice<UInt8>, photometricInterpretation: String, module: ImagePixelModule) {
        self.bytes = bytes
        self.photometricInterpretation = photometricInterpretation
        self.module = module
    }
}
