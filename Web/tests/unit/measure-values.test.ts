import assert from "node:assert/strict";
import { useCatalogue } from "../../src/core/i18n.ts";
import { calibrationAt } from "../../src/measure/calibration.ts";
import { quantities } from "../../src/measure/codes.ts";
import { valuesOf } from "../../src/measure/evaluate.ts";
import { calibrationText, labelLines, valueText } from "../../src/measure/labels.ts";
import { look } from "../../src/measure/look.ts";
import type { Mark, Value } from "../../src/measure/mark.ts";
import { boxOf, pixelMeaning, regionOf } from "../../src/measure/pixel-values.ts";
import { sectionsOf, volumeOf } from "../../src/measure/volume.ts";
import type { FrameInfo, PETValues, UltrasoundRegion } from "../../src/imaging/pictures.ts";
import { catalogue } from "./support.ts";
import { KernelMath } from "../../src/measure/kernel-math.ts";
import { makeDesk, makeFrame, standInMath } from "./measure-support.ts";
import { kernels } from "./wasm.ts";

useCatalogue("en", catalogue("en"));
const line = [[10, 10], [40, 10]] as const;

Deno.test("calibration says where millimetres come from", () => {
  const at = (frame: ReturnType<typeof makeFrame>) => calibrationAt(frame, line, true, []);
  assert.equal(at(makeFrame()).source, "pixelSpacing");
  const spacing = { rowMM: 0.15, columnMM: 0.15 };
  assert.equal(at(makeFrame({ spacing: { ...spacing, source: "imagerSpacing" } })).source, "detector");
  const magnified = at(makeFrame({
    spacing: { ...spacing, source: "imagerSpacingCorrected" },
    stack: { magnification: 1.15 },
  }));
  assert.deepEqual([magnified.source, magnified.magnification], ["magnified", 1.15]);
  assert.equal(calibrationText(magnified), "Detector spacing, magnification 1.15");
  assert.equal(
    at(makeFrame({ spacing: { ...spacing, source: "pixelSpacingCalibrated" } })).source,
    "calibrated",
  );
});

Deno.test("GUIDE-1.1.1.1.2-7 pixels with the reason when millimetres are unknown", () => {
  const frame = makeFrame({ spacing: { rowMM: null, columnMM: null, source: "none" } });
  const calibration = calibrationAt(frame, line, true, []);
  assert.deepEqual([calibration.source, calibration.reason], ["none", "noSpacing"]);
  const geometry = { kind: "length" as const, points: line, calibration, anchorUncertainty: [], aspect: 1 };
  assert.deepEqual(valuesOf(geometry, standInMath).map((each) => [each.value, each.unit]), [[
    30,
    "{pixels}",
  ]]);
  assert.equal(calibrationAt(makeFrame(), line, false, []).reason, "notFullResolution");
});

const region = (changes: Partial<UltrasoundRegion>): UltrasoundRegion => ({
  x0: 0,
  y0: 0,
  x1: 99,
  y1: 99,
  unitsX: 3,
  unitsY: 3,
  deltaX: 0.05,
  deltaY: 0.02,
  spatialFormat: 1,
  dataType: 1,
  flags: 0,
  referenceX: null,
  referenceY: null,
  ...changes,
});

Deno.test("ultrasound is measured in the region that holds all points, and refused elsewhere", () => {
  const regions = [
    region({}),
    region({ x0: 100, x1: 199 }),
    region({ y0: 200, y1: 299, unitsX: 4, spatialFormat: 2 }),
  ];
  const frame = makeFrame({ attributes: { regions } });
  const at = (...points: [number, number][]) => calibrationAt(frame, points, true, []);
  const inside = at([10, 10], [90, 90]);
  assert.deepEqual([inside.source, inside.columnSpacing, inside.rowSpacing, inside.region], [
    "ultrasoundRegion",
    0.5,
    0.2,
    1,
  ]);
  assert.equal(at([110, 10], [190, 90]).region, 2);
  assert.equal(at([10, 10], [150, 10]).reason, "severalRegions");
  assert.equal(at([300, 300], [320, 320]).reason, "outsideRegion");
  const trace = at([10, 210], [20, 220]);
  assert.equal(trace.reason, "regionUnit");
  const geometry = { kind: "angle" as const, calibration: trace, anchorUncertainty: [], aspect: 1 };
  assert.deepEqual(valuesOf({ ...geometry, points: [[1, 210], [2, 220], [3, 215]] }, standInMath), []);
});

Deno.test("a reader's calibration goes before all and carries its own uncertainty", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [200, 100]);
  const drawn = desk.last();
  assert.ok(drawn);
  const known: Value = {
    quantity: quantities.length,
    derivation: null,
    value: 25,
    unit: "mm",
    uncertainty: null,
    k: 2,
  };
  const made: Mark = {
    ...drawn,
    kind: "calibration",
    values: [known],
    anchorUncertainty: [[0.3, 0.3], [0.3, 0.3]],
  };
  const calibration = calibrationAt(makeFrame(), line, true, [made]);
  assert.deepEqual([calibration.source, calibration.columnSpacing, calibration.mark], [
    "user",
    0.25,
    made.uid,
  ]);
  assert.ok(Math.abs(calibration.spacingUncertainty - (Math.SQRT2 * 0.3) / 100) < 1e-12);
  const other = makeFrame({ sopInstanceUID: "1.2.3.4.99" });
  assert.equal(calibrationAt(other, line, true, [made]).source, "pixelSpacing");
});

Deno.test("values are shown with their uncertainty, factor and unit", () => {
  const value: Value = {
    quantity: quantities.length,
    derivation: null,
    value: 12.345,
    unit: "mm",
    uncertainty: 0.21,
    k: 2,
  };
  assert.equal(valueText(value).replaceAll("\u00a0", " "), "12.3 ± 0.2 mm (k=2)");
  assert.equal(valueText({ ...value, uncertainty: 0.004 }).replaceAll("\u00a0", " "), "12.3 ± 0.1 mm (k=2)");
  assert.equal(valueText({ ...value, unit: "deg", uncertainty: null }).replaceAll("\u00a0", " "), "12.3°");
  assert.equal(
    valueText({
      ...value,
      quantity: quantities.attenuation,
      value: -1000.04,
      unit: "[hnsf'U]",
      uncertainty: null,
    }),
    "\u22121,000.0\u00a0HU",
  );
});

Deno.test("CT-4.3.2.6.4-b no digit is shown that the uncertainty does not support, unless chosen", () => {
  const shown = (
    value: number,
    uncertainty: number | null,
    quantity: Value["quantity"] = quantities.length,
  ) => {
    const text = valueText({ quantity, derivation: null, value, unit: "mm", uncertainty, k: 2 });
    return text.replaceAll("\u00a0", " ").replace(" mm (k=2)", "").replace(" mm", "");
  };
  assert.equal(shown(57.53, 0.4), "57.5 ± 0.4");
  assert.equal(shown(57.53, 1.46), "57.5 ± 1.5");
  assert.equal(shown(57.53, 12.3), "58 ± 12");
  assert.equal(shown(1257.53, 123), "1,260 ± 120");
  assert.equal(shown(0.4567, 0.02, quantities.ratio), "0.457 ± 0.020");
  try {
    look.set({ ...look.peek(), digits: "more" });
    assert.equal(shown(57.534, 12.3), "57.53 ± 12.30");
    assert.equal(shown(57.534, null), "57.53");
    assert.equal(shown(900, null, quantities.pixelCount), "900");
    look.set({ ...look.peek(), digits: "most" });
    // Without the rounding to a tenth: 2·√(0.105² − 0.1²/12 + 0.001²/12).
    assert.equal(shown(12.3456, 0.21), "12.346 ± 0.202");
    look.set({ ...look.peek(), digits: "fewer" });
    assert.equal(shown(12.3456, 3.9), "12 ± 4");
    assert.equal(shown(12.3456, 0.21), "12 ± 1");
  } finally {
    look.set({ ...look.peek(), digits: "supported" });
  }
});

Deno.test("a label says the calibration when it is not simply that of the pixels", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  const mark = desk.last();
  assert.ok(mark);
  assert.equal(labelLines(mark).length, 1);
  const detector = { ...mark, calibration: { ...mark.calibration, source: "detector" as const } };
  assert.deepEqual(labelLines(detector).slice(1), ["At the detector; the object is smaller"]);
});

Deno.test("pixel values are in HU only where the data say so", () => {
  const meaning = (changes: Parameters<typeof makeFrame>[0]) =>
    pixelMeaning(makeFrame(changes), standInMath)?.unit;
  assert.equal(meaning({}), "[hnsf'U]");
  assert.equal(meaning({ display: { rescaleType: "" } }), "[hnsf'U]");
  assert.equal(
    meaning({
      display: { rescaleType: "" },
      attributes: { imageType: ["ORIGINAL", "PRIMARY", "LOCALIZER"] },
    }),
    "1",
  );
  assert.equal(meaning({ display: { rescaleType: "US" } }), "1");
  assert.equal(meaning({ modality: "MR", display: { rescaleType: "" } }), "1");
  assert.equal(meaning({ stack: { samplesPerPixel: 3 } }), undefined);
  assert.equal(meaning({ stack: { float: true } }), undefined);
});

Deno.test("SUV only with everything that is needed for it", () => {
  const pet: PETValues = {
    units: "BQML",
    decayCorrection: "START",
    correctedImage: ["ATTN", "DECY"],
    weightKg: 70,
    sizeM: null,
    sex: "F",
    doseBq: 3.5e8,
    halfLifeSeconds: 6586,
    doseStart: "20260102090000",
    seriesDateTime: "20260102100000",
    acquisitionDateTime: "20260102100010",
  };
  let asked: unknown = null;
  const math = { ...standInMath, suvFactor: (input: unknown) => (asked = input, 2) };
  const unit = (changes: Partial<PETValues>) =>
    pixelMeaning(
      makeFrame({
        modality: "PT",
        display: { rescaleType: "" },
        attributes: { pet: { ...pet, ...changes } },
      }),
      math,
    )
      ?.unit;
  assert.equal(unit({}), "g/ml{SUVbw}");
  assert.deepEqual(asked, {
    weightKilograms: 70,
    doseBecquerels: 3.5e8,
    halfLifeSeconds: 6586,
    secondsSinceInjection: 3600,
    decayCorrectedToInjection: false,
  });
  assert.equal(unit({ doseStart: "093000" }), "g/ml{SUVbw}");
  assert.equal((asked as { secondsSinceInjection: number }).secondsSinceInjection, 1800);
  for (
    const missing of [{ weightKg: null }, { doseBq: null }, { correctedImage: ["DECY"] }, {
      decayCorrection: "NONE",
    }]
  ) {
    assert.equal(unit(missing), "Bq/ml");
  }
  // Injected after the pictures: something is wrong, so no number is made of it.
  assert.equal(unit({ doseStart: "20260102110000" }), "Bq/ml");
  assert.equal(unit({ units: "CNTS" }), "1");
});

Deno.test("regions are given to the kernels in their own coordinates", () => {
  assert.deepEqual(regionOf("probe", [[3.4, 7.6]], 1), {
    shape: "rectangle",
    left: 3,
    top: 8,
    right: 4,
    bottom: 9,
  });
  const rectangle = regionOf("rectangle", [[9.5, 19.5], [4.5, 9.5]], 1);
  assert.deepEqual(rectangle, { shape: "rectangle", left: 5, top: 10, right: 10, bottom: 20 });
  assert.deepEqual(rectangle && boxOf(rectangle, 8, 400), { x: 5, y: 10, width: 3, height: 10 });
  const circle = regionOf("circle", [[20, 20], [26, 20]], 2);
  assert.deepEqual(circle && boxOf(circle, 100, 100), { x: 14, y: 17, width: 13, height: 7 });
  assert.equal(circle && boxOf(circle, 10, 10), null);
});

Deno.test("a volume is the sum of areas times the thickness each stands for", () => {
  const desk = makeDesk();
  desk.measuring.choose("rectangle");
  desk.pointer.drag([100, 100], [180, 160]);
  const drawn = desk.last();
  assert.ok(drawn);
  const contour = (z: number, area: number): Mark => ({
    ...drawn,
    uid: `2.25.${z}`,
    frameNumber: z,
    values: [{ quantity: quantities.area, derivation: null, value: area, unit: "mm2", uncertainty: 0, k: 2 }],
  });
  const frameOf = (mark: Mark) =>
    ({ position: [0, 0, mark.frameNumber], stack: { normal: [0, 0, 1] } }) as unknown as FrameInfo;
  const contours = [contour(6, 100), contour(2, 100), contour(4, 100)];
  const sections = sectionsOf(contours, frameOf);
  assert.ok(Array.isArray(sections));
  const volume = volumeOf(sections, 2, new KernelMath(kernels));
  assert.equal(volume.value, 600);
  const parts = (2 * (100 * 2) ** 2) / 12 + 1 / 12;
  assert.ok(Math.abs((volume.uncertainty ?? 0) - 2 * Math.sqrt(parts)) < 1e-9);
  assert.equal(sectionsOf([contour(2, 1), contour(2, 1)], frameOf), "samePlane");
  assert.equal(sectionsOf([{ ...drawn, values: [] }], frameOf), "noArea");
  assert.equal(sectionsOf([contour(2, 1)], () => null), "noPlace");
  assert.equal(sectionsOf([], frameOf), "noContours");
});
