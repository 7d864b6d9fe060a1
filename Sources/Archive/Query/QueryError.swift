package import DICOMCore

/// Why a query cannot be answered (C-FIND A900, HTTP 400). Names attributes, never their values.
package enum QueryError: Error, Hashable, Sendable {
    /// Query/Retrieve Level (0008,0052) is missing or not one of this information model.
    case invalidLevel
    /// A unique key of a level above the query level is missing, empty or not a single value (PS3.4 §C.4.1.2.1).
    case missingUniqueKey(tag: Tag, level: QueryLevel)
    /// The value is not a valid key for the attribute's value representation.
    case invalidKey(tag: Tag, reason: String)
    case tooManyKeys(limit: Int)
    case tooManyValues(tag: Tag, limit: Int)
    /// The cursor does not belong to a query of this order.
    case invalidCursor
}

extension QueryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidLevel:
            "Query/Retrieve Level (0008,0052) is missing or not valid for this information model"
        case .missingUniqueKey(let tag, let level):
            "unique key \(tag) must have one value in a query at \(level.definedTerm) level"
        case .invalidKey(let tag, let reason): "key \(tag): \(reason)"
        case .tooManyKeys(let limit): "more than \(limit) keys"
        case .tooManyValues(let tag, let limit): "key \(tag) has more than \(limit) values"
        case .invalidCursor: "cursor does not belong to this query"
        }
    }
}
