extension ErrorCatalogue {
    /// Web/manual.ts reads this text too: the page's messages and the appendix of the manual are made from it.
    static let table = """
        notAuthenticated notice user server
        请先登录。 | 登录后重试；程序须随请求提供访问令牌。
        You are not signed in. | Sign in and try again; programs send an access token.

        passwordChangeRequired notice user server
        继续之前须修改密码。 | 请先修改密码，然后重试。
        The password must be changed first. | Change the password, then try again.

        permissionMissing error administrator server
        您的角色没有此权限。 | 如工作需要此权限，请联系管理员授予。
        Your role does not include this right. | Ask your administrator if your work needs it.

        forbidden error user server,page
        不允许进行此操作。 | 如工作需要，请联系管理员。
        You are not permitted to do this. | Ask your administrator if you need the right to.

        login error user server
        用户名或密码错误。 | 检查输入法和大小写后重试；忘记密码请联系管理员重置。
        The user name or the password is wrong. | Check the keyboard and capitals and try again; if you have forgotten the password, your administrator can reset it.

        loginDisabled error administrator server
        该账户已停用。 | 请联系管理员启用账户。
        This account is disabled. | Ask your administrator to enable it.

        loginLocked error user server
        登录失败次数过多，账户暂时锁定。 | 请等待几分钟后重试，或请管理员重置密码以解除锁定。
        Too many failed sign-ins; the account is locked for now. | Wait a few minutes, or ask your administrator to reset the password, which ends the lock.

        authorization error administrator server
        不支持此认证方式。 | 请使用 Authorization: Bearer 和 Apus 令牌。
        This way of authentication is not supported. | Send Authorization: Bearer with an Apus token.

        token error administrator server
        访问令牌无效、已过期或已撤销。 | 请管理员用 apus token create 新建令牌。
        The access token is not valid, has expired or was revoked. | Ask your administrator to create one with apus token create.

        csrf error user server
        请求不是由本系统页面发出的，已拒绝。 | 请重新载入页面后重试。
        The request did not come from our own page and was refused. | Reload the page and try again.

        invalid error administrator server
        设置链接无效或已使用。 | 重新启动 Apus 可获得新链接。
        The set-up link is not valid or was used already. | Restart Apus to get a new one.

        expired error administrator server
        设置链接已过期。 | 重新启动 Apus 可获得新链接。
        The set-up link has expired. | Restart Apus to get a new one.

        administratorExists error user server
        管理员已存在。 | 请直接登录。
        An administrator exists already. | Sign in instead.

        weakPassword error user server
        密码不符合要求。 | 请按所列密码规则另选密码。
        The password does not follow the rules. | Choose another by the rules that are listed.

        security critical administrator server
        账户与审计记录暂时不能写入。 | 影像仍可读取。请管理员检查数据目录所在磁盘的空间和权限。
        Accounts and audit records cannot be written now. | Images can still be read. The administrator checks space and rights of the disk with the data directory.

        tampered critical administrator server
        安全记录在 Apus 之外被改动，不予使用。 | 请管理员查看审计日志并重新建立该记录。
        A security record was changed outside Apus and is not used. | The administrator reads the audit log and makes the record again.

        conflict error user server
        与已有的记录冲突。 | 请刷新后查看现有记录，再决定如何更改。
        This conflicts with a record that exists. | Refresh, look at the present record, then decide what to change.

        notFound error user server,page
        找不到所请求的内容。 | 可能已被移动或删除；请返回检查列表。
        What was asked for does not exist. | It may have been moved or deleted; go back to the study list.

        route error user server
        没有这个地址。 | 请检查地址；DICOMweb 的说明在 /dicom-web。
        There is no such address. | Check the address; the DICOMweb service describes itself at /dicom-web.

        file error user server
        页面文件不存在，页面可能刚更新过。 | 请重新载入页面。
        The page's file does not exist; the page may have been updated. | Reload the page.

        study error user server
        检查不存在。 | 可能已被移动或删除；请返回检查列表重新查找。
        There is no such study. | It may have been moved or deleted; go back to the study list and search again.

        series error user server
        序列不存在。 | 请重新打开检查。
        There is no such series. | Open the study again.

        instance error user server
        该检查中没有此对象。 | 请重新打开检查；仍不存在时请联系管理员。
        There is no such object in this study. | Open the study again; if it is still missing, tell your administrator.

        frame error user server
        图像没有这一帧。 | 请按图像的帧数请求。
        The image has no such frame. | Ask for a frame within the image's number of frames.

        mark error user server
        标注不存在或内容不正确。 | 请重新打开检查后再试；程序请按 detail 所指位置更正。
        The mark does not exist or is not well formed. | Open the study again and retry; programs correct what detail points at.

        protocol error user server
        挂片方案不存在或内容不正确。 | 请重新打开方案列表；程序请按 detail 更正。
        The hanging protocol does not exist or is not well formed. | Open the list of protocols again; programs correct what detail says.

        tooManyProtocols error user server
        保存的挂片方案已达上限。 | 请删除不需要的方案后再保存。
        No more hanging protocols can be kept. | Delete one that is not needed, then save again.

        parameter error user server
        请求中有一个参数不正确。 | 请按 detail 更正该参数；若由本系统页面发出，请重新载入页面，仍出现时将编号告知管理员。
        A parameter of the request is not right. | Correct what detail says; if our own page sent it, reload the page, and if it happens again give your administrator the identifier.

        json error user server
        请求内容不是所需的 JSON。 | 请按接口说明更正后重新发送。
        The body of the request is not the JSON that is needed. | Correct it by the description of the interface and send it again.

        query error user server
        查询条件不正确。 | 请更正日期、通配符或 UID 后重新查询。
        The query is not right. | Correct dates, wildcards or UIDs and search again.

        state error user server
        显示状态不正确，未保存。 | 请重新打开检查后再保存；程序请按 detail 更正。
        The presentation state is not right and was not saved. | Open the study again and save again; programs correct what detail says.

        text error user server
        文字过长。 | 请缩短文字后重试，上限见 detail。
        The text is too long. | Shorten it and try again; detail says the limit.

        marks error user server
        该对象含有标注，不能整体撤回。 | 请逐一撤回其中的标注。
        The object holds marks and is not withdrawn as a whole. | Withdraw its marks instead, one by one.

        notAcceptable error user server
        不能以所要求的格式提供。 | 请在 Accept 中列出 /dicom-web 说明的媒体类型和传输语法。
        It cannot be given in the format asked for. | List in Accept a media type and transfer syntax that /dicom-web describes.

        mediaType error user server
        不能接收这种格式的内容。 | 请以 /dicom-web 说明的 Content-Type 发送。
        Content of this kind cannot be taken. | Send one of the content types that /dicom-web describes.

        transferSyntax error user server
        不能转换为所要求的传输语法。 | 请接受原有的传输语法，或未压缩的传输语法。
        It cannot be converted to the transfer syntax asked for. | Accept the stored transfer syntax, or an uncompressed one.

        image error user server,page
        图像数据不适合显示。 | 可打开属性查看原因，或下载对象用其他软件查看；请将编号告知管理员。
        The image's data do not allow showing it. | Look at its attributes, or download the object for other software; give your administrator the identifier.

        tooMuch error user server
        一次请求的内容过多。 | 请分成较小的部分请求。
        This is too much for one request. | Ask for smaller parts.

        body error user server
        发送的内容过大。 | 请分成较小的部分发送，或请管理员提高上限。
        What was sent is too large. | Send smaller parts, or ask your administrator to raise the limit.

        tooLarge error administrator server,page
        文件超过服务器允许的大小。 | 请管理员提高上限，或通过 DICOM 网络发送。
        The file is larger than the server allows. | Ask your administrator to raise the limit, or send it over the DICOM network.

        full critical administrator server,page
        存储空间不足，服务器无法接收。 | 已存影像不受影响。请管理员释放空间或增加存储位置，然后继续。
        The storage is full; the server cannot take more. | What is stored is safe. Ask your administrator to free space or add a storage location, then resume.

        unavailable critical administrator server
        存储目前不能写入。 | 已存影像不受影响。请管理员检查存储位置是否挂载、可写，然后重新发送。
        The storage cannot be written now. | What is stored is safe. The administrator checks that the storage is mounted and writable; then send again.

        cannotUnderstand error administrator server
        不是可读的 DICOM 对象，未接收。 | 请从设备重新发送或导出；仍失败时，将编号和文件交给设备厂商。
        It is no readable DICOM object and was not taken. | Send or export it from the device again; if that fails too, give identifier and file to the device's vendor.

        doesNotMatch error administrator server
        对象内容与所声明的不一致，未接收。 | 请从设备重新发送；仍失败时联系设备厂商。
        The object contradicts what was declared of it and was not taken. | Send it again; if that fails too, ask the device's vendor.

        sopClassNotSupported error administrator server
        不接收此类对象（SOP 类）。 | 如需要，请管理员在配置中允许该 SOP 类。
        Objects of this SOP class are not taken. | If they are needed, the administrator allows the class in the configuration.

        quarantined notice administrator server
        对象已接收，但有缺陷，已隔离。 | 对象可读取，但不转发。请管理员用 apus quarantine 查看原因，联系设备厂商，核实后可解除隔离。
        The object was stored, but is defective and in quarantine. | It can be read and is not forwarded. The administrator sees the reasons with apus quarantine, asks the device's vendor, and may release it after a look.

        destination error administrator server
        传输的目的设备未登记或无法连接。 | 请管理员登记该设备（apus device add），检查地址、端口和 AE 标题，然后重试。
        The destination of the transfer is not a registered device or cannot be reached. | The administrator registers it (apus device add) and checks its address, port and AE title; then try again.

        spool critical administrator server
        上传内容不能暂存。 | 请管理员检查数据目录的空间和权限，然后重新上传。
        The upload cannot be kept. | The administrator checks space and rights of the data directory; then upload again.

        storage critical administrator server,page
        影像暂时不能从存储读出。 | 请管理员检查存储位置是否挂载，然后重试。
        The image cannot be read from the storage now. | The administrator checks that the storage is mounted; then try again.

        index critical administrator server,command
        索引目前不能使用。 | 请稍后重试；仍失败时管理员检查数据目录的磁盘，必要时运行 apus reindex。
        The index cannot be used now. | Try again; if it still fails, the administrator checks the disk with the data directory and, if need be, runs apus reindex.

        changed error user server,page
        检查在打开之后有了变化。 | 请重新打开检查。
        The study has changed since it was opened. | Open the study again.

        draftConflict error user server
        另一个窗口同时保存了本检查的标注。 | 页面会自动合并；程序请按 uid 合并后以新的 revision 重新发送。
        Another window stored marks of this study meanwhile. | The page merges by itself; programs merge by uid and send again with the new revision.

        release error user server
        没有这样的隔离对象，或缺少原因。 | 请从隔离列表中选择对象并填写原因。
        No such instance is in quarantine, or the reason is missing. | Choose from the list of quarantine and give a reason.

        sound error user server
        该波形不能作为声音播放。 | 请以波形图查看，或下载对象。
        This waveform cannot be played as sound. | Look at it as a drawn waveform, or download the object.

        object error user server
        对象不能这样显示。 | 请查看其属性，或下载对象。
        The object cannot be shown this way. | Look at its attributes, or download the object.

        confirmationNeeded notice user server,command
        此操作后果严重，尚未执行。 | 请阅读所列后果和影响数量，确认后再执行。
        This has serious consequences and was not done. | Read the consequence and what is affected, then confirm.

        http error user server
        请求不符合 HTTP 规则。 | 请更正请求；若由本系统页面发出，请重新载入页面。
        The request does not follow HTTP. | Correct it; if our own page sent it, reload the page.

        internal error support server
        服务器未能完成此操作。 | 请重试；仍失败时将编号告知管理员，由其在服务日志中查找。
        The server could not complete this. | Try again; if it keeps happening, give your administrator the identifier, which leads to the entry in the log.

        network error user page
        无法连接服务器。 | 请检查网络后重试；仍失败时请联系管理员。
        The server cannot be reached. | Check the network and try again; if it still fails, tell your administrator.

        timeout error user page
        服务器在规定时间内没有答复。 | 请重试；仍失败时请联系管理员。
        The server did not answer in time. | Try again; if it still fails, tell your administrator.

        signedOut notice user page
        会话已结束。 | 请重新登录；未保存的标注留在本机，登录后继续保存。
        The session has ended. | Sign in again; marks that are not saved are kept on this computer and saved then.

        tooMany error user page
        尝试次数过多。 | 请等待几分钟后重试。
        Too many attempts. | Wait a few minutes before trying again.

        server error administrator page
        服务器未能完成此操作。 | 请重试；反复出现时将此编号告知管理员。
        The server could not complete this. | Try again; if it keeps happening, give your administrator this identifier.

        unexpected error support page
        页面遇到意外错误。 | 请重新载入页面；反复出现时将此编号告知管理员。
        The page met an unexpected error. | Reload the page; if it keeps happening, give your administrator this identifier.

        unreadable error administrator page
        图像不能读取。 | 其他图像不受影响；请重试，仍失败时将此编号告知管理员。
        The image cannot be read. | The other images are not affected; try again, and if it still fails give your administrator this identifier.

        damaged critical administrator server,page
        存储的图像已损坏，因此不予显示。 | 其他图像不受影响；请管理员运行 apus check，并从备份或设备取回。
        The stored image is damaged and is therefore not shown. | The other images are not affected; the administrator runs apus check and fetches it from backup or device.

        missing error administrator server,page
        图像没有送达。 | 请重试；仍失败时请管理员运行 apus check。
        The image did not arrive. | Try again; if it still fails, the administrator runs apus check.

        unsupported error administrator server,page
        不支持该图像的编码。 | 请下载对象用其他软件查看，并将此编号告知管理员。
        The image's encoding is not supported. | Download the object for other software, and give your administrator this identifier.

        memory error user page
        浏览器内存不足，图像未能打开。 | 请关闭其他检查或标签页后重试；也可一次只打开一个序列。
        The browser has too little memory to open the image. | Close other studies or tabs and try again, or open one series at a time.

        drawing error user page
        图像未能绘制。 | 请重试，或恢复默认显示；仍失败时将此编号告知管理员。
        The image could not be drawn. | Try again, or reset the display; if it still fails give your administrator this identifier.

        decoder error administrator page
        图像数据不能解码，因此不予显示。 | 其他图像不受影响；请重试，仍失败时将此编号告知管理员。
        The image's data cannot be decoded; it is therefore not shown. | The other images are not affected; try again, and if it still fails give your administrator this identifier.

        closed notice user page
        图像服务已停止。 | 请重新打开检查。
        The imaging service has ended. | Open the study again.

        unusable critical administrator page
        此浏览器现在不能显示影像。 | 请重新载入页面；仍失败时改用较新的 Chrome、Edge 或 Firefox，并将此编号告知管理员。
        This browser cannot show images now. | Reload the page; if it still fails use a recent Chrome, Edge or Firefox, and give your administrator this identifier.

        graphicsLost critical user page
        显卡停止了工作，画面可能不完整。 | 请勿据此诊断；重新载入页面即可恢复，标注不受影响。
        The graphics device stopped; the picture may be incomplete. | Do not diagnose from it; reload the page to go on. Marks are not affected.

        notSaved critical user page
        标注既未能保存到服务器，也未能保存在本浏览器。 | 请勿关闭页面：恢复后会自动保存。若须关闭，请先记下测量值，并将此编号告知管理员。
        The marks could be saved neither on the server nor in this browser. | Do not close the page: they are saved by themselves once that is possible. If you must close it, write the values down first and give your administrator this identifier.

        commandUsage error user command
        命令用法不正确。 | 用 apus help 加命令名查看用法。
        The command was not used rightly. | See its usage with apus help and the command's name.

        commandData error user command
        数据不正确或已损坏。 | 按信息更正输入；对数据目录可运行 apus check。
        The data are wrong or damaged. | Correct the input as the message says; for a data directory run apus check.

        commandInput error user command
        找不到所指的内容。 | 检查名称、路径和 --data。
        What was named was not found. | Check the name, the path and --data.

        commandPeer error administrator command
        对方或服务不可用。 | 检查对方是否运行，以及主机、端口、AE 标题和防火墙，然后重试。
        The peer or the service is not available. | Check that it runs, and host, port, AE title and firewall; then try again.

        commandFile error administrator command
        读写失败。 | 检查磁盘空间和权限，然后重试。
        Reading or writing failed. | Check space and rights of the disk; then try again.

        commandBusy notice user command
        现在不能执行。 | 按信息等待或停止占用者，然后重试。
        It cannot be done at this moment. | Wait for, or stop, what the message names; then try again.

        commandRefused error administrator command
        不允许。 | 请对方管理员登记我方 AE 标题并授予权限。
        It is not permitted. | Ask the peer's administrator to register our AE title and to grant the right.

        commandConfiguration error administrator command
        配置不正确。 | 按信息更正配置，配置项见管理手册。
        The configuration is wrong. | Correct it as the message says; the administration manual lists all settings.

        commandFailed error support command
        命令未能完成。 | 请重试；仍失败时在系统日志中按编号查找详情（journalctl -t apus）并告知支持人员。
        The command could not be completed. | Try again; if it keeps happening, find the details by the identifier in the system log (journalctl -t apus) and tell support.
        """
}
