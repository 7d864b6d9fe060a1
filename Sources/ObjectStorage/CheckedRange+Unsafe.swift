/// A range of a record's payload, read with the checksums of every block it touches.
///
/// Whole blocks go straight to their destination; of the blocks at the edges, which must be read whole to be checked, the part
/// asked for is copied.
struct CheckedRange {
    private static let blockBytes = PackFormat.checksumBlockBytes

    let record: PackStore.CheckedFile
    let header: RecordHeader
    let range: Range<Int>

    func read(into destination: UnsafeMutableRawBufferPointer) throws(PackStore.ReadFailure) {
        let first = range.lowerBound / Self.blockBytes
        let last = (range.upperBound - 1) / Self.blockBytes
        let table = try record.read(4 * (last - first + 1), at: header.trailerOffset + Int64(4 * first))
        var position = range.lowerBound
        while position < range.upperBound {
            let end = wholeBlocksEnd(from: position)
            let target = { UnsafeMutableRawBufferPointer(rebasing: destination[position - range.lowerBound..<$0 - range.lowerBound]) }
            if end > position {
                try fill(target(end), from: position, table: table, first: first)
                position = end
            } else {
                let next = min(blockEnd(position), range.upperBound)
                try copyPart(position..<next, to: target(next), table: table, first: first)
                position = next
            }
        }
    }

    private func blockEnd(_ position: Int) -> Int {
        min((position / Self.blockBytes + 1) * Self.blockBytes, Int(header.payloadBytes))
    }

    /// Where the run of blocks ends that begins at `position` and lies wholly within the range; `position` when there is none.
    private func wholeBlocksEnd(from position: Int) -> Int {
        guard position % Self.blockBytes == 0 else { return position }
        if range.upperBound == Int(header.payloadBytes) { return range.upperBound }
        return max(position, range.upperBound / Self.blockBytes * Self.blockBytes)
    }

    private func fill(
        _ target: UnsafeMutableRawBufferPointer, from position: Int, table: [UInt8], first: Int
    ) throws(PackStore.ReadFailure) {
        guard try record.read(into: target, at: header.payloadOffset + Int64(position)) == target.count else {
            throw .damaged("the container ends within the object.")
        }
        let block = position / Self.blockBytes - first
        if let difference = RecordAccess.firstDifference(UnsafeRawBufferPointer(target), table: table, firstBlock: block) {
            throw .damaged("checksum differs at payload offset \((first + block + difference) * Self.blockBytes).")
        }
    }

    private func copyPart(
        _ part: Range<Int>, to target: UnsafeMutableRawBufferPointer, table: [UInt8], first: Int
    ) throws(PackStore.ReadFailure) {
        let start = part.lowerBound / Self.blockBytes * Self.blockBytes
        var failure: PackStore.ReadFailure?
        withUnsafeTemporaryAllocation(byteCount: blockEnd(start) - start, alignment: 16) { block in
            do throws(PackStore.ReadFailure) {
                try fill(block, from: start, table: table, first: first)
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[part.lowerBound - start..<part.upperBound - start]))
            } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
