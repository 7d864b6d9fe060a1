import Archive
import DICOMCore
import Testing

@Suite struct `hanging protocols` {
    private func parsed(_ text: String) throws -> HangingProtocol { try HangingProtocol(JSONParser.parse(Array(text.utf8)[...])) }

    private func study(_ modalities: [String], _ description: String, series: Int = 3) -> HangingStudyFacts {
        HangingStudyFacts(modalities: modalities, description: description, bodyParts: [], age: 50, series: series, priors: 0)
    }

    private func series(
        _ uid: String, _ modality: String, _ description: String = "", number: Int = 1, images: Int = 100, prior: Int = 0,
        plane: String = "axial", view: String = "", laterality: String = ""
    ) -> HangingSeriesFacts {
        var facts = HangingSeriesFacts()
        (facts.series, facts.modality, facts.description, facts.seriesNumber) = (uid, modality, description, number)
        (facts.images, facts.prior, facts.plane, facts.view, facts.laterality) = (images, prior, plane, view, laterality)
        return facts
    }

    @Test func `all shipped protocols are read, each with its names in both languages`() {
        let all = ShippedProtocols.all
        #expect(all.count == 11)
        #expect(Set(all.map(\.id)).count == all.count)
        #expect(all.allSatisfy { $0.json["names"]?["en"]?.string != nil && $0.json["names"]?["zh-CN"]?.string != nil })
    }

    @Test(arguments: [
        (["CT"], "CT Chest 胸部平扫", "ctChest"), (["CT"], "头颅平扫", "ctHead"), (["CT"], "上腹部增强", "ctAbdomen"),
        (["CT"], "冠脉CTA", "vessels"), (["MR"], "MRI brain", "mrBrain"), (["MR"], "左膝关节", "mrJoint"), (["MG"], "", "mammography"),
        (["DX"], "胸部正位", "chestPlain"), (["DX"], "Hand", "limb"), (["US"], "", "clips"), (["PT", "CT"], "Whole body", "petCT"),
    ])
    func `the usual examinations find their protocol`(modalities: [String], description: String, id: String) {
        let all = ShippedProtocols.all
        let place = HangingMatch.best(all, study(modalities, description))
        #expect(place.map { all[$0].id } == id)
    }

    @Test func `what no protocol is for hangs by none`() {
        #expect(HangingMatch.best(ShippedProtocols.all, study(["OT"], "x")) == nil)
    }

    @Test func `mammograms hang by side and projection`() throws {
        let hanging = try #require(ShippedProtocols.all.first { $0.id == "mammography" })
        let all = [("1", "L", "MLO"), ("2", "R", "CC"), ("3", "L", "CC"), ("4", "R", "MLO")].map {
            series($0.0, "MG", images: 1, plane: "", view: $0.2, laterality: $0.1)
        }
        #expect(HangingMatch.hung(hanging, hanging.stages[2], all).map { $0?.series } == ["2", "3", "4", "1"])
        // The stage that compares with a prior is left out without one.
        let comparing = try #require(hanging.stages.first { $0.layout == "2x4" })
        #expect(!HangingMatch.isUseful(hanging, comparing, HangingMatch.hung(hanging, comparing, all)))
        let withPrior = all + [series("9", "MG", images: 1, prior: 1, plane: "", view: "CC", laterality: "R")]
        #expect(HangingMatch.isUseful(hanging, comparing, HangingMatch.hung(hanging, comparing, withPrior)))
    }

    @Test func `the result does not depend on the order in which series arrived`() throws {
        let hanging = try #require(ShippedProtocols.all.first { $0.id == "ctAbdomen" })
        let all = (1...6).map { series("1.\($0)", "CT", "phase", number: 7 - $0) }
        let first = HangingMatch.hung(hanging, hanging.stages[0], all).map { $0?.series }
        #expect(first == ["1.6", "1.5", "1.4", "1.3"])
        for turn in 1..<6 {
            let turned = Array(all[turn...] + all[..<turn])
            #expect(HangingMatch.hung(hanging, hanging.stages[0], turned).map { $0?.series } == first)
        }
    }

    @Test func `reasons say what holds, and what is missing`() throws {
        let hanging = try #require(ShippedProtocols.all.first { $0.id == "petCT" })
        let reason = HangingMatch.reason(hanging.match, study(["PT", "CT"], ""), holding: true)
        #expect(reason.en == "modality is PT, and modality is CT" && reason.zh == "设备类型为PT，且设备类型为CT")
        #expect(HangingMatch.reason(hanging.match, study(["CT"], ""), holding: false).en == "modality is PT")
    }

    @Test(arguments: [
        "{}", #"{"version":2,"id":"a","name":"b","match":[],"selectors":{},"stages":[]}"#,
        #"{"version":1,"id":"a","name":"b","match":[{"attribute":"x","weight":1e300}],"selectors":{},"stages":[{"name":"","layout":"1x1","views":[]}]}"#,
        #"{"version":1,"id":"a","name":"b","match":[],"selectors":{"s":{"prior":-1,"where":[]}},"stages":[{"name":"","layout":"1x1","views":[]}]}"#,
        #"{"version":1,"id":"a","name":"b","match":[],"selectors":{},"stages":[]}"#,
    ])
    func `what is no protocol is refused`(text: String) throws {
        #expect(throws: HangingProtocolError.self) { try parsed(text) }
    }
}
