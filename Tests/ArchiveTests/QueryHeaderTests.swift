@testable import Archive
import DICOMCore
import Testing

private typealias Tag = DICOMCore.Tag

@Suite struct `Indexed values of a header` {
    private func value(_ tag: Tag, _ build: (inout DataSet) -> Void) throws -> IndexedValue {
        var header = DataSet()
        build(&header)
        return HeaderReader.value(of: try #require(IndexedAttribute.named(tag)), in: header)
    }

    @Test func `text loses its padding, names their empty tail`() throws {
        #expect(try value(.studyDescription) { $0.set(.studyDescription, .lo, " Head ") } == .text("Head"))
        #expect(try value(.patientName) { $0.set(.patientName, .pn, "DOE^JOHN^^^") } == .text("DOE^JOHN"))
        #expect(try value(.patientName) { $0.set(.patientName, .pn, "^^=") } == .none)
    }

    @Test func `values are read in the header's character set`() throws {
        let found = try value(.patientName) {
            $0.set(.specificCharacterSet, .cs, "GB18030")
            $0.set(.patientName, .pn, "𠮷^㐀")
        }
        #expect(found == .text("𠮷^㐀"))
    }

    @Test func `what is not a value of the kind is no value`() throws {
        #expect(try value(.studyDate) { $0.set(.studyDate, .da, "20241340") } == .none)
        #expect(try value(.studyTime) { $0.set(.studyTime, .tm, "99") } == .none)
        #expect(try value(.seriesNumber) { $0.set(.seriesNumber, .is, "abc") } == .none)
        #expect(try value(.patientWeight) { $0.set(.patientWeight, .ds, "nan") } == .none)
        #expect(try value(.rows) { $0.set(.rows, .us, ints: []) } == .none)
    }

    @Test func `numbers come from text and binary alike`() throws {
        #expect(try value(.seriesNumber) { $0.set(.seriesNumber, .is, "+007 ") } == .integer(7))
        #expect(try value(.rows) { $0.set(.rows, .us, ints: [512]) } == .integer(512))
        #expect(try value(.numberOfFrames) { $0.set(.numberOfFrames, .us, ints: [3]) } == .integer(3))
    }

    @Test func `sequences give one line for each item`() throws {
        var item = DataSet()
        item.set(.codeValue, .sh, "126000")
        item.set(.codingSchemeDesignator, .sh, "DCM")
        let found = try value(.conceptNameCodeSequence) { $0.set(.conceptNameCodeSequence, items: [item, item]) }
        let line: [IndexedValue] = [.text("126000"), .text("DCM"), .none, .none]
        #expect(found == .items([line, line]))
    }

    @Test func `hostile sizes are cut and NULs removed`() throws {
        let long = try value(.patientComments) { $0.set(.patientComments, .lt, String(repeating: "张", count: 50_000)) }
        guard case .text(let text) = long else {
            Issue.record("no text")
            return
        }
        #expect(text.utf8.count <= 4096 && text.allSatisfy { $0 == "张" || $0 == "?" })
        let nul = try value(.studyID) { $0[.studyID] = DataElement(.studyID, .sh, bytes: [0x41, 0, 0x42, 0x20]) }
        #expect(nul == .text("AB"))
        let items = try value(.conceptNameCodeSequence) {
            $0.set(.conceptNameCodeSequence, items: Array(repeating: DataSet(), count: 10_000))
        }
        guard case .items(let lines) = items else {
            Issue.record("no items")
            return
        }
        #expect(lines.count == 100)
    }

    @Test func `one pass gives the same as asking for each attribute`() {
        var header = DataSet()
        for attribute in IndexedAttribute.all where attribute.kind == .text || attribute.kind == .code {
            header.set(attribute.tag, attribute.vr, "A\(attribute.tag.element)")
        }
        let reader = HeaderReader(IndexedAttribute.all)
        let values = reader.values(of: header)
        for (attribute, found) in zip(IndexedAttribute.all, values) where attribute.source == .header {
            #expect(found == HeaderReader.value(of: attribute, in: header))
        }
    }
}

@Suite struct `Keys of person names` {
    @Test func `each component group has its key, East Asian ones also without delimiters`() {
        let keys = NameKeys.keys(of: "Wang^XiaoMing=王^小明=ワン^シャオミン")
        #expect(keys.contains(.init(group: 0, text: "wang^xiaoming")))
        #expect(keys.contains(.init(group: 1, text: "王^小明")))
        #expect(keys.contains(.init(group: 1, text: "王小明")))
        #expect(keys.contains(.init(group: 2, text: "ワンシャオミン")))
        #expect(keys.count == 5)
    }

    @Test func `words are components and their parts without accents`() {
        #expect(NameKeys.words(of: "Müller-Lüdenscheidt^Jérôme^^Dr.") == ["muller", "ludenscheidt", "jerome", "dr"])
        #expect(NameKeys.words(of: "王^小明").contains("王小明"))
        #expect(NameKeys.queryWords("Jér* 王") == ["jer", "王"])
    }

    @Test func `a trailing caret asterisk also matches the name without more components`() {
        let pattern = NamePattern("SMITH^*")
        #expect(pattern.conditions.first?.alternatives.count == 2)
        #expect(pattern.conditions.first?.alternatives.first == .exact("smith"))
        #expect(NamePattern("=王*").conditions.first?.group == 1)
    }
}
