import Glibc

/// Writes a line into the system's log (syslog), where an identifier told at the terminal is found again.
func logToSystem(_ text: String) {
    // openlog keeps the pointer, so the name must live as long as the program.
    let name: StaticString = "apus"
    name.withUTF8Buffer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { openlog($0.baseAddress, LOG_PID, 1 << 3) }
    }
    withVaList([]) { vsyslog(LOG_ERR, text.replacing("%", with: "%%"), $0) }
    closelog()
}
