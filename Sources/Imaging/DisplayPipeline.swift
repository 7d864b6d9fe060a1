/// From stored values to display values: modality transformation, then VOI transformation (PS3.3 C.11.1, C.11.2).
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

    /// A look-up table of PS3.3 C.11.1.1 or C.11.2.1.1.
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
        func value(at input: Int) -> Int {
            guard !entries.isEmpty else { return input }
            return Int(entries[min(max(input - firstMapped, 0), entries.count - 1)])
        }
    }

    public var rescaleSlope: Double
    public var rescaleIntercept: Double
    public var modalityTable: Table?
    public var window: Window?
    public var voiTable: Table?
    /// MONOCHROME1: the lowest value is white.
    public var isInverted: Bool

    public init(
        rescaleSlope: Double = 1, rescaleIntercept: Double = 0, modalityTable: Table? = nil, window: Window? = nil,
        voiTable: Table? = nil, isInverted: Bool = false
    ) {
        self.rescaleSlope = rescaleSlope
        self.rescaleIntercept = rescaleIntercept
        self.modalityTable = modalityTable
        self.window = window
        self.voiTable = voiTable
        self.isInverted = isInverted
    }

    /// The value in modality units (HU for CT) of a stored value.
    public func modalityValue(_ stored: Int) -> Double {
        if let modalityTable { return Double(modalityTable.value(at: stored)) }
        let value = Double(stored) * rescaleSlope + rescaleIntercept
        // Slopes that are no numbers must not stop the drawing.
        return value.isFinite ? value : 0
    }

    /// The grey of a stored value, 0 to 255, halves rounded up.
    public func grey(_ stored: Int, fallback: Window) -> UInt8 {
        let value = modalityValue(stored)
        let level: Double
        if let voiTable, window == nil {
            let top = Double((1 << voiTable.bits) - 1)
            level = Double(voiTable.value(at: Int(min(max(value.rounded(), -4.0e9), 4.0e9)))) * 255 / top
        } else {
            level = Self.apply(window ?? fallback, to: value)
        }
        let byte = level.isNaN ? 0 : UInt8(min(max((level + 0.5).rounded(.down), 0), 255))
        return isInverted ? 255 - byte : byte
    }

    /// PS3.3 C.11.2.1.2.1 with y from 0 to 255.
    static func apply(_ window: Window, to x: Double) -> Double {
        let (c, w) = (window.center, window.width)
        switch window.function {
        case .linear:
            guard w > 1 else { return x <= c - 0.5 ? 0 : 255 }
            if x <= c - 0.5 - (w - 1) / 2 { return 0 }
            if x > c - 0.5 + (w - 1) / 2 { return 255 }
            return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
        case .linearExact:
            guard w > 0 else { return x <= c ? 0 : 255 }
            if x <= c - w / 2 { return 0 }
            if x > c + w / 2 { return 255 }
            return ((x - c) / w + 0.5) * 255
        case .sigmoid:
            return 255 / (1 + Exponential.exp(-4 * (x - c) / max(w, 1e-9)))
        }
    }
}

/// e to the power of x without a mathematics library, the same on every machine: the kernels also run in browsers.
enum Exponential {
    static func exp(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        guard x < 700 else { return .infinity }
        let ln2 = 0.693147180559945309417232121458
        let k = (x / ln2).rounded()
        let r = x - k * ln2
        // Taylor series on |r| <= ln2 / 2; 18 terms reach the last bit.
        var term = 1.0
        var sum = 1.0
        for n in 1...18 {
            term *= r / Double(n)
            sum += term
        }
        return sum * Double(sign: .plus, exponent: Int(k), significand: 1)
    }
}
