import DICOMCore
import DICOMObjects
import Testing

@Suite struct `PS3.16 TID 1500 measurement report` {
    private func report(_ marks: [Mark]) throws -> DataSet {
        let source = Support.source()
        return try Support.throughFile(
            MeasurementReport(marks: marks, authoring: Support.authoring(), deviceUID: "2.25.5").dataSet(
                studyInstanceUID: source.uid(.studyInstanceUID) ?? "", source: source))
    }

    private func items(_ root: DataSet, _ path: [Int]) -> DataSet {
        path.reduce(root) { $0.items(.contentSequence)[$1] }
    }

    @Test func `PACS-4.2.9-c every kind of mark comes back as it was drawn, bit for bit`() throws {
        let length = Support.value("410668003", "SCT", "Length", 70.123456789012345, "mm")
        let area = Support.value("42798000", "SCT", "Area", 1.0 / 3, "mm2")
        let label: [JSONNode.Member] = [.init("label", [JSONNode(1.25), JSONNode(-3.5)]), .init("future", ["kept": true])]
        let marks = [
            try Support.mark("length", [[10.5, 20.25], [110.5, 20.0009765625]], uid: "2.25.1", values: [length], extra: label),
            try Support.mark("angle", [[0, 0], [1, 1], [2, 0.5]], uid: "2.25.2", values: [Support.value("1483009", "SCT", "Angle", 90, "deg")]),
            try Support.mark("cobb", [[0, 0], [4, 1], [0, 5], [4, 4]], uid: "2.25.3", values: [Support.value("285285000", "SCT", "Cobb angle", 28.07, "deg")]),
            try Support.mark("ellipse", [[3, 4], [5, 4], [4, 0], [4, 8]], uid: "2.25.4", values: [area]),
            try Support.mark("circle", [[4, 4], [6, 4]], uid: "2.25.5", values: [area]),
            try Support.mark("rectangle", [[1, 1], [5, 6]], uid: "2.25.6", text: "结节 nodule", values: [area]),
            try Support.mark("polygon", [[1, 1], [5, 6], [2, 7]], uid: "2.25.7", values: [area]),
            try Support.mark("probe", [[3, 3]], uid: "2.25.8", values: [Support.value("112031", "DCM", "Attenuation Coefficient", 40, "[hnsf'U]")]),
            try Support.mark("curve", [[1, 1], [2, 3], [4, 4]], uid: "2.25.9", values: [Support.value("121211", "DCM", "Path length", 9.5, "mm")]),
            try Support.mark("volume", [], uid: "2.25.10", values: [Support.value("118565006", "SCT", "Volume", 812.5, "mm3")], extra: [.init("members", ["2.25.7"])]),
        ]
        let back = try MeasurementReportReader.marks(in: try report(marks))
        try #require(back.count == marks.count)
        for (before, after) in zip(marks, back) {
            let bare = after.with("origin", nil).with("author", nil)
            #expect(bare == before, "\(before.kind)")
            #expect(after.json["author"]?["name"]?.string == "reader")
            #expect(after.json["origin"]?["created"]?.string == "2026-01-02T03:04:05.678+08:00")
        }
    }

    @Test func `PS3.3 C.18.6.1 graphic data count from the corner of the first pixel, marks from its centre`() throws {
        let document = try report([try Support.mark("probe", [[0, 0]], values: [Support.value("112031", "DCM", "x", 1, "1")])])
        let group = items(document, [document.items(.contentSequence).count - 1, 0])
        let number = try #require(group.items(.contentSequence).first { $0.string(.valueType) == "NUM" })
        let shape = try #require(number.items(.contentSequence).first { $0.string(.valueType) == "SCOORD" })
        #expect(shape.doubles(.graphicData) == [0.5, 0.5])
        #expect(shape.items(.contentSequence).first?.string(.relationshipType) == "SELECTED FROM")
    }

    @Test func `PS3.3 C.18.6.1.2 the longer axis of an ellipse stands first`() throws {
        let mark = try Support.mark("ellipse", [[3, 4], [5, 4], [4, 0], [4, 8]])
        #expect(try mark.graphics()[0].graphicData == [4.5, 0.5, 4.5, 8.5, 3.5, 4.5, 5.5, 4.5])
    }

    @Test func `a circle on pixels that are not square is an ellipse in the image`() throws {
        let calibration: JSONNode = ["source": "pixelSpacing", "rowSpacing": 2, "columnSpacing": 1]
        let mark = try Support.mark("circle", [[10, 10], [14, 10]], extra: [.init("calibration", calibration)])
        #expect(try mark.graphics()[0].graphicType == "ELLIPSE")
        #expect(try mark.graphics()[0].imagePoints.map(\.row) == [10, 10, 8, 12])
    }

    @Test func `values stand as decimal string and as double with their uncertainty below`() throws {
        let document = try report([try Support.mark("length", [[0, 0], [3, 4]], values: [Support.value("410668003", "SCT", "Length", 1.0 / 3, "mm")])])
        let group = items(document, [document.items(.contentSequence).count - 1, 0])
        let number = try #require(group.items(.contentSequence).first { $0.string(.valueType) == "NUM" })
        let measured = try #require(number.items(.measuredValueSequence).first)
        #expect(measured.doubles(.floatingPointValue) == [1.0 / 3])
        #expect(measured.string(.numericValue) == "0.33333333333333")
        let uncertainty = try #require(number.items(.contentSequence).first { CodedConcept($0, .conceptNameCodeSequence)?.value == "371884006" })
        #expect(uncertainty.items(.measuredValueSequence).first?.doubles(.floatingPointValue) == [0.21])
        #expect(uncertainty.string(.relationshipType) == "HAS PROPERTIES")
    }

    @Test func `what somebody changed in the coded part wins over our private copy`() throws {
        var document = try report([try Support.mark("length", [[0, 0], [3, 4]], values: [Support.value("410668003", "SCT", "Length", 5, "mm")])])
        let end = document.items(.contentSequence).count - 1
        var content = document.items(.contentSequence)
        var groups = content[end].items(.contentSequence)
        var children = groups[0].items(.contentSequence)
        let index = try #require(children.firstIndex { $0.string(.valueType) == "NUM" })
        var measured = children[index].items(.measuredValueSequence)[0]
        measured.set(.floatingPointValue, .fd, doubles: [6])
        children[index].set(.measuredValueSequence, items: [measured])
        groups[0].set(.contentSequence, items: children)
        content[end].set(.contentSequence, items: groups)
        document.set(.contentSequence, items: content)
        let marks = try MeasurementReportReader.marks(in: document)
        #expect(marks.count == 1)
        #expect(marks.first?.kind == "length")
        #expect(marks.first?.values.first?.value == 6)
        #expect(marks.first?.points == [ImagePoint(column: 0, row: 0), ImagePoint(column: 3, row: 4)])
    }

    @Test func `marks that cannot be are refused by member`() throws {
        #expect(throws: MarkError("points", "length must have 2")) { try Support.mark("length", [[1, 1]]).graphics() }
        #expect(throws: MarkError.self) { try Support.mark("length", [[1, 1], [.infinity, 0]]) }
        #expect(throws: MarkError("uid", "must be a UID")) { try Support.mark("length", [[1, 1], [2, 2]], uid: "mark 1") }
        #expect(throws: MarkError.self) { try Mark([1, 2]) }
    }

    @Test func `nesting and counts of a hostile tree end in an error`() throws {
        var deep = DataSet()
        deep.set(.valueType, .cs, "CONTAINER")
        for _ in 0..<40 {
            var outer = DataSet()
            outer.set(.valueType, .cs, "CONTAINER")
            outer.set(.contentSequence, items: [deep])
            deep = outer
        }
        deep.set(.sopInstanceUID, .ui, "1.2")
        #expect(throws: DocumentError.nestingTooDeep(limit: 32)) { try MeasurementReportReader.marks(in: deep) }
        var wide = DataSet()
        wide.set(.sopInstanceUID, .ui, "1.2")
        wide.set(.contentSequence, items: Array(repeating: DataSet(), count: 11))
        var limits = DocumentLimits()
        limits.maximumItems = 10
        #expect(throws: DocumentError.tooManyItems(limit: 10)) { try MeasurementReportReader.marks(in: wide, limits: limits) }
    }

    // Needs the shared test files; without them it is skipped, and says so.
    @Test(
        .enabled(if: Support.sharedData != nil),
        arguments: [
            ("dwv-sr/sr-ruler.dcm", "length", 3), ("dwv-sr/sr-circle.dcm", "circle", 3), ("dwv-sr/sr-ellipse.dcm", "ellipse", 3),
            ("dwv-sr/sr-rectangle.dcm", "polygon", 3), ("dwv-sr/sr-roi.dcm", "polygon", 3), ("dwv-sr/sr-protractor.dcm", "angle", 3),
        ])
    func `reports of other makers become marks`(name: String, kind: String, count: Int) throws {
        let marks = try MeasurementReportReader.marks(in: try Support.read("seg-sr-gsps/" + name), seriesOfInstance: [:])
        #expect(marks.count == count)
        #expect(marks.first?.kind == kind)
        #expect(marks.allSatisfy { $0.json["origin"]?["kind"]?.string == "SR" && !$0.points.isEmpty })
    }
}
