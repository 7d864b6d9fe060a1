import Archive
import DICOMCore
import DIMSE
import Logging
import SecurityProfiles

extension ArchiveAssociationHandler {
    /// Rows fetched at a time: few enough that C-CANCEL takes effect at once, many enough that ordering them is not done often.
    private static let pageRows = 1000
    /// The same where an object's header is read for each.
    private static let pageHeaders = 100

    /// C-FIND (PS3.4 §C.4.1): one statement for each page, streamed.
    func find(_ request: FindRequest, identifier: DataSet) -> AsyncThrowingStream<FindAnswer, any Error> {
        let (stream, continuation) = AsyncThrowingStream<FindAnswer, any Error>.makeStream()
        let headerFields = HeaderFields(lookup: services.lookup, reader: services.reader)
        let task = Task { [services, audit] in
            var matches = 0
            defer {
                let named = Set(identifier.strings(.studyInstanceUID).filter { !$0.isEmpty })
                audit.note(.studySearched, service: "C-FIND", studies: named, instances: matches)
            }
            do {
                var query = try self.query(request, identifier)
                query.limit = query.headerKeys.isEmpty ? Self.pageRows : Self.pageHeaders
                let status: DIMSEStatus = query.unsupportedKeys.isEmpty ? .pending : .pendingWithUnsupportedOptionalKeys
                let keys = query.returnedKeys
                while !Task.isCancelled {
                    let current = query
                    let (page, headers) = try await services.pool.run {
                        let page = try services.queries.find(current)
                        return (page, try headerFields.read(page.rows, current))
                    }
                    for row in page.rows {
                        let answer = row.cFindResponse(
                            to: query, keys: keys, retrieveAETitle: services.aeTitle, requestCharacterSet: identifier.characterSet,
                            header: headers[row.key])
                        matches += 1
                        continuation.yield(FindAnswer(answer, status: status))
                    }
                    guard let next = page.next else { break }
                    query.cursor = next
                }
                continuation.finish()
            } catch let error as QueryError {
                continuation.finish(throwing: DIMSEFailure(query: error))
            } catch let error as DIMSEFailure {
                continuation.finish(throwing: error)
            } catch {
                services.logger.error("C-FIND failed: \(error)")
                continuation.finish(
                    throwing: DIMSEFailure(
                        status: .unableToProcess, errorComment: ErrorComment.text(of: error, "the index cannot be read")))
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private func query(_ request: FindRequest, _ identifier: DataSet) throws -> ArchiveQuery {
        let row = ServiceClass.row(request.sopClassUID)
        guard let model = row?.model, row?.role == .find else { throw DIMSEFailure(status: .sopClassNotSupported) }
        return try ArchiveQuery(
            cFindIdentifier: identifier, model: QueryModel(model), options: matchingOptions(request.sopClassUID))
    }
}

extension QueryModel {
    init(_ model: ServiceClass.QueryModelName) {
        switch model {
        case .patientRoot: self = .patientRoot
        case .studyRoot: self = .studyRoot
        }
    }
}

extension DIMSEFailure {
    /// Identifier does not match SOP class (PS3.4 Table C.4-1).
    init(query error: QueryError) {
        self.init(.dataSetDoesNotMatchSOPClass, "query", "\(error)")
    }
}
