import Hummingbird
import SecurityProfiles

/// What was changed in the configuration and not accepted, for those who may change settings (PACS-4.5.10-4).
struct ConfigurationRoutes: Sendable {
    let pacs: PACS

    func add(to router: Router<WebContext>) {
        router.get("api/configuration/changes") { _, context in
            try context.require(.settingsManage)
            return JSONValue.object([
                "changes": .array(
                    pacs.configurationWatch.differences.map {
                        .object(["key": .string($0.key), "accepted": JSONValue($0.accepted), "present": JSONValue($0.present)])
                    })
            ]).response()
        }
        router.post("api/configuration/accept") { request, context in
            try context.require(.settingsManage)
            let differences = pacs.configurationWatch.differences
            if !differences.isEmpty {
                try Confirmation(
                    function: .configurationAccept, subject: differences.map { "\($0.key)=\($0.present ?? "")" },
                    affected: Affected([.settings: differences.count])
                ).require(request, context)
            }
            let author = context.author
            try await pacs.pool.run { [watch = pacs.configurationWatch] in try watch.accept(by: author) }
            return Response(status: .noContent)
        }
    }
}
