import { test } from "node:test";
import assert from "node:assert/strict";
import { ManifestError, parseSeries, parseStudy, type SeriesText } from "../../src/imaging/manifest.ts";
import { relevance } from "../../src/viewer/priors.ts";

const text = (): SeriesText =>
  JSON.parse(`{
    "seriesInstanceUID": "1.1", "modality": "CT", "seriesNumber": 2, "seriesDescription": "", "seriesDate": "", "seriesTime": "",
    "bodyPart": "", "laterality": "", "protocolName": "", "kind": "image", "revision": "r",
    "instances": { "count": 2, "sopInstanceUID": ["1.2", "1.3"], "sopClassUID": "1.2.840.10008.5.1.4.1.1.2", "kind": "image",
      "instanceNumber": [1, 2], "numberOfFrames": 1, "attributes": 0, "quarantined": false },
    "attributes": [{ "lossy": false }],
    "frames": { "count": 2, "instance": [1, 0], "number": 1, "display": 0, "time": null, "position": [0, 0, 1, null, null, null] },
    "stacks": [{ "first": 0, "count": 2, "rows": 1, "columns": 1, "palette": [0, 0, 0] }],
    "displays": [{ "slope": 1, "intercept": 0, "modalityTable": 0, "windows": [], "voiTables": [{ "table": 0, "explanation": "x" }] }],
    "tables": [{ "first": -2, "bits": 12, "data": "AQL/Dw==" }]
  }`) as SeriesText;

test("columns, one value for all or one for each, become frames in display order", () => {
  const series = parseSeries(text());
  assert.deepEqual(series.frames.map((each) => each.instance.sopInstanceUID), ["1.3", "1.2"]);
  assert.deepEqual(series.frames.map((each) => each.position), [[0, 0, 1], null]);
  assert.equal(series.frames[1]?.display, series.frames[0]?.display);
  assert.equal(series.frames[0]?.stack, series.stacks[0]);
});

test("tables are shared by those who refer to them", () => {
  const [frame] = parseSeries(text()).frames;
  const table = frame?.display.modalityTable;
  assert.deepEqual([...table?.entries ?? []], [0x201, 0xfff]);
  assert.equal(table?.first, -2);
  assert.equal(frame?.stack.palette?.[2], table);
  assert.equal(frame?.display.voiTables[0]?.table, table);
});

test("a manifest that does not hold together is refused", () => {
  assert.throws(() => parseStudy({ format: 2, study: {} as never, series: [] }), ManifestError);
  assert.throws(() => parseSeries({ ...text(), tables: [] }), ManifestError);
  const torn = text();
  torn.frames.count = 3;
  assert.throws(() => parseSeries(torn), ManifestError);
});

Deno.test("what a study does not say is an empty text, and priors are found all the same", () => {
  const study = {
    studyInstanceUID: "1",
    patientID: "P",
    studyDescription: null,
    patientBirthDate: null,
    modalities: null,
  };
  const parsed =
    parseStudy({ format: 1, study, series: [] } as unknown as Parameters<typeof parseStudy>[0]).study;
  assert.deepEqual([parsed.studyDescription, parsed.patientBirthDate, parsed.modalities], ["", "", []]);
  assert.equal(relevance(parsed, parsed), 0);
});
