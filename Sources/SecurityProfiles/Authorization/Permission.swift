/// One right that an operation may ask for. `row` is the one table of names and roles.
package enum Permission: String, CaseIterable, Hashable, Sendable {
    case studySearch = "study.search"
    case studyView = "study.view"
    case studyImport = "study.import"
    case studyExport = "study.export"
    case studyShare = "study.share"
    case studySend = "study.send"
    case studyDelete = "study.delete"
    case annotationWrite = "annotation.write"
    case dicomwebRead = "dicomweb.read"
    case dicomwebWrite = "dicomweb.write"
    case deviceRead = "device.read"
    case deviceManage = "device.manage"
    case userManage = "user.manage"
    case sessionManage = "session.manage"
    case tokenManage = "token.manage"
    case archiveCheck = "archive.check"
    case archiveConfigure = "archive.configure"
    case settingsManage = "settings.manage"
    case quarantineReview = "quarantine.review"
    case auditRead = "audit.read"
    case systemStatus = "system.status"
    case softwareUpdate = "software.update"

    /// One line of the permission table.
    package struct Row: Sendable {
        package let nameZH: String
        package let nameEN: String
        package let roles: Set<Role>

        init(_ nameZH: String, _ nameEN: String, _ roles: Set<Role>) {
            self.nameZH = nameZH
            self.nameEN = nameEN
            self.roles = roles
        }
    }

    /// Names and the roles that have the right. Least data: nobody has a right his work does not need, so the
    /// administrator runs the system and sees the study list for that, while images are for those who read them.
    package var row: Row {
        switch self {
        case .studySearch:
            Row(
                "检索检查", "Search studies",
                [.administrator, .radiologist, .technologist, .registrar, .clinician, .integration])
        case .studyView:
            Row("查看影像", "View images", [.administrator, .radiologist, .technologist, .clinician, .integration])
        case .studyImport: Row("导入检查", "Import studies", [.administrator, .radiologist, .technologist, .registrar])
        case .studyExport: Row("导出检查", "Export studies", [.administrator, .radiologist, .technologist])
        case .studyShare: Row("分享检查", "Share studies", [.administrator, .radiologist])
        case .studySend: Row("发送到设备", "Send studies to devices", [.administrator, .radiologist, .technologist])
        case .studyDelete: Row("删除检查", "Delete studies", [.administrator])
        case .annotationWrite: Row("标注与测量", "Save annotations", [.radiologist, .technologist, .clinician])
        case .dicomwebRead:
            Row(
                "DICOMweb 读取", "Read over DICOMweb",
                [.administrator, .radiologist, .technologist, .clinician, .integration])
        case .dicomwebWrite:
            Row("DICOMweb 写入", "Write over DICOMweb", [.administrator, .radiologist, .technologist, .integration])
        case .deviceRead: Row("查看设备", "See devices", [.administrator, .radiologist, .technologist])
        case .deviceManage: Row("管理设备", "Manage devices", [.administrator])
        case .userManage: Row("管理用户", "Manage users", [.administrator])
        case .sessionManage: Row("管理会话", "Manage sessions", [.administrator])
        case .tokenManage: Row("管理接口令牌", "Manage API tokens", [.administrator])
        case .archiveCheck: Row("检查归档", "Check the archive", [.administrator])
        case .archiveConfigure: Row("配置归档", "Configure the archive", [.administrator])
        case .settingsManage: Row("修改设置", "Change settings", [.administrator])
        case .quarantineReview: Row("处理隔离对象", "Review quarantined objects", [.administrator, .technologist])
        case .auditRead: Row("查看审计日志", "Read the audit log", [.administrator])
        case .systemStatus: Row("查看系统状态", "See system status", [.administrator, .technologist])
        case .softwareUpdate: Row("更新软件", "Update the software", [.administrator])
        }
    }
}
