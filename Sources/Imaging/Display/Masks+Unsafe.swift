/// Masks of images: shutters (PS3.3 C.7.6.11, C.7.6.15) and overlay planes (C.9.2).
public enum Masks {
    /// Writes `value` inside of a region, or outside of it.
    public static func cover(
        _ mask: UnsafeMutablePointer<UInt8>, columns: Int, rows: Int, region: Region, isInside: Bool, value: UInt8
    ) {
        let scan = RegionScan(region, columns: columns, rows: rows)
        var runs: [Int] = []
        for row in 0..<rows {
            let line = mask + row &* columns
            runs.removeAll(keepingCapacity: true)
            if scan.rows.contains(row) { scan.appendRuns(row: row, to: &runs) }
            var column = 0
            for at in stride(from: 0, to: runs.count, by: 2) {
                if isInside {
                    for index in runs[at]..<runs[at &+ 1] { line[index] = value }
                } else {
                    for index in column..<max(column, runs[at]) { line[index] = value }
                    column = max(column, runs[at &+ 1])
                }
            }
            if !isInside { for index in column..<columns { line[index] = value } }
        }
    }

    /// An overlay plane of single bits.
    public struct Overlay {
        let bits: UnsafeBufferPointer<UInt8>
        let firstBit: Int
        let rows: Int
        let columns: Int
        let origin: (row: Int, column: Int)

        /// - Parameter origin: Overlay Origin (60xx,0050), from 1; may lie outside of the image.
        /// - Returns: `nil` when the plane has fewer bits than its size says.
        public init?(bits: UnsafeBufferPointer<UInt8>, firstBit: Int, rows: Int, columns: Int, origin: (row: Int, column: Int)) {
            guard rows > 0, rows <= 65535, columns > 0, columns <= 65535, firstBit >= 0, abs(origin.row) <= 65536,
                abs(origin.column) <= 65536,
                Int64(firstBit) &+ Int64(rows) &* Int64(columns) <= Int64(bits.count) &* 8
            else { return nil }
            self.bits = bits
            self.firstBit = firstBit
            self.rows = rows
            self.columns = columns
            self.origin = origin
        }
    }

    /// Writes `value` where the plane has a bit.
    public static func cover(_ mask: UnsafeMutablePointer<UInt8>, columns: Int, rows: Int, overlay: Overlay, value: UInt8) {
        for line in 0..<overlay.rows {
            let row = line &+ overlay.origin.row &- 1
            guard row >= 0, row < rows else { continue }
            let firstBit = Int64(overlay.firstBit) &+ Int64(line) &* Int64(overlay.columns)
            for index in 0..<overlay.columns {
                let column = index &+ overlay.origin.column &- 1
                let bit = firstBit &+ Int64(index)
                guard column >= 0, column < columns,
                    overlay.bits[Int(truncatingIfNeeded: bit >> 3)] >> UInt8(truncatingIfNeeded: bit & 7) & 1 == 1
                else { continue }
                mask[row &* columns &+ column] = value
            }
        }
    }
}
