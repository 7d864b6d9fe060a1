import Foundation
import PACSServer

/// The language of this terminal.
let terminalLanguage = MessageLanguage(environment: ProcessInfo.processInfo.environment)

/// Tells the consequence of a serious function and what it affects, and asks (YY/T 1861 4.2.1 g).
///
/// - Throws: `CommandFault` 75 unless `yes` is given, by `option`, or a person at the terminal says yes.
func confirm(_ function: SeriousFunction, of subject: String, _ affected: Affected, yes: Bool, option: String = "--yes") throws {
    guard !yes else { return }
    let affects = terminalLanguage == .chinese ? "影响" : "Affected"
    printError(subject + ": " + function.row.consequence(terminalLanguage))
    printError("\(affects): \(affected.text(terminalLanguage)).")
    try ask(terminalLanguage == .chinese ? "继续吗？" : "Go on?", option: option)
}

/// Asks before transfers are interrupted (PACS-4.2.2-e).
///
/// - Throws: `CommandFault` 75 unless nothing runs, `force` is given, or a person at the terminal says yes.
func confirm(_ running: [String], question: String, force: Bool) throws {
    guard !running.isEmpty, !force else { return }
    for line in running { printError(line) }
    try ask(question, option: "--force")
}

private func ask(_ question: String, option: String) throws {
    if isatty(STDIN_FILENO) == 1 {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        if let answer = readLine()?.lowercased(), ["y", "yes", "是"].contains(answer) { return }
        throw CommandFault("Nothing was changed.", .tryAgain)
    }
    throw CommandFault("Nothing was changed. Say \(option) to do it all the same.", .tryAgain, "confirmationNeeded")
}

/// Prints the command that brings back what was there before.
func printUndo(_ arguments: [String], _ directory: DataDirectoryOptions) {
    let words = ["apus"] + arguments + ["--data", directory.data]
    let quoted = words.map { word in
        word.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "-_./:,=@".contains($0) } && !word.isEmpty
            ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
    print((terminalLanguage == .chinese ? "撤销：" : "Undo: ") + quoted.joined(separator: " "))
}
