import assert from "node:assert/strict";
import type { Study } from "../../src/core/api.ts";
import { bestPrior, daysBetween, newestFirst, relevance, samePatient } from "../../src/viewer/priors.ts";

const study = (uid: string, date: string, description: string, more: Partial<Study> = {}): Study => ({
  studyInstanceUID: uid,
  patientName: "Wang^Wei",
  patientID: "P1",
  patientSex: "M",
  patientBirthDate: "19600102",
  studyDate: date,
  studyTime: "0900",
  modalities: ["CT"],
  studyDescription: description,
  accessionNumber: "",
  numberOfSeries: 1,
  numberOfInstances: 1,
  quarantined: 0,
  ...more,
});
const current = study("1", "20260301", "胸部平扫");

Deno.test("the same ID with another name or birth date is another patient", () => {
  assert.ok(samePatient(study("2", "20250101", ""), current));
  assert.ok(!samePatient(study("2", "20250101", "", { patientName: "Li^Wei" }), current));
  assert.ok(!samePatient(study("2", "20250101", "", { patientBirthDate: "19710102" }), current));
  assert.ok(!samePatient(study("2", "20250101", "", { patientID: "" }), { ...current, patientID: "" }));
});

Deno.test("priors stand newest first, and the most relevant older one is compared with", () => {
  const all = [
    study("2", "20240101", "胸部增强"),
    study("3", "20260101", "膝关节", { modalities: ["MR"] }),
    study("4", "20200101", "胸部平扫"),
    study("5", "20260401", "胸部平扫"),
  ];
  assert.deepEqual(newestFirst(all).map((each) => each.studyInstanceUID), ["5", "3", "2", "4"]);
  assert.equal(bestPrior([...all, current], current)?.studyInstanceUID, "2");
  assert.equal(relevance(all[1] ?? assert.fail(), current), 0);
  assert.equal(bestPrior([current], current), null);
});

Deno.test("days between two dates, across a leap day", () => {
  assert.equal(daysBetween("20240228", "20240301"), 2);
  assert.equal(daysBetween("", "20240301"), null);
});
