/// What has serious consequences: each can be undone, or says what it does and asks first (YY/T 1861 4.2.1 g).
package enum SeriousFunction: String, CaseIterable, Sendable {
    case marksWithdraw, stateWithdraw, quarantineRelease, configurationAccept, protocolRemove
    case tokenRevoke, passwordReset, deviceRemove, deviceChange, settingChange, reindex, stop, exportOver, transcodeOver
    case markDelete, draftReplace, importInterrupt, leaveUnsaved, otherPatient

    package enum Safeguard: String, CaseIterable, Sendable {
        /// Warns of the consequence with what is affected and does nothing until it is confirmed.
        case confirm
        /// Can be undone; what undoes it is told.
        case undo
        /// Refused when it would overwrite what the caller has not seen.
        case refuse
    }

    package struct Row: Hashable, Sendable {
        package let safeguard: Safeguard
        /// `METHOD path` of the API, `apus …` of the command line, `page …` with the page's command.
        package let ways: [String]
        package let chinese: String
        package let english: String

        package func consequence(_ language: MessageLanguage) -> String { language == .chinese ? chinese : english }
    }

    package var row: Row { Self.rows[rawValue] ?? Row(safeguard: .confirm, ways: [], chinese: "", english: "") }

    private static let rows: [String: Row] = {
        let lines = table.split(separator: "\n", omittingEmptySubsequences: true)
        var rows: [String: Row] = [:]
        for start in stride(from: 0, to: lines.count - 3, by: 4) {
            let head = lines[start].split(separator: " ")
            guard head.count == 2, let safeguard = Safeguard(rawValue: String(head[1])) else { continue }
            rows[String(head[0])] = Row(
                safeguard: safeguard, ways: lines[start + 1].split(separator: ";").map { String($0.drop { $0 == " " }) },
                chinese: String(lines[start + 2]), english: String(lines[start + 3]))
        }
        return rows
    }()

    /// Name and safeguard; ways to it; consequence in Chinese and in English. Web/manual.ts reads it too.
    private static let table = """
        marksWithdraw confirm
        POST /api/studies/:study/marks/withdraw; page measure.withdraw
        已发布的标注将对所有人撤回：所在对象保留，但被标记为已拒绝，不能恢复；对象中的其他标注会重新发布。
        Published marks are taken back for everybody: the objects that hold them are kept but rejected for good; other marks in them are published again.

        stateWithdraw confirm
        POST /api/studies/:study/presentation-states/withdraw; page saving.withdraw
        显示状态将对所有人撤回：对象保留在归档中，但被标记为已拒绝，不能恢复。
        The presentation state is taken back for everybody: the object stays in the archive but is rejected for good.

        quarantineRelease confirm
        POST /api/quarantine/release; apus quarantine release
        有缺陷的对象将不再带隔离标记并参与转发；不能再次隔离。
        Defective objects lose their mark and are forwarded like others; they cannot be put back into quarantine.

        configurationAccept confirm
        POST /api/configuration/accept; apus configuration --accept; page configuration.accept
        当前配置将成为认可的配置，所列差异不再提示；此前认可的值只留在审计日志中。
        The configuration as it stands becomes the accepted one, and these differences are no longer reported; the former values remain in the audit log alone.

        protocolRemove confirm
        DELETE /api/hanging-protocols/:id; page hanging.remove
        挂片方案将被删除，不能恢复；使用它的人将按其他方案显示。
        The hanging protocol is deleted for good; who used it sees studies by another one.

        tokenRevoke confirm
        apus token revoke
        使用此令牌的程序将立即失去访问权，令牌不能恢复。
        Programs that use the token lose access at once; it cannot be restored.

        passwordReset confirm
        apus user passwd
        原密码立即失效且不能恢复，该用户的会话将结束。
        The former password ends at once and cannot be restored; the user's sessions end.

        deviceRemove confirm
        apus device remove
        此设备不能再发送、查询或接收，直到重新登记。
        The device can no longer send, query or receive until it is registered again.

        deviceChange undo
        apus device add
        已登记设备的地址和权限将被替换。
        Address and rights of a registered device are replaced.

        settingChange undo
        apus setting
        安全设置立即生效。
        A security setting takes effect at once.

        reindex confirm
        apus reindex
        索引将被清空并从存储重建；完成之前服务器不能启动，大型归档可能需要数小时。
        The index is emptied and rebuilt from the stored objects; no server can start until that is complete, which takes hours for a large archive.

        stop confirm
        apus stop
        正在进行的传输会被中断。
        Transfers that run are broken off.

        exportOver confirm
        apus export
        文件夹中同名文件将被覆盖。
        Files of the same names in the folder are overwritten.

        transcodeOver confirm
        apus transcode
        已有的输出文件将被覆盖。
        The output file that exists is overwritten.

        markDelete undo
        page measure.delete
        标注将被删除。
        The mark is deleted.

        draftReplace refuse
        PUT /api/studies/:study/marks/draft
        未发布的标注将被整体替换。
        Marks that are not published are replaced as a whole.

        importInterrupt confirm
        page import.cancel; page menu.signOut
        尚未上传的文件不会被导入。
        Files that are not yet sent are not imported.

        leaveUnsaved confirm
        page viewer.close
        尚未保存到服务器的标注只留在本机。
        Marks that have not reached the server stay on this computer alone.

        otherPatient confirm
        page viewer.otherPatient
        不同患者的图像将并列显示，可能混淆。
        Images of different patients stand side by side and can be taken for one another.
        """
}

/// How much a serious function touches, as people are told before it is done.
package struct Affected: Hashable, Sendable {
    /// What is counted, by its name in messages.
    package enum Kind: String, CaseIterable, Sendable {
        case patients, studies, objects, marks, settings, accounts, tokens, devices, protocols, files, transfers

        fileprivate var names: (chinese: String, one: String, many: String) {
            switch self {
            case .patients: ("名患者", "patient", "patients")
            case .studies: ("项检查", "study", "studies")
            case .objects: ("个对象", "object", "objects")
            case .marks: ("个标注", "mark", "marks")
            case .settings: ("项设置", "setting", "settings")
            case .accounts: ("个账户", "account", "accounts")
            case .tokens: ("个令牌", "token", "tokens")
            case .devices: ("台设备", "device", "devices")
            case .protocols: ("个挂片方案", "hanging protocol", "hanging protocols")
            case .files: ("个文件", "file", "files")
            case .transfers: ("项传输", "transfer", "transfers")
            }
        }
    }

    package var counts: [Kind: Int]

    package init(_ counts: [Kind: Int]) { self.counts = counts }

    /// In the order of `Kind`, so that the same counts give the same words.
    package var ordered: [(kind: Kind, count: Int)] { Kind.allCases.compactMap { kind in counts[kind].map { (kind, $0) } } }

    /// Such as "1 patient, 3 objects".
    package func text(_ language: MessageLanguage) -> String {
        let parts = ordered.map { kind, count in
            language == .chinese ? "\(count) \(kind.names.chinese)" : "\(count) \(count == 1 ? kind.names.one : kind.names.many)"
        }
        return parts.joined(separator: language == .chinese ? "，" : ", ")
    }
}
