/// Names the preview of a frame by content, so that it survives moves of the object and a rebuilt index.
package struct PreviewKey: Hashable, Sendable {
    /// SHA-256 of the data set as received.
    package let digest: [UInt8]
    /// 1-based.
    package let frameNumber: Int

    package init(_ instance: StoredInstance, frameNumber: Int) {
        digest = instance.dataSetDigest
        self.frameNumber = frameNumber
    }
}

/// Keeps previews of large frames, as JPEG-LS without loss. What it loses is made again. Blocking.
package protocol PreviewStore: Sendable {
    func preview(_ key: PreviewKey) throws(IndexError) -> [UInt8]?
    func hasPreview(_ key: PreviewKey) throws(IndexError) -> Bool
    /// Those kept longest go when there is no more room.
    func keepPreview(_ codestream: [UInt8], as key: PreviewKey) throws(IndexError)
    func previewUsage() throws(IndexError) -> PreviewUsage
}

package struct PreviewUsage: Hashable, Sendable {
    package var count: Int
    package var bytes: Int64

    package init(count: Int, bytes: Int64) {
        self.count = count
        self.bytes = bytes
    }
}
