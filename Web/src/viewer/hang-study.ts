/** Hangs the open studies by a protocol, and makes a protocol from what stands on the screen. */
import { ageInYears } from "../core/format.ts";
import type { InstanceInfo, SeriesManifest, StudyManifest } from "../imaging/pictures.ts";
import {
  type Condition,
  hung,
  type HungView,
  type Plane,
  type Protocol,
  type Selector,
  type SeriesFacts,
  type Stage,
  type StudyFacts,
} from "./hanging.ts";
import { generalWords } from "./hanging-defaults.ts";
import { fittedStages } from "./hanging-fit.ts";
import { linkedActions, unlinked } from "./links.ts";
import { initialAppearance, type Pane } from "./pane.ts";
import { ctPresets } from "./presets.ts";
import { fitScale, type View } from "./view.ts";
import type { OpenStudy } from "./open-studies.ts";
import { layoutOrSingle, type Workspace } from "./workspace.ts";

/** Modalities of which each object is a view, or a run, of its own. */
const viewByView = new Set(["CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "US", "IVUS", "ES"]);

export function planeName(normal: readonly number[] | null): Plane {
  if (!normal) return "";
  const [x = 0, y = 0, z = 0] = normal.map(Math.abs);
  if (z > 0.8) return "axial";
  if (x > 0.8) return "sagittal";
  return y > 0.8 ? "coronal" : "oblique";
}

export function seriesFacts(studies: readonly OpenStudy[]): SeriesFacts[] {
  return studies.flatMap(({ manifest, prior }) => {
    if (prior === null) return [];
    const study = manifest.study.studyInstanceUID;
    return manifest.series.filter((series) => series.frames.length > 0).flatMap((series) => {
      const instances = series.instances.filter((each) => each.kind === "image");
      const whole = { ...factsOf(study, series, series.instances[0]), prior };
      if (!viewByView.has(series.modality) || instances.length < 2) return [whole];
      return instances.map((instance, place) => ({
        ...factsOf(study, series, instance),
        prior,
        sop: instance.sopInstanceUID,
        place,
        images: instance.numberOfFrames,
      }));
    });
  });
}

function factsOf(study: string, series: SeriesManifest, instance: InstanceInfo | undefined): SeriesFacts {
  const stack = series.stacks[0];
  const attributes = instance?.attributes;
  return {
    study,
    series: series.seriesInstanceUID,
    sop: null,
    place: 0,
    prior: 0,
    modality: series.modality,
    description: `${series.seriesDescription} ${series.protocolName}`.trim(),
    seriesNumber: series.seriesNumber,
    images: series.frames.length,
    bodyPart: attributes?.bodyPart || series.bodyPart,
    laterality: attributes?.laterality || series.laterality,
    view: attributes?.viewPosition ?? "",
    plane: planeName(stack?.normal ?? null),
    thicknessMM: stack?.sliceThickness ?? null,
    kernel: "",
  };
}

export function studyFacts(studies: readonly OpenStudy[]): StudyFacts | null {
  const current = studies[0]?.manifest;
  if (!current) return null;
  const { study, series } = current;
  return {
    modalities: study.modalities,
    description: `${study.studyDescription} ${series.map((each) => each.bodyPart).join(" ")}`.trim(),
    bodyParts: [...new Set(series.map((each) => each.bodyPart).filter((each) => each !== ""))],
    age: ageInYears(study.patientBirthDate, study.studyDate),
    series: series.filter((each) => each.frames.length > 0).length,
    priors: studies.filter((each) => (each.prior ?? 0) > 0).length,
  };
}

/** What hangs first of a study that is not open yet, and where each series begins: what is worth loading ahead. */
export function firstPlaces(
  protocol: Protocol | null,
  manifest: StudyManifest,
): { seriesInstanceUID: string; first: number }[] {
  const all = seriesFacts([{ manifest, letter: "", color: 0, prior: 0 }]);
  const [stage] = protocol ? fittedStages(protocol, all) : [];
  const places = new Map<string, number>();
  for (const { view, facts } of protocol && stage ? hung(protocol, stage, all) : []) {
    const series = manifest.series.find((each) => each.seriesInstanceUID === facts?.series);
    if (series && facts && !places.has(facts.series)) {
      places.set(facts.series, startIndex(series, facts, view));
    }
  }
  const [whole] = all;
  if (places.size === 0 && whole) places.set(whole.series, 0);
  return [...places].map(([seriesInstanceUID, first]) => ({ seriesInstanceUID, first }));
}

function startIndex(series: SeriesManifest, facts: SeriesFacts, view: HungView): number {
  if (facts.sop !== null) {
    return Math.max(0, series.frames.findIndex((each) => each.instance.sopInstanceUID === facts.sop));
  }
  const last = series.frames.length - 1;
  return view.start === "last" ? last : view.start === "middle" ? Math.floor(last / 2) : 0;
}

export function applyStage(workspace: Workspace, protocol: Protocol, stage: Stage): void {
  const placed = hung(protocol, stage, seriesFacts(workspace.studies.peek()));
  workspace.change("history.hanging", () => {
    workspace.maximized.set(null);
    workspace.layout.set(layoutOrSingle(stage.layout));
    workspace.activate(workspace.panes[0] as Pane);
    placed.forEach(({ view, facts }, index) => {
      const pane = workspace.panes[index];
      if (pane) hangOne(workspace, pane, view, facts);
    });
    for (const pane of workspace.panes.slice(placed.length)) pane.hang(null);
    if (stage.referenceLines !== undefined) workspace.referenceLines.set(stage.referenceLines);
    workspace.links.set({
      ...unlinked,
      ...Object.fromEntries(linkedActions.map((each) => [each, stage.links?.includes(each) ?? false])),
    });
    for (const pane of workspace.panes) pane.setAnchor();
  });
  placed.forEach(({ view }, index) => {
    if (view.cine) workspace.panes[index]?.playing.set(true);
  });
}

function hangOne(workspace: Workspace, pane: Pane, view: HungView, facts: SeriesFacts | null): void {
  const study = facts ? workspace.study(facts.study)?.manifest : undefined;
  const series = study?.series.find((each) => each.seriesInstanceUID === facts?.series);
  if (!study || !series || !facts) return pane.hang(null);
  const window = view.window ?? ctPresets.find((each) => each.id === view.preset)?.window ?? null;
  const appearance = {
    ...initialAppearance,
    window,
    inverted: view.inverted ?? false,
    view: { ...initialAppearance.view, mode: view.mode ?? "fit" },
  };
  pane.hang({ study, series }, { index: startIndex(series, facts, view), appearance });
  if (view.align) pane.align.set({ side: view.align, panX: null });
}

/** Moves a picture so that its edge lies at the edge of the view. */
export function aligned(pane: Pane, side: "left" | "right"): View {
  const { view } = pane.appearance.peek();
  const stage = pane.stageSize.peek();
  if (!stage || view.mode !== "fit") return view;
  const scale = fitScale(stage, view.rotation);
  const room = (stage.viewport.width / scale - stage.image.width) / 2;
  return { ...view, panX: side === "left" ? -room : room, panY: 0 };
}

/** The side of the view at which the picture's edge lies, if it was put there. */
function alignment(pane: Pane): "left" | "right" | null {
  const { panX, zoom, mode } = pane.appearance.peek().view;
  if (panX === 0 || zoom !== 1 || mode !== "fit") return null;
  const lies = (side: "left" | "right") => Math.abs(aligned(pane, side).panX - panX) < 1;
  return lies("left") ? "left" : lies("right") ? "right" : null;
}

const wordMaximum = 6;
/** Words of a description worth asking for: no numbers, no units. */
function tokens(description: string): string[] {
  const words = description.split(/[\s,;:+^&/()[\]_-]+/).filter((each) => /[\p{L}]{2,}/u.test(each));
  return [...new Set(words)].filter((each) => !generalWords.has(each.toLowerCase())).slice(0, wordMaximum);
}

/** What finds studies of the same region again: its words, or the body parts the images name. */
function regionConditions(description: string, bodyParts: readonly string[]): Condition[] {
  // The reader's own protocols stand before the shipped ones of the same kind.
  const weights = { required: true, weight: 40 } as const;
  const words = tokens(description);
  if (words.length > 0) return [{ attribute: "description", contains: words, ...weights }];
  return bodyParts.length > 0 ? [{ attribute: "bodyParts", is: bodyParts, ...weights }] : [];
}

/** A protocol that would hang the screen as it is now. */
export function protocolFromScreen(workspace: Workspace, id: string, name: string): Protocol | null {
  const facts = studyFacts(workspace.studies.peek());
  if (!facts) return null;
  const all = seriesFacts(workspace.studies.peek());
  const selectors: Record<string, Selector> = {};
  const views = workspace.panes.slice(0, workspace.layout.peek().cells.length).map(
    (pane, index): HungView => {
      const found = factsIn(pane, all);
      if (!found) return { selector: null };
      const key = `view${index + 1}`;
      selectors[key] = selectorFor(found, all);
      const { window, inverted, view } = pane.appearance.peek();
      const side = alignment(pane);
      return {
        selector: key,
        ...(window ? { window } : {}),
        ...(inverted ? { inverted } : {}),
        ...(view.mode === "fit" ? {} : { mode: view.mode }),
        ...(side ? { align: side } : {}),
        ...(pane.playing.peek() ? { cine: true } : {}),
      };
    },
  );
  const description = workspace.studies.peek()[0]?.manifest.study.studyDescription ?? "";
  const links = workspace.links.peek();
  return {
    version: 1,
    id,
    name,
    match: [
      { attribute: "modalities", is: facts.modalities, required: true, weight: 10 },
      ...regionConditions(description, facts.bodyParts),
    ],
    selectors,
    stages: [{
      name,
      layout: workspace.layout.peek().name,
      views,
      links: linkedActions.filter((each) => links[each]),
      referenceLines: workspace.referenceLines.peek(),
    }],
  };
}

function factsIn(pane: Pane, all: readonly SeriesFacts[]): SeriesFacts | undefined {
  const series = pane.place.peek()?.series.seriesInstanceUID;
  const sop = pane.frame.peek()?.instance.sopInstanceUID;
  const here = all.filter((each) => each.series === series);
  return here.find((each) => each.sop === sop) ?? here[0];
}

/** What sets this series apart; with several alike, its place among them. */
function selectorFor(facts: SeriesFacts, all: readonly SeriesFacts[]): Selector {
  const where: Condition[] = [{ attribute: "modality", is: [facts.modality], required: true }];
  const words = tokens(facts.description);
  if (words.length > 0) where.push({ attribute: "description", contains: words, weight: 5 });
  if (facts.plane !== "") where.push({ attribute: "plane", is: [facts.plane], weight: 4 });
  if (facts.view !== "") where.push({ attribute: "view", is: [facts.view], weight: 5 });
  if (facts.laterality !== "") where.push({ attribute: "laterality", is: [facts.laterality], weight: 5 });
  if (facts.images >= 5) where.push({ attribute: "images", atLeast: 5, weight: 3 });
  const alike = all.filter((each) =>
    each.prior === facts.prior && each.modality === facts.modality &&
    each.description === facts.description &&
    each.plane === facts.plane && each.view === facts.view && each.laterality === facts.laterality
  );
  const nth = alike.indexOf(facts);
  return { prior: facts.prior, where, ...(nth > 0 ? { nth } : {}) };
}
