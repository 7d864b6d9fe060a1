import assert from "node:assert/strict";
import type { DataSet } from "../../src/core/dicom-json.ts";
import { decoded } from "../../src/viewer/documents/cda.ts";
import { person, references, unitText } from "../../src/viewer/documents/data-set.ts";
import { dateTime, parseReport, reportLimits } from "../../src/viewer/documents/report-tree.ts";
import { pointAt, roundUp, sheetOf, stripAt } from "../../src/viewer/documents/waveform-layout.ts";
import {
  aLaw,
  annotationsOf,
  channelName,
  type Group,
  groupsOf,
  muLaw,
  twelveLeads,
} from "../../src/viewer/documents/waveform-model.ts";
import { WaveformSource } from "../../src/viewer/documents/waveform-source.ts";

const values = (vr: string, ...Value: unknown[]) => ({ vr, Value });
const coded = (value: string, scheme: string, meaning: string): DataSet => ({
  "00080100": values("SH", value),
  "00080102": values("SH", scheme),
  "00080104": values("LO", meaning),
});
const item = (type: string, more: DataSet = {}, ...children: DataSet[]): DataSet => ({
  "0040A010": values("CS", "CONTAINS"),
  "0040A040": values("CS", type),
  "0040A043": values("SQ", coded("1", "99T", "Concept")),
  ...(children.length > 0 ? { "0040A730": values("SQ", ...children) } : {}),
  ...more,
});
const measured = (value: unknown, unit: DataSet): DataSet => ({
  "0040A300": values("SQ", { "0040A30A": values("DS", value), "004008EA": values("SQ", unit) }),
});

Deno.test("PS3.3 C.17.3 every item of a report has its place, its name and its value", () => {
  const { root, count, isCut } = parseReport(item(
    "CONTAINER",
    {},
    item("TEXT", { "0040A160": values("UT", "a <b>bold</b>\nword") }),
    item("NUM", measured(12.5, coded("mm", "UCUM", "millimeter"))),
    item("CODE", { "0040A168": values("SQ", coded("17621005", "SCT", "Normal")) }),
    item("DATETIME", { "0040A120": values("DT", "20260102030405+0800") }),
    item("SCOORD", { "00700023": values("CS", "POLYLINE"), "00700022": values("FL", 1, 1, 2, 2) }),
    { "0040A010": values("CS", "INFERRED FROM"), "0040DB73": values("UL", 1, 2) },
  ));
  assert.deepEqual(root.children.map((each) => each.value), [
    "a <b>bold</b>\nword",
    "12.5 mm",
    "Normal",
    "2026-01-02 03:04:05 +08:00",
    "POLYLINE (2)",
    "",
  ]);
  assert.deepEqual(root.children.map((each) => each.position), ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]);
  assert.equal(root.children[5]?.target, "1.2");
  assert.equal(root.children[2]?.code?.value, "17621005");
  assert.deepEqual([count, isCut], [7, false]);
});

Deno.test("a report without a value says so by its qualifier and is not shown as zero", () => {
  const missing = item("NUM", {
    "0040A300": { vr: "SQ" },
    "0040A301": values("SQ", coded("114006", "DCM", "Measurement failure")),
  });
  const [node] = parseReport(item("CONTAINER", {}, missing)).root.children;
  assert.equal(node?.value, "");
  assert.deepEqual(node?.qualifiers.map((each) => each.meaning), ["Measurement failure"]);
});

Deno.test("a hostile report is cut in length and depth, and is said to be", () => {
  const long = Array.from({ length: reportLimits.items + 10 }, () => item("TEXT"));
  const cut = parseReport(item("CONTAINER", {}, ...long));
  assert.deepEqual([cut.isCut, cut.count], [true, reportLimits.items]);
  let deep = item("TEXT");
  for (let level = 0; level < 500; level++) deep = item("CONTAINER", {}, deep);
  assert.equal(parseReport(deep).isCut, true);
});

Deno.test("values of a wrong kind are left out, never thrown at the reader", () => {
  const odd = {
    "0040A040": { vr: "CS", Value: "NUM" as unknown as unknown[] },
    "0040A730": values("SQ", null, 7, "x", {}, { "0040A040": values("CS", { Alphabetic: "x" }) }),
    "0040A043": values("SQ", null),
  } as DataSet;
  assert.equal(parseReport(odd).count, 3);
});

Deno.test("times are shown as far as they are told", () => {
  assert.equal(dateTime("20260102"), "2026-01-02");
  assert.equal(dateTime("202601020304"), "2026-01-02 03:04");
  assert.equal(dateTime("20260102030405.123456-0500"), "2026-01-02 03:04:05 -05:00");
  assert.equal(dateTime("soon"), "soon");
});

Deno.test("names, units and references are read from DICOM JSON", () => {
  const name = { "0040A123": values("PN", { Alphabetic: "Li^Na", Ideographic: "李^娜" }) };
  assert.equal(person(name, "0040A123"), "李娜 Li Na");
  assert.equal(unitText({ value: "mm2", scheme: "UCUM", meaning: "square millimeter" }), "mm2");
  assert.equal(unitText({ value: "{ratio}", scheme: "UCUM", meaning: "ratio" }), "");
  const instance = (uid: string) => ({ "00081155": values("UI", uid), "00081160": values("IS", "3", 4) });
  const data = {
    "00081115": values("SQ", { "0008114A": values("SQ", instance("1.2"), instance("1.3"), instance("1.2")) }),
  };
  assert.deepEqual(references(data, 10).map((each) => [each.sopInstanceUID, each.frames]), [["1.2", [3, 4]], [
    "1.3",
    [3, 4],
  ]]);
  assert.equal(references(data, 1).length, 1);
});

Deno.test("XML is decoded as it says itself", () => {
  const gb = Uint8Array.from(
    [...'<?xml version="1.0" encoding="GB18030"?><a>'].map((each) => each.charCodeAt(0)).concat([0xd6, 0xd0]),
  );
  assert.ok(decoded(gb).endsWith("中"));
  assert.equal(decoded(new TextEncoder().encode('<?xml encoding="no-such"?><a>é')).endsWith("é"), true);
});

const channel = (label: string, sensitivity: number | null, unit = "mV", more: DataSet = {}): DataSet => ({
  "003A0203": values("SH", label),
  ...(sensitivity === null ? {} : {
    "003A0210": values("DS", sensitivity),
    "003A0211": values("SQ", coded(unit, "UCUM", unit)),
  }),
  ...more,
});
const recording = (channels: DataSet[], more: DataSet = {}): DataSet => ({
  "54000100": values("SQ", {
    "003A0005": values("US", channels.length),
    "003A0010": values("UL", 5000),
    "003A001A": values("DS", 500),
    "54001004": values("US", 16),
    "54001006": values("CS", "SS"),
    "003A0200": values("SQ", ...channels),
    ...more,
  }),
});
const onlyGroup = (data: DataSet): Group => {
  const [group] = groupsOf(data);
  assert.ok(group);
  return group;
};

Deno.test("PS3.3 C.10.9.1.4 a sample is worth stored times sensitivity times correction, plus baseline", async () => {
  const group = onlyGroup(recording([
    channel("II", 5, "uV", { "003A0212": values("DS", 1.1), "003A0213": values("DS", -20) }),
    channel("raw", null),
  ], { "5400100A": values("SS", -32768) }));
  const samples = new Int16Array(group.samples * 2).fill(100);
  samples[2] = -32768;
  const source = new WaveformSource(
    group,
    (first, last) => Promise.resolve(samples.buffer.slice(first, last + 1)),
  );
  source.want(0, 10);
  await new Promise((done) => setTimeout(done));
  assert.ok(Math.abs(source.value(0, 0) - (100 * 5 * 1.1 - 20)) < 1e-9);
  assert.equal(source.value(1, 0), 100);
  assert.ok(Number.isNaN(source.value(0, 1)));
  assert.ok(Number.isNaN(source.value(0, group.samples)));
  assert.deepEqual(group.channels.map((each) => [each.unit, each.perMillivolt]), [["uV", 1000], ["", null]]);
});

Deno.test("PS3.3 C.10.9.1.4.3 a channel that was sampled later says by how much", () => {
  const group = onlyGroup(recording([
    channel("I", 1),
    channel("II", 1, "mV", { "003A0214": values("DS", 0.002) }),
    channel("III", 1, "mV", { "003A0215": values("DS", "0.5") }),
  ]));
  assert.deepEqual(group.channels.map((each) => each.skew), [0, 0.002, 0.001]);
});

Deno.test("of a long recording only the last pieces looked at are kept", async () => {
  const group = { ...onlyGroup(recording([channel("II", 1)])), samples: 100_000_000 };
  const asked: number[] = [];
  const source = new WaveformSource(group, (first, last) => {
    asked.push(first);
    return Promise.resolve(new ArrayBuffer(last - first + 1));
  });
  for (let piece = 0; piece < 40; piece++) {
    source.want(piece * source.samplesPerPiece, piece * source.samplesPerPiece + 1);
    await new Promise((done) => setTimeout(done));
  }
  assert.equal(asked.length, 40);
  assert.equal(source.value(0, 39 * source.samplesPerPiece), 0);
  assert.ok(Number.isNaN(source.value(0, 0)));
});

Deno.test("a group that cannot be read is left out", () => {
  const good = recording([channel("II", 1)]);
  const broken = (more: DataSet) => groupsOf(recording([channel("II", 1)], more)).length;
  assert.equal(groupsOf(good).length, 1);
  assert.equal(broken({ "003A0005": values("US", 0) }), 0);
  assert.equal(broken({ "003A001A": values("DS", 0) }), 0);
  assert.equal(broken({ "54001004": values("US", 8) }), 0);
  assert.equal(broken({ "54001006": values("CS", "??") }), 0);
  assert.equal(broken({ "003A0010": values("UL", -1) }), 0);
});

const leads = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split(" ");

Deno.test("twelve leads are found by their names and stand as on paper", () => {
  assert.equal(channelName("Lead I (Einthoven)"), "I");
  assert.equal(channelName("aVR, augmented voltage, right"), "aVR");
  const group = onlyGroup(recording([...leads].reverse().map((each) => channel(each, 0.005))));
  assert.deepEqual(twelveLeads(group)?.map((each) => each.label), leads);
  const options = { speed: 25, gain: 10, from: 0, seconds: 10, range: () => null };
  const sheet = sheetOf(group, { ...options, layout: "3x4" });
  assert.equal(sheet.width, 10 + 250);
  assert.deepEqual(sheet.strips.slice(0, 4).map((each) => [each.channel.label, each.from]), [
    ["I", 0],
    ["aVR", 2.5],
    ["V1", 5],
    ["V4", 7.5],
  ]);
  assert.equal(sheet.strips.length, 13);
  assert.equal(sheet.strips[12]?.channel.label, "II");
  const pairs = sheetOf(group, { ...options, layout: "6x2" });
  assert.deepEqual(pairs.strips.slice(0, 2).map((each) => each.channel.label), ["I", "V1"]);
  assert.equal(sheetOf(group, { ...options, layout: "stacked" }).strips.length, 12);
});

Deno.test("a millivolt is as high as the gain says, a second as wide as the speed says", () => {
  const group = onlyGroup(recording([channel("II", 5, "uV")]));
  for (const [speed, gain] of [[25, 10], [50, 20], [12.5, 5]] as const) {
    const sheet = sheetOf(group, {
      layout: "stacked",
      speed,
      gain,
      from: 3,
      seconds: 5,
      range: () => [-100, 900],
    });
    const strip = stripAt(sheet, 20, sheet.height / 2);
    assert.ok(strip);
    const low = pointAt(sheet, strip, 10, strip.middle, group.frequency);
    const high = pointAt(sheet, strip, 10 + speed, strip.middle - gain, group.frequency);
    assert.ok(Math.abs(high.seconds - low.seconds - 1) < 1e-9);
    assert.ok(Math.abs(high.value - low.value - 1000) < 1e-6);
  }
});

Deno.test("callipers stand on samples", () => {
  const group = onlyGroup(recording([channel("II", 1)]));
  const sheet = sheetOf(group, {
    layout: "stacked",
    speed: 25,
    gain: 10,
    from: 0,
    seconds: 10,
    range: () => null,
  });
  const strip = sheet.strips[0];
  assert.ok(strip);
  assert.equal(pointAt(sheet, strip, 10.037, strip.middle, 500).seconds, 0.002);
  assert.equal(pointAt(sheet, strip, -50, strip.middle, 500).seconds, 0);
});

Deno.test("what is no voltage fits its row by a round number", () => {
  assert.deepEqual([0.03, 1, 1.2, 7, 95].map(roundUp), [0.05, 1, 2, 10, 100]);
  const group = onlyGroup(recording([channel("AO", 0.1, "mm[Hg]")]));
  const { strips } = sheetOf(group, {
    layout: "stacked",
    speed: 25,
    gain: 10,
    from: 0,
    seconds: 10,
    range: () => [80, 120],
  });
  assert.equal(strips[0]?.center, 100);
  assert.ok((strips[0]?.scale ?? 0) * 40 <= (strips[0]?.height ?? 0));
});

Deno.test("annotations stand at their sample, on their channel, with what they say", () => {
  const data = {
    ...recording([channel("II", 1)]),
    "0040B020": values("SQ", {
      "00700006": values("ST", "R peak"),
      "0040A0B0": values("US", 1, 1),
      "0040A132": values("UL", 501),
    }, {
      "0040A043": values("SQ", coded("1", "99T", "QT interval")),
      "0040A30A": values("DS", 412),
      "004008EA": values("SQ", coded("ms", "UCUM", "ms")),
      "0040A0B0": values("US", 1, 0),
    }),
  };
  assert.deepEqual(annotationsOf(data, groupsOf(data)), [
    { text: "R peak", group: 1, channels: [0], times: [1] },
    { text: "QT interval: 412 ms", group: 1, channels: [], times: [] },
  ]);
});

Deno.test("ITU-T G.711 samples are decoded", () => {
  assert.deepEqual([0xff, 0x7f, 0x80, 0x00].map(muLaw).map((each) => each || 0), [0, 0, 32124, -32124]);
  assert.deepEqual([0xd5, 0x55, 0xaa, 0x2a].map(aLaw), [8, -8, 32256, -32256]);
});
