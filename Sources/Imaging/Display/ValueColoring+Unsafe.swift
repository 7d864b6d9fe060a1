extension DisplayTable {
    /// Colours of reformatted values; `Reformatting.noData` takes a colour of its own.
    public func color(
        _ values: UnsafePointer<Int32>, count: Int, noDataColor: UInt32, into colors: UnsafeMutablePointer<UInt32>
    ) {
        let table = self
        for index in 0..<count {
            let value = values[index]
            colors[index] = value == Reformatting.noData ? noDataColor : table[Int64(value)]
        }
    }
}
