import assert from "node:assert/strict";
import {
  bestProtocol,
  holds,
  hung,
  parseProtocol,
  score,
  selected,
  type SeriesFacts,
  type StudyFacts,
  usefulStages,
} from "../../src/viewer/hanging.ts";
import { fittedStages } from "../../src/viewer/hanging-fit.ts";
import { shippedProtocols } from "../../src/viewer/hanging-defaults.ts";
import { freeLayouts, layoutFor, layoutNamed } from "../../src/viewer/layout.ts";
import { catalogue } from "./support.ts";

const study = (modalities: string[], description: string, more: Partial<StudyFacts> = {}): StudyFacts => ({
  modalities,
  description,
  bodyParts: [],
  age: 50,
  series: 3,
  priors: 0,
  ...more,
});
const series = (uid: string, modality: string, more: Partial<SeriesFacts> = {}): SeriesFacts => ({
  study: "1",
  series: uid,
  sop: null,
  place: 0,
  prior: 0,
  modality,
  description: "",
  seriesNumber: null,
  images: 40,
  bodyPart: "",
  laterality: "",
  view: "",
  plane: "",
  thicknessMM: null,
  kernel: "",
  ...more,
});
const chosen = (modalities: string[], description: string) =>
  bestProtocol(shippedProtocols, study(modalities, description))?.id ?? null;

Deno.test("each kind of study finds its protocol, by Chinese and by English descriptions", () => {
  assert.equal(chosen(["CT"], "胸部平扫"), "ctChest");
  assert.equal(chosen(["CT"], "Chest^HRCT"), "ctChest");
  assert.equal(chosen(["CT"], "颅脑平扫"), "ctHead");
  assert.equal(chosen(["CT"], "上腹部三期增强"), "ctAbdomen");
  assert.equal(chosen(["CT"], "冠状动脉 CTA"), "vessels");
  assert.equal(chosen(["MR"], "头颅平扫+DWI"), "mrBrain");
  assert.equal(chosen(["MR"], "腰椎平扫"), "mrJoint");
  assert.equal(chosen(["MG"], "双侧乳腺 CC+MLO"), "mammography");
  assert.equal(chosen(["DX"], "胸部正侧位"), "chestPlain");
  assert.equal(chosen(["CR"], "左膝关节正侧位"), "limb");
  assert.equal(chosen(["US"], "甲状腺彩超"), "clips");
  assert.equal(chosen(["CT", "PT"], "全身 PET/CT"), "petCT");
  assert.equal(chosen(["SR"], "剂量报告"), null);
});

Deno.test("the reader's own protocol stands before a shipped one with as many points", () => {
  const [first] = shippedProtocols;
  const own = { ...first ?? assert.fail(), id: "own" };
  assert.equal(bestProtocol([own, ...shippedProtocols], study(["CT"], "胸部"))?.id, "own");
});

Deno.test("matching does not depend on the order in which series arrived", () => {
  const protocol = shippedProtocols.find((each) => each.id === "ctAbdomen") ?? assert.fail();
  const all = [3, 1, 4, 2].map((n) => series(`1.${n}`, "CT", { seriesNumber: n, description: `phase ${n}` }));
  const [stage] = protocol.stages;
  const placed = (facts: SeriesFacts[]) =>
    hung(protocol, stage ?? assert.fail(), facts).map((each) => each.facts?.series);
  assert.deepEqual(placed(all), ["1.1", "1.2", "1.3", "1.4"]);
  assert.deepEqual(placed([...all].reverse()), ["1.1", "1.2", "1.3", "1.4"]);
});

Deno.test("mammograms hang back to back, and with the prior only when there is one", () => {
  const protocol = shippedProtocols.find((each) => each.id === "mammography") ?? assert.fail();
  const image = (laterality: string, view: string, prior = 0) =>
    series("1.1", "MG", { laterality, view, prior, sop: `${laterality}${view}${prior}`, images: 1 });
  const current = [image("L", "MLO"), image("R", "CC"), image("L", "CC"), image("R", "MLO")];
  const names = (facts: SeriesFacts[]) => usefulStages(protocol, facts).map((each) => each.name);
  assert.ok(!names(current).includes("hanging.stage.prior"));
  const [cc] = protocol.stages;
  const placed = hung(protocol, cc ?? assert.fail(), current);
  assert.deepEqual(placed.map((each) => each.facts?.sop), ["RCC0", "LCC0"]);
  assert.deepEqual(placed.map((each) => each.view.align), ["right", "left"]);
  assert.ok(names([...current, image("R", "CC", 1)]).includes("hanging.stage.prior"));
});

Deno.test("images of a series stand in the order of their numbers, not of their identifiers", () => {
  const all = [series("1.1", "DX", { sop: "9", place: 0 }), series("1.1", "DX", { sop: "1", place: 1 })];
  const protocol = shippedProtocols.find((each) => each.id === "limb") ?? assert.fail();
  const placed = hung(protocol, protocol.stages[0] ?? assert.fail(), all);
  assert.deepEqual(placed.slice(0, 3).map((each) => each.facts?.sop), ["9", "1", undefined]);
});

Deno.test("a radiograph is compared with the same side and view of the prior, never with another one", () => {
  const protocol = shippedProtocols.find((each) => each.id === "limb") ?? assert.fail();
  const image = (view: string, place: number, prior: number) =>
    series(`1.${prior}`, "DX", { view, laterality: "R", place, prior, sop: `${view}${prior}`, images: 1 });
  const all = [
    image("AP", 0, 0),
    image("LL", 1, 0),
    image("RLO", 2, 0),
    image("LL", 0, 1),
    image("AP", 1, 1),
  ];
  const stages = fittedStages(protocol, all);
  assert.deepEqual(stages.map((each) => each.layout), ["1x3", "2x3"]);
  const placed = hung(protocol, stages[1] ?? assert.fail(), all).map((each) => each.facts?.sop);
  assert.deepEqual(placed, ["AP0", "LL0", "RLO0", "AP1", "LL1", undefined]);
});

Deno.test("no stage is given up because a study has fewer series than its protocol foresees", () => {
  const protocol = shippedProtocols.find((each) => each.id === "mrBrain") ?? assert.fail();
  const names = ["T1", "T2", "FLAIR", "DWI", "ADC"];
  const all = names.map((description, n) =>
    series(`1.${n}`, "MR", { description, seriesNumber: n, plane: "axial" })
  );
  const stages = fittedStages(protocol, all);
  assert.deepEqual(stages.map((each) => [each.layout, each.views.length]), [["2x3", 5], ["1x2", 2]]);
  const shown = hung(protocol, stages[0] ?? assert.fail(), all).map((each) => each.facts?.description);
  assert.deepEqual(shown, names);
});

Deno.test("stages that would look the same are one", () => {
  const protocol = shippedProtocols.find((each) => each.id === "clips") ?? assert.fail();
  const clip = (place: number) => series("1.1", "US", { sop: String(place), place, images: 20 });
  const layouts = (count: number) =>
    fittedStages(protocol, Array.from({ length: count }, (_, place) => clip(place))).map((each) =>
      each.layout
    );
  assert.deepEqual(layouts(1), ["1x1"]);
  assert.deepEqual(layouts(3), ["1x3", "1x1"]);
  assert.deepEqual(layouts(7), ["2x2", "3x3", "1x1"]);
});

Deno.test("a selector leaves localizers out and prefers what was asked for", () => {
  const lung = shippedProtocols.find((each) => each.id === "ctChest")?.selectors.lung ?? assert.fail();
  const all = [
    series("1.1", "CT", { description: "Topogram", images: 2 }),
    series("1.2", "CT", { description: "纵隔 5mm", thicknessMM: 5 }),
    series("1.3", "CT", { description: "肺窗 1mm", thicknessMM: 1 }),
  ];
  assert.equal(selected(lung, all)?.series, "1.3");
  assert.equal(selected({ ...lung, prior: 1 }, all), null);
});

Deno.test("conditions: equal, containing, limits, denial, required", () => {
  const facts = { modality: "CT", images: 12, words: ["Lung", "HR"] };
  assert.ok(holds({ attribute: "modality", is: ["ct", "MR"] }, facts));
  assert.ok(holds({ attribute: "words", contains: ["lun"] }, facts));
  assert.ok(holds({ attribute: "images", atLeast: 12, atMost: 12 }, facts));
  assert.ok(!holds({ attribute: "images", atLeast: 13 }, facts));
  assert.ok(holds({ attribute: "modality", is: ["US"], not: true }, facts));
  assert.ok(!holds({ attribute: "absent", atLeast: 0 }, facts));
  assert.equal(score([{ attribute: "modality", is: ["MR"], required: true }], facts), null);
  assert.equal(
    score([{ attribute: "modality", is: ["MR"] }, { attribute: "images", atLeast: 1, weight: 7 }], facts),
    7,
  );
});

Deno.test("every shipped protocol is well formed, named, and its views fit its layouts", () => {
  const names = catalogue("zh-CN");
  assert.equal(new Set(shippedProtocols.map((each) => each.id)).size, shippedProtocols.length);
  for (const protocol of shippedProtocols) {
    assert.ok(parseProtocol(JSON.parse(JSON.stringify(protocol))), protocol.id);
    assert.ok(protocol.name in names, protocol.name);
    for (const stage of protocol.stages) {
      assert.ok(stage.name in names, stage.name);
      assert.ok(
        stage.views.length <= (layoutNamed(stage.layout)?.cells.length ?? 0),
        `${protocol.id} ${stage.name}`,
      );
      for (const view of stage.views) assert.ok((view.selector ?? "") in protocol.selectors, stage.name);
    }
  }
});

Deno.test("what is no protocol is refused", () => {
  const [good] = shippedProtocols;
  const broken: unknown[] = [null, [], {}, { ...good, version: 2 }, { ...good, match: [{}] }, {
    ...good,
    id: 5,
  }, {
    ...good,
    stages: [{ name: "x", layout: "9x9", views: [] }],
  }, { ...good, selectors: { a: { prior: "x", where: [] } } }];
  for (const each of broken) assert.equal(parseProtocol(each), null, JSON.stringify(each));
});

Deno.test("layouts from 1x1 to 5x5 and free ones cover their grid without overlap", () => {
  for (const name of ["1x1", "2x3", "5x5", ...freeLayouts]) {
    const layout = layoutNamed(name) ?? assert.fail(name);
    const covered = layout.cells.reduce((sum, cell) => sum + cell.rows * cell.columns, 0);
    assert.equal(covered, layout.rows * layout.columns, name);
  }
  assert.equal(layoutNamed("6x1"), null);
  assert.equal(layoutNamed("constructor"), null);
  assert.deepEqual([1, 2, 3, 5, 7].map((n) => layoutFor(n).name), ["1x1", "1x2", "2x2", "2x3", "3x3"]);
});
