/// Where an element stands: the sequences and items to go through, then its own tag.
public struct ElementPath: Hashable, Sendable {
    public struct Step: Hashable, Sendable {
        public let sequence: Tag
        /// 0-based.
        public let itemIndex: Int

        public init(sequence: Tag, itemIndex: Int) {
            self.sequence = sequence
            self.itemIndex = itemIndex
        }
    }

    public let steps: [Step]
    public let tag: Tag

    public init(steps: [Step] = [], tag: Tag) {
        self.steps = steps
        self.tag = tag
    }

    /// Reads what `description` writes; `nil` for anything else.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count % 2 == 1, parts.count < 256, let last = parts.last, let tag = Self.tag(last) else { return nil }
        var steps: [Step] = []
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let sequence = Self.tag(parts[index]), let item = Int(parts[index + 1]), item >= 0 else { return nil }
            steps.append(Step(sequence: sequence, itemIndex: item))
        }
        self.init(steps: steps, tag: tag)
    }

    private static func tag(_ text: some StringProtocol) -> Tag? {
        text.utf8.count == 8 && text.utf8.allSatisfy { $0 != 0x2B && $0 != 0x2D } ? Tag(hexadecimal: text) : nil
    }
}

extension ElementPath: CustomStringConvertible {
    /// `54000100/0/54001010`: tags and item indices with slashes between, fit for a URI.
    public var description: String {
        (steps.map { "\($0.sequence.hexadecimal)/\($0.itemIndex)" } + [tag.hexadecimal]).joined(separator: "/")
    }
}

extension DataSet {
    /// The element at `path`; `nil` when a sequence, an item or the element itself is missing.
    public func element(at path: ElementPath) -> DataElement? {
        var dataSet = self
        for step in path.steps {
            guard case .sequence(let sequence)? = dataSet[step.sequence]?.value,
                  sequence.items.indices.contains(step.itemIndex)
            else { return nil }
            dataSet = sequence.items[step.itemIndex].dataSet
        }
        return dataSet[path.tag]
    }
}
