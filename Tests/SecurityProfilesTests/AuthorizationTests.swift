import SecurityProfiles
import Testing

@Suite struct `PACS-4.5.3 authorization` {
    private func user(_ roles: Set<Role>, mustChange: Bool = false) -> Principal {
        Principal(kind: .user, id: "1", name: "li", roles: roles, mustChangePassword: mustChange)
    }

    @Test func `PACS-4.5.3-2 a new user without role may do nothing`() {
        for permission in Permission.allCases {
            #expect(authorize(user([]), permission) == .refused(.permissionMissing))
        }
    }

    @Test(arguments: Role.allCases) func `PACS-4.5.3-1 SEC-3.2-AUTH SEC-2-1 each role may do exactly what its row of the table says`(
        _ role: Role
    ) {
        for permission in Permission.allCases {
            let expected: Decision = permission.row.roles.contains(role) ? .allowed : .refused(.permissionMissing)
            #expect(authorize(user([role]), permission) == expected)
        }
    }

    @Test func `PACS-4.5.3-2 the registrar sees no images and the clinician changes no configuration`() {
        #expect(!Role.registrar.permissions.contains(.studyView))
        #expect(!Role.registrar.permissions.contains(.dicomwebRead))
        let administration: Set<Permission> = [
            .deviceManage, .userManage, .tokenManage, .archiveConfigure, .settingsManage, .auditRead, .sessionManage,
            .softwareUpdate,
        ]
        for role in Role.allCases where role != .administrator {
            #expect(role.permissions.isDisjoint(with: administration))
        }
    }

    @Test func `rights of several roles add up`() {
        let both = user([.registrar, .clinician])
        #expect(authorize(both, .studyImport).isAllowed)
        #expect(authorize(both, .studyView).isAllowed)
        #expect(!authorize(both, .userManage).isAllowed)
    }

    @Test func `PACS-4.5.3-4 a password chosen by another opens nothing until it is changed`() {
        #expect(authorize(user([.administrator], mustChange: true), .studySearch) == .refused(.passwordChangeRequired))
    }

    @Test func `nobody and DICOM nodes have no rights of users`() {
        #expect(authorize(.anonymous, .studySearch) == .refused(.notAuthenticated))
        #expect(
            !authorize(Principal(kind: .device, id: "CT1", name: "CT1", roles: [.administrator]), .studySearch)
                .isAllowed)
    }

    @Test func `every permission, role, setting and service is named in both languages`() {
        for row in Permission.allCases.map(\.row) {
            #expect(!row.nameZH.isEmpty && !row.nameEN.isEmpty && !row.roles.isEmpty)
        }
        for role in Role.allCases { #expect(!role.nameZH.isEmpty && Role.set(Role.text([role])) == [role]) }
        for service in NodeService.allCases { #expect(!service.row.nameZH.isEmpty && !service.row.operations.isEmpty) }
        for setting in SecuritySetting.allCases {
            #expect(!setting.declaration.nameZH.isEmpty)
            #expect(throws: Never.self) { try setting.validate(setting.declaration.defaultValue) }
        }
        #expect(Role.set("administrator,root") == nil)
    }
}

@Suite struct `PACS-4.5.2-2 audit dictionary` {
    @Test func `PACS-4.5.2-2 every kind has its own name, meaning and DICOM code`() {
        let rows = AuditEventKind.allCases.map(\.row)
        #expect(Set(rows.map(\.nameEN)).count == rows.count)
        #expect(Set(rows.map(\.nameZH)).count == rows.count)
        for row in rows {
            #expect((110100...110114).contains(row.eventID))
            #expect(row.eventType.map { (110120...110139).contains($0) } ?? true)
            #expect("CRUDE".contains(row.action) && !row.conditionZH.isEmpty && !row.conditionEN.isEmpty)
        }
    }
}
