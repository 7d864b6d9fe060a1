/// Entropy decoding of one DCT scan, sequential or progressive.
struct DCTScanDecoder {
    private var reader: EntropyBitReader
    private let scan: JPEGScanHeader
    private let isProgressive: Bool
    private let dc: [HuffmanTable]
    private let ac: [HuffmanTable]
    private let zigzag: [UInt8]
    private var predictions: InlineArray<4, Int32> = [0, 0, 0, 0]
    private var endOfBandRun = 0
    private var unitsToRestart = 0
    private var restarts = 0

    var position: Int { reader.position }

    init(_ scan: JPEGScanHeader, _ state: JPEGState, isProgressive: Bool) throws(CodecError) {
        self.scan = scan
        self.isProgressive = isProgressive
        reader = EntropyBitReader(at: scan.entropyOffset)
        zigzag = (0..<64).map { UInt8(zigzagToNatural($0)) }
        let start = scan.spectralStart
        let end = scan.spectralEnd
        if isProgressive {
            let isDC = start == 0 && end == 0
            let isAC = start >= 1 && start <= end && end <= 63 && scan.components.count == 1
            guard isDC || isAC, scan.approximationLow <= 13,
                scan.approximationHigh == 0 || scan.approximationHigh == scan.approximationLow &+ 1
            else { throw CodecError(.invalidScan, at: scan.entropyOffset) }
        }
        // A sequential scan has all coefficients; known encoders leave its spectral selection at 0, so that is not looked at.
        let needsDC = !isProgressive || start == 0 && scan.approximationHigh == 0
        let needsAC = !isProgressive || end > 0
        var dcTables: [HuffmanTable] = []
        var acTables: [HuffmanTable] = []
        for component in scan.components {
            if needsDC { dcTables.append(try Self.table(state.dc, component.dcTable, scan)) }
            if needsAC { acTables.append(try Self.table(state.ac, component.acTable, scan)) }
        }
        dc = dcTables
        ac = acTables
    }

    private static func table(
        _ tables: [HuffmanTable?], _ index: Int, _ scan: JPEGScanHeader
    ) throws(CodecError) -> HuffmanTable {
        guard index < 4, let table = tables[index] else { throw CodecError(.invalidScan, at: scan.entropyOffset) }
        return table
    }

    /// A scan of one component: its own blocks in raster order (T.81 §A.2.2).
    mutating func decodeSingle(
        _ component: DCTComponent, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>, interval: Int
    ) throws(CodecError) {
        unitsToRestart = interval == 0 ? Int.max : interval
        for row in 0..<component.blockRows {
            for column in 0..<component.blockColumns {
                try restartIfDue(bytes, interval)
                let base = component.base &+ (row &* component.storedColumns &+ column) &* 64
                try decodeBlock(0, base, bytes, &store)
            }
            guard !reader.hasOverrun else { throw CodecError(.truncated, at: reader.position) }
        }
    }

    /// MCUs of several components (T.81 §A.2.3).
    mutating func decodeInterleaved(
        _ components: [DCTComponent], across: Int, down: Int, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>,
        interval: Int
    ) throws(CodecError) {
        unitsToRestart = interval == 0 ? Int.max : interval
        for unitRow in 0..<down {
            for unitColumn in 0..<across {
                try restartIfDue(bytes, interval)
                for (index, component) in components.enumerated() {
                    for y in 0..<component.vertical {
                        let row = (unitRow &* component.vertical &+ y) &* component.storedColumns
                        for x in 0..<component.horizontal {
                            let base = component.base &+ (row &+ unitColumn &* component.horizontal &+ x) &* 64
                            try decodeBlock(index, base, bytes, &store)
                        }
                    }
                }
            }
            guard !reader.hasOverrun else { throw CodecError(.truncated, at: reader.position) }
        }
    }

    @inline(__always)
    private mutating func restartIfDue(_ bytes: Span<UInt8>, _ interval: Int) throws(CodecError) {
        if unitsToRestart == 0 {
            try reader.restart(bytes, expecting: restarts)
            restarts &+= 1
            unitsToRestart = interval
            predictions = [0, 0, 0, 0]
            endOfBandRun = 0
        }
        unitsToRestart &-= 1
    }

    private mutating func decodeBlock(
        _ index: Int, _ base: Int, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>
    ) throws(CodecError) {
        guard base >= 0, base &+ 64 <= store.count else { throw CodecError(.invalidData, at: reader.position) }
        if !isProgressive {
            try decodeDC(index, base, bytes, &store)
            try decodeAC(index, base, bytes, &store)
        } else if scan.spectralStart == 0 {
            if scan.approximationHigh == 0 {
                try decodeDC(index, base, bytes, &store)
            } else {
                reader.refill(bytes)
                if reader.read(1) == 1 { store[base] |= 1 << Int16(scan.approximationLow) }
            }
        } else if scan.approximationHigh == 0 {
            try decodeBandFirst(base, bytes, &store)
        } else {
            try refineBand(base, bytes, &store)
        }
    }

    /// T.81 §F.2.2.1; in progressive scans without the bits below Al (§G.1.2.1).
    private mutating func decodeDC(
        _ index: Int, _ base: Int, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>
    ) throws(CodecError) {
        reader.refill(bytes)
        let category = try reader.symbol(dc[index])
        guard category <= 15 else { throw CodecError(.invalidData, at: reader.position) }
        predictions[index] &+= reader.readExtended(category)
        store[base] = Int16(truncatingIfNeeded: predictions[index] &<< Int32(scan.approximationLow))
    }

    /// T.81 §F.2.2.2.
    private mutating func decodeAC(
        _ index: Int, _ base: Int, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>
    ) throws(CodecError) {
        var k = 1
        while k < 64 {
            reader.refill(bytes)
            let symbol = try reader.symbol(ac[index])
            let category = symbol & 15
            if category == 0 {
                guard symbol == 0xF0 else { return }
                k &+= 16
                continue
            }
            k &+= symbol >> 4
            guard k < 64 else { throw CodecError(.invalidData, at: reader.position) }
            store[base &+ Int(zigzag[k])] = Int16(truncatingIfNeeded: reader.readExtended(category))
            k &+= 1
        }
    }

    /// First scan of a band (T.81 §G.1.2.2).
    private mutating func decodeBandFirst(
        _ base: Int, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>
    ) throws(CodecError) {
        if endOfBandRun > 0 {
            endOfBandRun &-= 1
            return
        }
        var k = scan.spectralStart
        while k <= scan.spectralEnd {
            reader.refill(bytes)
            let symbol = try reader.symbol(ac[0])
            let run = symbol >> 4
            let category = symbol & 15
            if category == 0 {
                if run == 15 {
                    k &+= 16
                    continue
                }
                endOfBandRun = (1 << run) &- 1 &+ Int(reader.read(run))
                return
            }
            k &+= run
            guard k <= scan.spectralEnd else { throw CodecError(.invalidData, at: reader.position) }
            store[base &+ Int(zigzag[k])] = Int16(
                truncatingIfNeeded: reader.readExtended(category) &<< Int32(scan.approximationLow))
            k &+= 1
        }
    }

    /// Later scans of a band: one more bit for coefficients that are not zero, and new ones (T.81 §G.1.2.3).
    private mutating func refineBand(
        _ base: Int, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>
    ) throws(CodecError) {
        var k = scan.spectralStart
        let bit = Int16(1) << Int16(scan.approximationLow)
        if endOfBandRun == 0 {
            while k <= scan.spectralEnd {
                reader.refill(bytes)
                let symbol = try reader.symbol(ac[0])
                var run = symbol >> 4
                var value: Int16 = 0
                if symbol & 15 != 0 {
                    guard symbol & 15 == 1 else { throw CodecError(.invalidData, at: reader.position) }
                    value = reader.read(1) == 1 ? bit : -bit
                } else if run < 15 {
                    endOfBandRun = (1 << run) &+ Int(reader.read(run))
                    break
                }
                k = refineRun(base, k, &run, bit, bytes, &store)
                if value != 0 {
                    guard k <= scan.spectralEnd else { throw CodecError(.invalidData, at: reader.position) }
                    store[base &+ Int(zigzag[k])] = value
                }
                k &+= 1
            }
        }
        if endOfBandRun > 0 {
            var run = 64
            _ = refineRun(base, k, &run, bit, bytes, &store)
            endOfBandRun &-= 1
        }
    }

    /// Corrects coefficients that are not zero until `run` zeros have been passed; returns where it stopped.
    private mutating func refineRun(
        _ base: Int, _ from: Int, _ run: inout Int, _ bit: Int16, _ bytes: Span<UInt8>, _ store: inout MutableSpan<Int16>
    ) -> Int {
        var k = from
        while k <= scan.spectralEnd {
            let at = base &+ Int(zigzag[k])
            let value = store[at]
            if value == 0 {
                if run == 0 { return k }
                run &-= 1
            } else {
                reader.refill(bytes)
                if reader.read(1) == 1, value.magnitude & bit.magnitude == 0 { store[at] = value &+ (value > 0 ? bit : -bit) }
            }
            k &+= 1
        }
        return k
    }
}
