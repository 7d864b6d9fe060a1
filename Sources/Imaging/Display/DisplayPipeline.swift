/// From stored values to display values: modality, VOI and presentation transformation (PS3.3 C.11.1, C.11.2, C.11.6).
///
/// Grey values come out as 0 (black) to 255 (white). Tables and windows are applied to every value once into a table of
/// all stored values, so a frame costs one look-up per pixel.
public struct DisplayPipeline: Hashable, Sendable {
    /// How a window maps values (PS3.3 C.11.2.1.2, C.11.2.1.3).
    public enum WindowFunction: Hashable, Sendable { case linear, linearExact, sigmoid }

    public struct Window: Hashable, Sendable {
        public var center: Double
        public var width: Double
        public var function: WindowFunction

        public init(center: Double, width: Double, function: WindowFunction = .linear) {
            self.center = center
            self.width = width
            self.function = function
        }
    }

    /// A look-up table of PS3.3 C.11.1.1, C.11.2.1.1 or C.11.6.
    public struct Table: Hashable, Sendable {
        /// The input value of the first entry.
        public var firstMapped: Int
        /// Bits of each entry, 8 to 16.
        public var bits: Int
        public var entries: [UInt16]

        public init(firstMapped: Int, bits: Int, entries: [UInt16]) {
            self.firstMapped = firstMapped
            self.bits = bits
            self.entries = entries
        }

        /// Values outside the table take its first or last entry.
        func value(at input: Int64) -> Int64 {
            guard !entries.isEmpty else { return input }
            let index = min(max(input &- Int64(firstMapped), 0), Int64(entries.count &- 1))
            return Int64(entries[Int(truncatingIfNeeded: index)])
        }

        /// The highest value an entry can have.
        var top: Double { Double((Int64(1) << Int64(min(max(bits, 1), 16))) &- 1) }
    }

    public var rescaleSlope: Double
    public var rescaleIntercept: Double
    public var modalityTable: Table?
    public var window: Window?
    public var voiTable: Table?
    /// MONOCHROME1 without a presentation table, or Presentation LUT Shape INVERSE: the lowest value is white.
    public var isInverted: Bool
    /// Presentation LUT Sequence (PS3.3 C.11.6): the range of the VOI transformation becomes the range of its entries.
    public var presentationTable: Table?

    public init(
        rescaleSlope: Double = 1, rescaleIntercept: Double = 0, modalityTable: Table? = nil, window: Window? = nil,
        voiTable: Table? = nil, isInverted: Bool = false, presentationTable: Table? = nil
    ) {
        self.rescaleSlope = rescaleSlope
        self.rescaleIntercept = rescaleIntercept
        self.modalityTable = modalityTable
        self.window = window
        self.voiTable = voiTable
        self.isInverted = isInverted
        self.presentationTable = presentationTable
    }

    /// The value in modality units (HU for CT) of a stored value.
    public func modalityValue(_ stored: Int) -> Double { modalityValue(wide: Int64(stored)) }

    /// The same for values of 32 bits where `Int` has no more.
    func modalityValue(wide stored: Int64) -> Double {
        if let modalityTable { return Double(modalityTable.value(at: stored)) }
        let value = Double(stored) * rescaleSlope + rescaleIntercept
        // Slopes that are no numbers must not stop the drawing.
        return value.isFinite ? value : 0
    }

    /// The grey of a stored value, 0 to 255, halves rounded up.
    public func grey(_ stored: Int, fallback: Window) -> UInt8 {
        UInt8(truncatingIfNeeded: presentationValue(Int64(stored), top: 255, fallback: fallback))
    }

    /// The P-value of a stored value, 0 to `top`, halves rounded up.
    func presentationValue(_ stored: Int64, top: Double, fallback: Window) -> Int {
        var level = voiValue(modalityValue(wide: stored), top: top, fallback: fallback)
        if let table = presentationTable, !table.entries.isEmpty {
            let last = Double(table.entries.count &- 1)
            let index = Int64(Self.rounded(level / top * last, top: last)) &+ Int64(table.firstMapped)
            level = Double(table.value(at: index)) / table.top * top
        }
        let rounded = Self.rounded(level, top: top)
        return isInverted ? Int(top) &- rounded : rounded
    }

    /// 0 to `top` after the VOI transformation.
    private func voiValue(_ value: Double, top: Double, fallback: Window) -> Double {
        guard let voiTable, window == nil else { return Self.apply(window ?? fallback, to: value, top: top) }
        let input = Int64(KernelMath.floor(min(max(value, -4.0e9), 4.0e9) + 0.5))
        return Double(voiTable.value(at: input)) * top / voiTable.top
    }

    private static func rounded(_ level: Double, top: Double) -> Int {
        // NaN fails the comparison.
        guard level > 0 else { return 0 }
        return Int(min(level, top) + 0.5)
    }

    /// PS3.3 C.11.2.1.2 and C.11.2.1.3 with y from 0 to `top`.
    static func apply(_ window: Window, to x: Double, top: Double) -> Double {
        let (c, w) = (window.center, window.width)
        switch window.function {
        case .linear:
            guard w > 1 else { return x <= c - 0.5 ? 0 : top }
            if x <= c - 0.5 - (w - 1) / 2 { return 0 }
            if x > c - 0.5 + (w - 1) / 2 { return top }
            return ((x - (c - 0.5)) / (w - 1) + 0.5) * top
        case .linearExact:
            guard w > 0 else { return x <= c ? 0 : top }
            if x <= c - w / 2 { return 0 }
            if x > c + w / 2 { return top }
            return ((x - c) / w + 0.5) * top
        case .sigmoid:
            return top / (1 + KernelMath.exp(-4 * (x - c) / max(w, 1e-9)))
        }
    }
}
