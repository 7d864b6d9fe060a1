public import DICOMCore

/// Attributes of one frame, wherever the object keeps them: the frame's own functional groups, the shared ones, the object
/// itself (PS3.3 C.7.6.16).
public struct FrameAttributes: Sendable {
    public let header: DataSet
    private let shared: DataSet?
    private let perFrame: [DataSet]

    public init(_ header: DataSet) {
        self.header = header
        shared = header.items(.sharedFunctionalGroupsSequence).first
        perFrame = header.items(.perFrameFunctionalGroupsSequence)
    }

    public var hasGroups: Bool { shared != nil || !perFrame.isEmpty }

    /// The first item of a functional group, or the object itself where it has no such group.
    /// - Parameter frame: 0-based.
    public func group(_ sequence: Tag, _ frame: Int) -> DataSet {
        if frame >= 0, frame < perFrame.count, let item = perFrame[frame].items(sequence).first { return item }
        return shared?.items(sequence).first ?? header
    }
}
