/// Dates and times as index keys, which compare as text the way the moments compare (PS3.5 §6.2 DA, TM, DT).
package enum TemporalKey {
    /// `YYYYMMDD` from that or from `YYYY.MM.DD` of ACR-NEMA and, in keys, `YYYY-MM-DD`; `nil` for no such day.
    package static func date(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        if bytes.count == 10, bytes[4] == bytes[7], bytes[4] == 0x2E || bytes[4] == 0x2D {
            bytes = Array(bytes[0..<4] + bytes[5..<7] + bytes[8..<10])
        }
        guard bytes.count == 8, let year = number(bytes[0..<4]), let month = number(bytes[4..<6]),
            let day = number(bytes[6..<8]), isDay(year: year, month: month, day: day)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `HH[MM[SS[.F…]]]`, colons of ACR-NEMA removed, as precise as given; `nil` for no such time.
    package static func time(_ text: String) -> String? {
        let bytes = text.utf8.filter { $0 != 0x3A }
        let parts = bytes.split(separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
        guard let clock = parts.first, [2, 4, 6].contains(clock.count) else { return nil }
        let limits = [23, 59, 60]
        for index in 0..<clock.count / 2 {
            let start = clock.startIndex + 2 * index
            guard let value = number(clock[start..<start + 2]), value <= limits[index] else { return nil }
        }
        guard parts.count == 2 else { return String(decoding: clock, as: UTF8.self) }
        guard clock.count == 6, (1...6).contains(parts[1].count), number(parts[1]) != nil else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The least text that is not before the first moment of `time`, however precise stored times are.
    package static func lowerBound(time: String) -> String {
        var bytes = Array(time.utf8)
        if bytes.contains(0x2E) {
            while bytes.last == 0x30 { bytes.removeLast() }
            if bytes.last == 0x2E { bytes.removeLast() }
        }
        while bytes.count > 2, bytes.count % 2 == 0, bytes.count <= 6, bytes.suffix(2) == [0x30, 0x30] { bytes.removeLast(2) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The last moment `time` may mean: `1030` ends at 10:30:59.999999.
    package static func upperBound(time: String) -> String { completed(time, with: "235959.999999") }

    /// The first and last moment a DT may mean, as `YYYYMMDDHHMMSS.FFFFFF` in UTC; `nil` for no such moment.
    ///
    /// - Parameter offset: `&ZZXX`, in force when `text` has none of its own.
    package static func moments(_ text: String, offset: String?) -> (first: String, last: String)? {
        var bytes = Array(text.utf8)[...]
        var minutes = offset.flatMap { offsetMinutes(Array($0.utf8)[...]) } ?? 0
        if bytes.count > 5, let sign = bytes.dropLast(4).last, sign == 0x2B || sign == 0x2D {
            guard let own = offsetMinutes(bytes.suffix(5)) else { return nil }
            minutes = own
            bytes = bytes.dropLast(5)
        }
        let plain = String(decoding: bytes, as: UTF8.self)
        let whole = bytes.prefix { $0 != 0x2E }
        guard [4, 6, 8, 10, 12, 14].contains(whole.count) else { return nil }
        let first = completed(plain, with: "00000101000000.000000")
        var last = completed(plain, with: "99991231235959.999999")
        if whole.count == 6 { last = plain + lastDay(of: plain) + "235959.999999" }
        guard date(String(first.prefix(8))) != nil, time(String(first.dropFirst(8))) != nil,
            date(String(last.prefix(8))) != nil, let utcFirst = shifted(first, minutes: -minutes),
            let utcLast = shifted(last, minutes: -minutes)
        else { return nil }
        return (utcFirst, utcLast)
    }

    private static func completed(_ text: String, with pattern: String) -> String {
        text + String(decoding: pattern.utf8.dropFirst(text.utf8.count), as: UTF8.self)
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit &- 0x30)
        }
        return value
    }

    private static func isDay(year: Int, month: Int, day: Int) -> Bool {
        (1...12).contains(month) && day >= 1 && day <= daysInMonth(year: year, month: month)
    }

    private static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func lastDay(of yearAndMonth: String) -> String {
        let bytes = Array(yearAndMonth.utf8)
        guard let year = number(bytes[0..<4]), let month = number(bytes[4..<6]) else { return "31" }
        return String(daysInMonth(year: year, month: month))
    }

    /// Minutes east of Greenwich, between -12:00 and +14:00.
    private static func offsetMinutes(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count == 5, let sign = bytes.first, sign == 0x2B || sign == 0x2D,
            let hours = number(bytes.dropFirst().prefix(2)), let minutes = number(bytes.suffix(2)), minutes < 60
        else { return nil }
        let total = hours * 60 + minutes
        if sign == 0x2D { return total <= 12 * 60 ? -total : nil }
        return total <= 14 * 60 ? total : nil
    }

    /// Moves `YYYYMMDDHHMMSS…` by whole minutes over the proleptic Gregorian calendar.
    private static func shifted(_ moment: String, minutes: Int) -> String? {
        if minutes == 0 { return moment }
        let bytes = Array(moment.utf8)
        guard bytes.count >= 12, let year = number(bytes[0..<4]), let month = number(bytes[4..<6]),
            let day = number(bytes[6..<8]), let hour = number(bytes[8..<10]), let minute = number(bytes[10..<12])
        else { return nil }
        let total = (dayNumber(year, month, day) * 24 + hour) * 60 + minute + minutes
        let (date, ofDay) = total.quotientAndRemainder(dividingBy: 1440)
        let civil = civilDate(ofDay < 0 ? date - 1 : date)
        let inDay = ofDay < 0 ? ofDay + 1440 : ofDay
        guard (0...9999).contains(civil.year) else { return nil }
        return padded(civil.year, 4) + padded(civil.month, 2) + padded(civil.day, 2) + padded(inDay / 60, 2)
            + padded(inDay % 60, 2) + String(decoding: bytes[12...], as: UTF8.self)
    }

    /// Days since 0000-03-01.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let shiftedMonth = (month + 9) % 12
        return 365 * shiftedYear + floorDivide(shiftedYear, 4) - floorDivide(shiftedYear, 100)
            + floorDivide(shiftedYear, 400) + (153 * shiftedMonth + 2) / 5 + day - 1
    }

    private static func civilDate(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let era = floorDivide(days, 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let civilMonth = month < 10 ? month + 3 : month - 9
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, day)
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
