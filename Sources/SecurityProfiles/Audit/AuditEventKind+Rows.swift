extension AuditEventKind {
    /// This kind's line of the dictionary.
    package var row: Row {
        switch self {
        case .serverStarted, .serverStopped, .loginSucceeded, .loginFailed, .accountLocked, .logout, .sessionRevoked,
            .setupLinkIssued, .setupCompleted, .setupFailed:
            signInRow
        case .accountCreated, .passwordChanged, .accountRolesChanged, .accountStateChanged, .tokenCreated,
            .tokenRevoked,
            .tokenRefused, .deviceAdded, .deviceChanged, .deviceRemoved, .settingChanged, .configurationChanged:
            administrationRow
        case .associationRefused, .nodeServiceRefused, .accessRefused, .auditRead, .auditVerified, .auditBuffered, .integrityFailed,
            .integrityAccepted:
            protectionRow
        default:
            studyRow
        }
    }

    private var signInRow: Row {
        switch self {
        case .serverStarted:
            Row(110100, 110120, "E", "服务启动", "Server started", "服务开始接受连接", "the server starts to accept connections")
        case .serverStopped:
            Row(110100, 110121, "E", "服务停止", "Server stopped", "服务正常停止", "the server stops in an orderly way")
        case .loginSucceeded:
            Row(110114, 110122, "E", "登录成功", "Signed in", "用户名和密码正确", "name and password are right")
        case .accountLocked:
            Row(110114, 110122, "E", "账户锁定", "Account locked", "连续登录失败达到上限", "failures in a row reach the limit")
        case .logout:
            Row(
                110114, 110123, "E", "注销", "Signed out", "用户注销或会话空闲超时",
                "a user signs out or the session is idle too long")
        case .sessionRevoked:
            Row(
                110114, 110123, "E", "会话终止", "Session ended by another", "管理员终止会话，或会话在其他设备上使用",
                "an administrator ends a session, or it is used from another device")
        case .setupLinkIssued:
            Row(
                110113, 110129, "C", "签发初始设置链接", "Set-up link issued", "没有管理员时启动",
                "the server starts without administrator")
        case .setupCompleted:
            Row(
                110113, 110137, "C", "完成初始设置", "Set-up completed", "通过设置链接创建首位管理员",
                "the first administrator is made by the set-up link")
        case .setupFailed:
            Row(
                110113, 110129, "E", "初始设置失败", "Set-up refused", "设置链接无效、过期或已使用",
                "the set-up link is invalid, expired or used")
        default:
            Row(
                110114, 110122, "E", "登录失败", "Sign-in refused", "用户名或密码错误、账户停用或锁定",
                "name or password is wrong, or the account is disabled or locked")
        }
    }

    private var administrationRow: Row {
        switch self {
        case .accountCreated: Row(110113, 110137, "C", "新建用户", "Account created", "新建用户", "an account is made")
        case .passwordChanged:
            Row(
                110113, 110137, "U", "修改密码", "Password changed", "用户或管理员修改密码",
                "a user or administrator changes a password")
        case .accountRolesChanged:
            Row(110113, 110136, "U", "修改角色", "Roles changed", "修改用户角色", "the roles of an account are changed")
        case .accountStateChanged:
            Row(
                110113, 110137, "U", "启用、停用或解锁用户", "Account enabled, disabled or unlocked", "修改用户状态",
                "the state of an account is changed")
        case .tokenCreated: Row(110113, 110137, "C", "新建接口令牌", "Token created", "新建接口令牌", "an API token is made")
        case .tokenRevoked: Row(110113, 110137, "D", "吊销接口令牌", "Token revoked", "吊销接口令牌", "an API token is revoked")
        case .tokenRefused:
            Row(
                110114, 110122, "E", "令牌被拒绝", "Token refused", "使用过期、吊销或被改动的令牌",
                "an expired, revoked or altered token is used")
        case .deviceAdded: Row(110113, 110128, "C", "新建设备", "Device added", "新建设备", "a DICOM node is registered")
        case .deviceChanged:
            Row(110113, 110128, "U", "修改设备", "Device changed", "修改设备", "a registered DICOM node is changed")
        case .deviceRemoved:
            Row(110113, 110128, "D", "删除设备", "Device removed", "删除设备", "a registered DICOM node is removed")
        case .settingChanged:
            Row(110113, 110129, "U", "修改安全设置", "Security setting changed", "修改安全设置", "a security setting is changed")
        default:
            Row(
                110113, 110131, "U", "修改配置", "Configuration changed", "修改归档或服务配置",
                "archive or server configuration is changed")
        }
    }

    private var protectionRow: Row {
        switch self {
        case .associationRefused:
            Row(
                110113, 110126, "E", "拒绝 DICOM 连接", "Association refused", "呼叫方未知、停用，或地址、证书不符",
                "the caller is unknown, disabled, or calls from another address or with another certificate")
        case .nodeServiceRefused:
            Row(
                110113, 110126, "E", "拒绝 DICOM 服务", "DICOM service refused", "设备请求未授权的服务",
                "a device asks for a service it was not granted")
        case .accessRefused:
            Row(110113, 110132, "E", "拒绝访问", "Access refused", "用户没有所需权限", "a user lacks the right for what he asks")
        case .auditRead:
            Row(110101, nil, "R", "查看审计日志", "Audit log read", "查看或导出审计日志", "the audit log is read or exported")
        case .auditVerified:
            Row(110101, nil, "E", "校验审计日志", "Audit log verified", "校验审计日志完整性", "the chain of the audit log is checked")
        case .auditBuffered:
            Row(
                110113, nil, "E", "审计日志曾暂存于内存", "Audit records were kept in memory", "磁盘已满或只读期间的审计记录在恢复后写入",
                "records made while the disk was full or read-only are written after it came back")
        case .integrityFailed:
            Row(
                110113, 110135, "E", "完整性破坏", "Integrity failure", "发现用户、设备、设置、日志或数据在软件外被改动",
                "accounts, devices, settings, log or data were changed outside Apus")
        default:
            Row(
                110113, 110135, "U", "确认改动", "Changes accepted", "管理员确认并重新封存记录",
                "an administrator accepts and re-seals changed records")
        }
    }

    private var studyRow: Row {
        switch self {
        case .studySearched:
            Row(
                110112, nil, "E", "检索", "Searched", "检索检查（界面、C-FIND、QIDO-RS）",
                "studies are searched (browser, C-FIND, QIDO-RS)")
        case .studyViewed:
            Row(110103, nil, "R", "查看检查", "Study viewed", "打开检查，或读取元数据、帧、渲染图像或批量数据",
                "a study is opened, or its metadata, frames, pictures or bulk data are read")
        case .studyImported:
            Row(
                110107, nil, "C", "导入检查", "Study imported", "从介质或浏览器导入", "a study is imported from media or the browser"
            )
        case .studyReceived:
            Row(
                110104, nil, "C", "接收检查", "Study received", "通过 C-STORE 或 STOW-RS 接收",
                "instances arrive by C-STORE or STOW-RS")
        case .studyExported:
            Row(110106, nil, "R", "导出检查", "Study exported", "用户下载或导出到介质", "a person downloads a study or writes it to media")
        case .studySent:
            Row(
                110104, nil, "R", "发送检查", "Study sent", "通过 C-MOVE、C-GET、转发发送，或由程序通过 WADO-RS、WADO-URI 获取",
                "instances leave by C-MOVE, C-GET or forwarding, or a program retrieves them by WADO-RS or WADO-URI")
        case .studyShared: Row(110106, nil, "C", "分享检查", "Study shared", "创建分享链接", "a link to a study is made")
        case .quarantineReleased:
            Row(
                110103, nil, "U", "解除隔离", "Released from quarantine", "查看后解除对象的隔离标记",
                "a defective instance is let out of quarantine after it was looked at")
        case .studyDeleted:
            Row(110105, nil, "D", "删除检查", "Study deleted", "删除检查或其部分", "a study or part of it is deleted")
        default:
            Row(
                110103, nil, "U", "修改检查", "Study changed", "修改检查属性或保存标注",
                "attributes of a study change or annotations are saved")
        }
    }
}
