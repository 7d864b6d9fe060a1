/** Whether a screen is fit to read images on, and what to say when it is not. Limits as the manual states them. */

export interface DisplayFacts {
  /** Device pixels of the screen. */
  width: number;
  height: number;
  /** Bits per pixel, as the browser reports. */
  colorDepth: number;
  /** Device pixels per CSS pixel, and what that is without browser zoom on this screen. */
  ratio: number;
  ownRatio: number;
  /** The screen shows no colours. */
  monochrome: boolean;
  /** Of pinching a touch screen; 1 when not zoomed. */
  pinch: number;
}

export const displayLimits = {
  width: 1024,
  height: 720,
  colorDepth: 24,
  scaleMinimum: 1,
  scaleMaximum: 1.5,
} as const;

export type DisplayIssue = "resolution" | "colorDepth" | "scale" | "pinch";

/** Rounding in the browsers' zoom steps. */
const scaleTolerance = 0.02;

export function scaleOf(facts: Pick<DisplayFacts, "ratio" | "ownRatio">): number {
  return facts.ownRatio > 0 ? facts.ratio / facts.ownRatio : facts.ratio;
}

export function displayIssues(facts: DisplayFacts): DisplayIssue[] {
  const { width, height, colorDepth, scaleMinimum, scaleMaximum } = displayLimits;
  const scale = scaleOf(facts);
  const found: DisplayIssue[] = [];
  if (facts.width < width || facts.height < height) found.push("resolution");
  if (facts.colorDepth < colorDepth) found.push("colorDepth");
  if (scale < scaleMinimum - scaleTolerance || scale > scaleMaximum + scaleTolerance) found.push("scale");
  if (Math.abs(facts.pinch - 1) > scaleTolerance) found.push("pinch");
  return found;
}

export type TrueSizeProblem = "uncalibrated" | "noSpacing" | "detectorSpacing" | "zoomed" | "pinch";

/** Why a picture in life size is not; empty when it is. */
export function trueSizeProblems(facts: {
  pixelsPerMM: number | null;
  spacing: boolean;
  spacingSource: string;
  zoom: number;
  pinch: number;
}): TrueSizeProblem[] {
  const found: TrueSizeProblem[] = [];
  if (facts.pixelsPerMM === null) found.push("uncalibrated");
  if (!facts.spacing) found.push("noSpacing");
  // Lengths at the detector are those of a shadow, larger than the patient.
  if (facts.spacingSource === "imagerSpacing" || facts.spacingSource === "nominalScanned") {
    found.push("detectorSpacing");
  }
  if (Math.abs(facts.zoom - 1) > 1e-6) found.push("zoomed");
  if (Math.abs(facts.pinch - 1) > scaleTolerance) found.push("pinch");
  return found;
}

/** Pixel pitches of real screens, in device pixels per millimetre: 30 inches at VGA up to telephones. */
const plausiblePixelsPerMM = { minimum: 1, maximum: 25 } as const;

/** From a bar drawn `pixels` long that measures `millimetres` on the screen; `null` when that cannot be. */
export function calibrated(pixels: number, millimetres: number): number | null {
  const value = pixels / millimetres;
  const { minimum, maximum } = plausiblePixelsPerMM;
  return Number.isFinite(value) && value >= minimum && value <= maximum ? value : null;
}
