import assert from "node:assert/strict";
import { calibrated, displayIssues, trueSizeProblems } from "../../src/viewer/display-check.ts";
import { histogramOf } from "../../src/viewer/histogram.ts";
import { identityWindow, tableWindow } from "../../src/imaging/windows.ts";
import { rectangleBetween, windowOfValues } from "../../src/viewer/region-window.ts";

const good = {
  width: 1920,
  height: 1080,
  colorDepth: 24,
  ratio: 1,
  ownRatio: 1,
  monochrome: false,
  pinch: 1,
};

Deno.test("PACS-4.2.11-c scaling is noticed just outside 100 to 150 percent, not at the limits", () => {
  const issues = (ratio: number, ownRatio = 1) => displayIssues({ ...good, ratio, ownRatio });
  assert.deepEqual(issues(1), []);
  assert.deepEqual(issues(1.5), []);
  assert.deepEqual(issues(0.9), ["scale"]);
  assert.deepEqual(issues(1.75), ["scale"]);
  // A screen of fine pixels whose own scale is 200 %.
  assert.deepEqual(issues(2, 2), []);
  assert.deepEqual(issues(4, 2), ["scale"]);
});

Deno.test("PACS-4.5.21-2 CT-4.6.21-2 too few colours and too few pixels are noticed", () => {
  assert.deepEqual(displayIssues({ ...good, colorDepth: 16 }), ["colorDepth"]);
  assert.deepEqual(displayIssues({ ...good, width: 1023 }), ["resolution"]);
  assert.deepEqual(displayIssues({ ...good, width: 1024, height: 720 }), []);
  assert.deepEqual(displayIssues({ ...good, pinch: 1.3 }), ["pinch"]);
});

Deno.test("PACS-4.2.11-d life size is claimed only when everything allows it", () => {
  const fine = { pixelsPerMM: 4, spacing: true, spacingSource: "pixelSpacing", zoom: 1, pinch: 1 };
  assert.deepEqual(trueSizeProblems(fine), []);
  assert.deepEqual(trueSizeProblems({ ...fine, pixelsPerMM: null }), ["uncalibrated"]);
  assert.deepEqual(trueSizeProblems({ ...fine, spacing: false }), ["noSpacing"]);
  assert.deepEqual(trueSizeProblems({ ...fine, spacingSource: "imagerSpacing" }), ["detectorSpacing"]);
  assert.deepEqual(trueSizeProblems({ ...fine, zoom: 1.2, pinch: 2 }), ["zoomed", "pinch"]);
});

Deno.test("a calibration that no screen can have is refused", () => {
  assert.equal(calibrated(342.4, 85.6), 4);
  assert.equal(calibrated(10, 85.6), null);
  assert.equal(calibrated(100_000, 85.6), null);
  assert.equal(calibrated(100, 0), null);
});

Deno.test("a window from a region covers its values and leaves padding out", () => {
  const values = Int16Array.from([-2000, -2000, ...Array.from({ length: 101 }, (_, index) => index)]);
  const window = windowOfValues({ values }, {
    slope: 2,
    intercept: -100,
    padding: [-2000, -2000],
    modalityTable: null,
  });
  assert.deepEqual(window, { center: 0.5, width: 201 });
  assert.equal(
    windowOfValues({ values: Int16Array.of(-2000) }, {
      slope: 1,
      intercept: 0,
      padding: [-2000, -2000],
      modalityTable: null,
    }),
    null,
  );
  assert.deepEqual(rectangleBetween({ x: 30, y: -5 }, { x: 10.2, y: 8 }, 20, 20), {
    x: 10,
    y: 0,
    width: 10,
    height: 8,
  });
  assert.equal(rectangleBetween({ x: 3, y: 3 }, { x: 3.4, y: 9 }, 20, 20), null);
});

Deno.test("the histogram counts every value once and gives mean and deviation in the modality's unit", () => {
  const histogram =
    histogramOf(Uint8Array.of(1, 2, 3, 4, 255), { slope: 10, intercept: 5, padding: [255, 255] }) ??
      assert.fail();
  assert.deepEqual([histogram.minimum, histogram.maximum, histogram.mean], [15, 45, 30]);
  assert.ok(Math.abs(histogram.deviation - Math.sqrt(1.25) * 10) < 1e-9);
  assert.equal(histogram.bars.filter((each) => each > 0).length, 4);
  assert.equal(histogramOf(Uint8Array.of(255), { slope: 1, intercept: 0, padding: [255, 255] }), null);
});

Deno.test("a window made from values behind a modality table is in the table's output", () => {
  const modalityTable = { key: "m", first: 10, bits: 12, entries: Uint16Array.of(4000, 100, 200, 300) };
  const display = { slope: 1, intercept: 0, padding: null, modalityTable };
  assert.deepEqual(windowOfValues({ values: Int16Array.of(11, 12, 13) }, display), {
    center: 200.5,
    width: 201,
  });
  // Beyond the ends of the table its first and last entry count.
  assert.deepEqual(tableWindow(modalityTable, -5, 99), { center: 2050.5, width: 3901 });
});

Deno.test("images of 8 bits that name no window are shown as they are", () => {
  assert.deepEqual(identityWindow({ bitsAllocated: 8, bitsStored: 8, signed: false }), {
    center: 128,
    width: 256,
  });
  assert.deepEqual(identityWindow({ bitsAllocated: 8, bitsStored: 8, signed: true }), {
    center: 0,
    width: 256,
  });
  assert.deepEqual(identityWindow({ bitsAllocated: 1, bitsStored: 1, signed: false }), {
    center: 1,
    width: 2,
  });
});
