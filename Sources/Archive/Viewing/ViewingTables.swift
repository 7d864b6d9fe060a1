import DICOMCore
import DICOMObjects
import Imaging

extension ViewingTable {
    init(_ table: DisplayPipeline.Table) {
        self.init(first: table.firstMapped, bits: table.bits, entries: table.entries)
    }

    /// Red, green and blue of a palette image; empty when one is missing.
    static func palette(_ header: DataSet) -> [ViewingTable] { DisplayTables.palette(header).map { ViewingTable($0) } }
}
