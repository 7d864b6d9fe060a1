import Crypto
import DICOMCore
import Foundation
import HTTPTypes
import Hummingbird
import SecurityProfiles

/// The API's question before a serious function: the first request is answered 409 with consequence and counts, and only the
/// same request with the token of just that question is carried out. When what is affected changes, it is asked again.
struct Confirmation: Sendable {
    static let header = "X-Apus-Confirm"

    let function: SeriousFunction
    /// What it is done to, such as UIDs.
    let subject: [String]
    let affected: Affected

    /// - Throws: `WebFault` 409 `confirmationNeeded` unless the request carries the token.
    func require(_ request: Request, _ context: WebContext) throws {
        let token = token(context)
        guard let name = HTTPField.Name(Self.header), request.headers[name] != token else { return }
        let language = MessageLanguage(acceptLanguage: request.headers[.acceptLanguage])
        var fault = WebFault(.conflict, "confirmationNeeded", function.rawValue)
        fault.members = [
            .init(
                "confirmation",
                [
                    "function": JSONNode(function.rawValue), "consequence": JSONNode(function.row.consequence(language)),
                    "affected": JSONNode(affected.ordered.map { JSONNode.Member($0.kind.rawValue, JSONNode($0.count)) }),
                    "affectedText": JSONNode(affected.text(language)), "token": JSONNode(token),
                ])
        ]
        throw fault
    }

    /// No secret: it only ties the confirmation to the question that was shown.
    private func token(_ context: WebContext) -> String {
        let counts = affected.ordered.map { "\($0.kind.rawValue)=\($0.count)" }
        let text = [function.rawValue, context.principal.kind.rawValue, context.principal.id, counts.joined(separator: ",")] + subject.sorted()
        let digest = SHA256.hash(data: Data(text.joined(separator: "\n").utf8))
        return digest.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
