/** What a view says of the planes in it: which, how made, of how much of the volume. */
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { sliceSteps } from "../imaging/volume-fit.ts";
import { directionLetters } from "../imaging/orientation.ts";
import { gridOf, isOblique, type PlaneKind, type Reformat, type SlabMode } from "./reformat.ts";
import type { Fidelity } from "./overlays.tsx";
import type { Pane } from "./pane.ts";

const kindKeys: Readonly<Record<PlaneKind, string>> = {
  axial: "planes.axial",
  coronal: "planes.coronal",
  sagittal: "planes.sagittal",
};

export const slabNames: Readonly<Record<SlabMode, string>> = {
  maximum: "planes.maximum",
  minimum: "planes.minimum",
  average: "planes.average",
};

const slabShort: Readonly<Record<SlabMode, string>> = {
  maximum: "planes.maximum.short",
  minimum: "planes.minimum.short",
  average: "planes.average.short",
};

export function planeName({ axes }: Reformat): string {
  const name = t(kindKeys[axes.kind]);
  return isOblique(axes) ? t("planes.oblique", { name }) : name;
}

/** The reformatting first, as every view of planes says it; then what is wrong with the volume. */
export function planeFidelity(pane: Pane): Fidelity[] {
  const reformat = pane.reformat();
  const stack = reformat ? pane.place()?.series.stacks[reformat.stack] : undefined;
  const series = pane.place()?.series;
  if (!reformat || !stack || !series) return [];
  const { mode, thicknessMM } = reformat.slab;
  const slab = thicknessMM > 0
    ? `${t(slabShort[mode])} ${t("planes.thickness", { n: number(thicknessMM, 1) })}`
    : "";
  const level = pane.picture()?.level ?? 0;
  const coarse = level > 0 ? t("planes.coarse", { n: 2 ** level }) : "";
  const found: Fidelity[] = [{
    kind: "planes",
    label: [t("fidelity.planes", { name: planeName(reformat) }), slab, coarse].filter((each) => each !== "")
      .join(" · "),
    detail: `${t("fidelity.planes.detail")} ${thicknessMM > 0 ? t("planes.detail.slab") : ""} ${
      t("planes.noMarks")
    }`,
  }];
  const grid = gridOf(series, stack);
  const { gaps } = grid ? sliceSteps(grid.positions.flat(), grid.normal) : { gaps: 0 };
  if (gaps > 0) {
    found.push({ kind: "gaps", label: t("fidelity.gaps", { n: gaps }), detail: t("fidelity.gaps.detail") });
  }
  const failures = pane.images()?.failures();
  const failed = failures
    ? [...failures.keys()].filter((each) => each >= stack.first && each < stack.first + stack.count).length
    : 0;
  if (failed > 0) {
    found.push({
      kind: "slices",
      label: t("fidelity.failed", { n: failed }),
      detail: t("fidelity.failed.detail"),
    });
  }
  return found;
}

/** How much of the volume is there. */
export function volumeLine(pane: Pane): string {
  const volume = pane.volume();
  if (!volume || pane.missingSlices() === 0) return "";
  return t("planes.loading", { percent: Math.floor((100 * volume.loaded()) / volume.stack.count) });
}

/** Place of a plane along the patient's axis, with the side it lies on; nothing for turned ones. */
export function planePosition(pane: Pane): string {
  const [reformat, position] = [pane.reformat(), pane.frame()?.position];
  if (!reformat || !position || isOblique(reformat.axes)) return "";
  const axis = { axial: 2, coronal: 1, sagittal: 0 }[reformat.axes.kind];
  const place = position[axis] ?? 0;
  const letter = directionLetters([0, 1, 2].map((each) => each === axis ? place || 1 : 0));
  return t("planes.position", { letter, n: number(Math.abs(place), 1) });
}
