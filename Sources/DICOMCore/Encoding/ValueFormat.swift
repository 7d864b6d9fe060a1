/// The forms of dates, times, numbers, ages and names (PS3.5 §6.2). Values come without padding.
enum ValueFormat {
    static func isCodeStringCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "A"..."Z", "0"..."9", " ", "_": true
        default: false
        }
    }

    /// `YYYYMMDD`, a date of the calendar.
    static func isDate(_ text: String) -> Bool {
        guard text.utf8.count == 8, let year = digits(text, 0..<4), let month = digits(text, 4..<6),
            let day = digits(text, 6..<8), (1...12).contains(month)
        else { return false }
        return (1...days(in: month, of: year)).contains(day)
    }

    /// `HH`, `HHMM`, `HHMMSS` or `HHMMSS.F`…; second 60 is a leap second.
    static func isTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let whole = bytes.prefix { $0 != 0x2E }
        guard [2, 4, 6].contains(whole.count), let hour = digits(text, 0..<2), hour < 24 else { return false }
        if whole.count >= 4 { guard let minute = digits(text, 2..<4), minute < 60 else { return false } }
        if whole.count == 6 { guard let second = digits(text, 4..<6), second <= 60 else { return false } }
        guard bytes.count > whole.count else { return true }
        let fraction = bytes[(whole.count + 1)...]
        return whole.count == 6 && (1...6).contains(fraction.count) && fraction.allSatisfy(isDigit)
    }

    /// `YYYYMMDDHHMMSS.FFFFFF&ZZXX`, shortened from the right, the offset from UTC optional.
    static func isDateTime(_ text: String) -> Bool {
        let offsetStart = text.firstIndex { $0 == "+" || $0 == "-" }
        let body = String(text[..<(offsetStart ?? text.endIndex)])
        if let offsetStart {
            let offset = String(text[offsetStart...].dropFirst())
            guard offset.utf8.count == 4, let hours = digits(offset, 0..<2), let minutes = digits(offset, 2..<4),
                hours <= 14, minutes < 60
            else { return false }
        }
        let count = body.utf8.prefix { $0 != 0x2E }.count
        switch count {
        case 4: return digits(body, 0..<4) != nil && body.utf8.count == 4
        case 6: return digits(body, 0..<4) != nil && (1...12).contains(digits(body, 4..<6) ?? 0) && body.utf8.count == 6
        case 8: return isDate(body)
        case 10, 12, 14: return isDate(String(body.prefix(8))) && isTime(String(body.dropFirst(8)))
        default: return false
        }
    }

    /// Three digits and one of `DWMY`.
    static func isAge(_ text: String) -> Bool {
        text.utf8.count == 4 && digits(text, 0..<3) != nil && (text.last.map { "DWMY".contains($0) } ?? false)
    }

    /// A whole number of 32 bits.
    static func isInteger(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let number = bytes.first == 0x2B || bytes.first == 0x2D ? bytes.dropFirst() : bytes[...]
        return !number.isEmpty && number.allSatisfy(isDigit) && Int32(text) != nil
    }

    /// A fixed-point or floating-point number.
    static func isDecimal(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func takeSign() { if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() } }
        func takeDigits() -> Int {
            let taken = rest.prefix(while: isDigit).count
            rest.removeFirst(taken)
            return taken
        }
        takeSign()
        var count = takeDigits()
        if rest.first == 0x2E {
            rest.removeFirst()
            count += takeDigits()
        }
        guard count > 0 else { return false }
        if rest.first == 0x45 || rest.first == 0x65 {
            rest.removeFirst()
            takeSign()
            guard takeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// At most three groups of at most five components, each group at most 64 characters.
    static func isPersonName(_ text: String) -> Bool {
        let groups = text.split(separator: "=", omittingEmptySubsequences: false)
        return groups.count <= 3
            && groups.allSatisfy { group in
                group.unicodeScalars.count <= 64
                    && group.split(separator: "^", omittingEmptySubsequences: false).count <= 5
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func digits(_ text: String, _ range: Range<Int>) -> Int? {
        let bytes = Array(text.utf8)
        guard range.upperBound <= bytes.count, bytes[range].allSatisfy(isDigit) else { return nil }
        return bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        default: 31
        }
    }
}
