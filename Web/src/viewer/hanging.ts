/**
 * Hanging protocols: which series stand where. A protocol is data (Documentation/viewing.md says how it is written);
 * matching is deterministic: the same study always hangs the same way, whatever order its series arrived in.
 */
import { isLinkedAction, isRecord, strings } from "./hanging-checks.ts";
import { layoutNamed } from "./layout.ts";
import type { LinkedAction } from "./links.ts";

export type Plane = "axial" | "sagittal" | "coronal" | "oblique" | "";

/** What a rule can ask about an image or a series; empty strings and `null` stand for "not known". */
export interface SeriesFacts {
  study: string;
  series: string;
  /** One image of the series, where each image is a view of its own (mammography, radiography); else `null`. */
  sop: string | null;
  /** 0-based place of that image among the objects of its series. */
  place: number;
  /** 0 for the current study, 1 for the newest prior. */
  prior: number;
  modality: string;
  description: string;
  seriesNumber: number | null;
  images: number;
  bodyPart: string;
  laterality: string;
  view: string;
  plane: Plane;
  thicknessMM: number | null;
  kernel: string;
}

export interface StudyFacts {
  modalities: readonly string[];
  description: string;
  bodyParts: readonly string[];
  /** Years; `null` when unknown. */
  age: number | null;
  series: number;
  priors: number;
}

export interface Condition {
  attribute: string;
  /** Equal to one of these, capitals ignored. */
  is?: readonly string[];
  /** Holds one of these words, capitals ignored. */
  contains?: readonly string[];
  atLeast?: number;
  atMost?: number;
  /** Holds when the rest does not. */
  not?: boolean;
  /** Without it nothing matches. */
  required?: boolean;
  /** Points when it holds; 1 unless said otherwise. */
  weight?: number;
}

export interface Selector {
  /** 0 for the current study, 1 for the newest prior of the same kind. */
  prior: number;
  where: readonly Condition[];
  /** 0-based place among those that match equally well. */
  nth?: number;
  /** Only what shows the same as the one of that selector: side and view, or without these plane and description. */
  like?: string;
}

export interface HungView {
  /** `null` leaves the view empty. */
  selector: string | null;
  /** Command of a window preset, for example `preset.lung`. */
  preset?: string;
  window?: { center: number; width: number };
  inverted?: boolean;
  mode?: "fit" | "pixels" | "trueSize";
  start?: "first" | "middle" | "last";
  /** Puts the picture's edge to that side of the view, as mammograms hang. */
  align?: "left" | "right";
  cine?: boolean;
}

export interface Stage {
  name: string;
  layout: string;
  views: readonly HungView[];
  links?: readonly LinkedAction[];
  referenceLines?: boolean;
}

export interface Protocol {
  version: 1;
  id: string;
  /** A message key of the shipped ones, or what the user called it. */
  name: string;
  match: readonly Condition[];
  selectors: Readonly<Record<string, Selector>>;
  stages: readonly Stage[];
}

type Facts = Readonly<Record<string, unknown>>;

function holdsPlain(condition: Condition, value: unknown): boolean {
  const values = (Array.isArray(value) ? value : [value]).filter((each) => each !== null && each !== "");
  if (values.length === 0) return false;
  const texts = values.map((each) => String(each).toUpperCase());
  const { is, contains, atLeast, atMost } = condition;
  if (is && !is.some((each) => texts.includes(each.toUpperCase()))) return false;
  if (contains && !contains.some((each) => texts.some((text) => text.includes(each.toUpperCase())))) {
    return false;
  }
  if (atLeast !== undefined && !values.some((each) => Number(each) >= atLeast)) return false;
  return atMost === undefined || values.some((each) => Number(each) <= atMost);
}

export function holds(condition: Condition, facts: Facts): boolean {
  return holdsPlain(condition, facts[condition.attribute]) !== (condition.not === true);
}

/** Points of all conditions that hold; `null` when a required one does not. */
export function score(conditions: readonly Condition[], facts: Facts): number | null {
  let points = 0;
  for (const condition of conditions) {
    if (holds(condition, facts)) points += condition.weight ?? 1;
    else if (condition.required) return null;
  }
  return points;
}

/** The best protocol: most points, then the order of the list (the user's own stand first), so never by chance. */
export function bestProtocol(protocols: readonly Protocol[], study: StudyFacts): Protocol | null {
  let best: { protocol: Protocol; points: number } | null = null;
  for (const protocol of protocols) {
    const points = score(protocol.match, study as unknown as Facts);
    if (points !== null && points > (best?.points ?? 0)) best = { protocol, points };
  }
  return best?.protocol ?? null;
}

function byNumber(a: SeriesFacts, b: SeriesFacts): number {
  return (a.seriesNumber ?? Infinity) - (b.seriesNumber ?? Infinity) || compare(a.series, b.series) ||
    a.place - b.place || compare(a.sop ?? "", b.sop ?? "");
}

/** By code units: a locale's order could differ between browsers. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Selectors = Readonly<Record<string, Selector>>;

function showsTheSame(a: SeriesFacts, b: SeriesFacts): boolean {
  if (a.modality !== b.modality || a.laterality !== b.laterality || a.view !== b.view) return false;
  return a.view !== "" || (a.plane === b.plane && a.description === b.description);
}

/** The series (or image) a selector means, `selectors` being those of its protocol; `null` when nothing fits. */
export function selected(
  selector: Selector,
  all: readonly SeriesFacts[],
  selectors: Selectors = {},
): SeriesFacts | null {
  const { like } = selector;
  const model = like === undefined ? undefined : selectors[like];
  // One that is itself like another is no model: nobody could go in circles.
  const wanted = model && model.like === undefined ? selected(model, all) : null;
  if (like !== undefined && !wanted) return null;
  const ranked = all
    .filter((each) => each.prior === selector.prior && (wanted === null || showsTheSame(wanted, each)))
    .map((facts) => ({ facts, points: score(selector.where, facts as unknown as Facts) }))
    .filter((each): each is { facts: SeriesFacts; points: number } => each.points !== null && each.points > 0)
    .sort((a, b) => b.points - a.points || byNumber(a.facts, b.facts));
  return ranked[selector.nth ?? 0]?.facts ?? null;
}

export interface Hung {
  view: HungView;
  facts: SeriesFacts | null;
}

/** What stands in each view of a stage. */
export function hung(protocol: Protocol, stage: Stage, all: readonly SeriesFacts[]): Hung[] {
  return stage.views.map((view) => {
    const selector = view.selector === null ? undefined : protocol.selectors[view.selector];
    return { view, facts: selector ? selected(selector, all, protocol.selectors) : null };
  });
}

/** Stages with at least one view that has something to show. */
export function usefulStages(protocol: Protocol, all: readonly SeriesFacts[]): Stage[] {
  const useful = protocol.stages.filter((stage) => hung(protocol, stage, all).some((each) => each.facts));
  // A stage that compares is left out when there is nothing to compare with.
  return useful.filter((stage) => {
    const wantsPrior = stage.views.some((view) => (protocol.selectors[view.selector ?? ""]?.prior ?? 0) > 0);
    return !wantsPrior ||
      hung(protocol, stage, all).some((each) => each.facts !== null && each.facts.prior > 0);
  });
}

const listMaximum = 100;

/** A protocol from outside, checked; `null` when it is not one we understand. */
export function parseProtocol(value: unknown): Protocol | null {
  if (!isRecord(value) || value.version !== 1) return null;
  const { id, name, match, selectors, stages } = value;
  if (typeof id !== "string" || typeof name !== "string" || !isRecord(selectors)) return null;
  if (!areConditions(match) || !Array.isArray(stages) || stages.length > listMaximum) return null;
  if (!Object.values(selectors).every(isSelector) || !stages.every(isStage)) return null;
  return value as unknown as Protocol;
}

function areConditions(value: unknown): value is Condition[] {
  return Array.isArray(value) && value.length <= listMaximum && value.every((each) => {
    if (!isRecord(each) || typeof each.attribute !== "string") return false;
    const number = (field: unknown) => field === undefined || typeof field === "number";
    const list = (field: unknown) => field === undefined || strings(field, listMaximum);
    return list(each.is) && list(each.contains) && number(each.atLeast) && number(each.atMost) &&
      number(each.weight);
  });
}

function isSelector(value: unknown): value is Selector {
  return isRecord(value) && Number.isInteger(value.prior) && areConditions(value.where) &&
    (value.like === undefined || typeof value.like === "string");
}

function isStage(value: unknown): value is Stage {
  if (!isRecord(value) || typeof value.name !== "string" || typeof value.layout !== "string") return false;
  if (!layoutNamed(value.layout) || !Array.isArray(value.views) || value.views.length > listMaximum) {
    return false;
  }
  const links = value.links === undefined ||
    (Array.isArray(value.links) && value.links.every(isLinkedAction));
  return links && value.views.every((view) =>
    isRecord(view) &&
    (view.selector === null || typeof view.selector === "string")
  );
}
