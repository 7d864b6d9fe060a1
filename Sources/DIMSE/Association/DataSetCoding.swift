import DICOMCore
import NIOCore

/// Identifiers and attribute lists in the transfer syntax of their context.
enum DataSetCoding {
    static func decode(_ bytes: ByteBuffer, _ syntax: TransferSyntax) throws(DataSetError) -> DataSet {
        try DataSetReader(syntax: syntax).read(Array(bytes.readableBytesView))
    }

    static func encode(_ dataSet: DataSet, _ syntax: TransferSyntax) throws(DataSetError) -> ByteBuffer {
        ByteBuffer(bytes: try DataSetWriter(syntax: syntax).write(dataSet))
    }
}
