/**
 * One line that names everything which makes the picture other than the stored one (CT 4.4.1): what it is coloured, windowed,
 * interpolated, covered or laid over with. What is off leaves no word.
 */
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { colorMapKeys } from "./color-map-names.ts";
import { laidOver, overlayPlanesOn } from "./laid-over.tsx";
import type { Pane } from "./pane.ts";
import { planeFidelity } from "./plane-texts.ts";
import { isFor, overlaysOf } from "./presentation.ts";
import type { ViewerContext } from "./viewer-context.ts";
import { baseScale } from "./view.ts";

export function statusParts(context: ViewerContext, pane: Pane): string[] {
  if (pane.stage() !== "images" || pane.shownFrame() === null || pane.failure() !== null) return [];
  const planes = planeFidelity(pane).filter((each) => each.kind === "planes").map((each) => each.label);
  return [...planes, ...greyParts(pane), ...viewParts(pane), ...coverParts(context, pane)];
}

/** From stored values to grey and colour. */
function greyParts(pane: Pane): string[] {
  const { inverted, colorMap } = pane.appearance();
  const [frame, state] = [pane.shownFrame(), pane.state()];
  const { modality, presentationTable, colorMap: painted } = pane.settings();
  const isGrey = frame?.stack.samplesPerPixel === 1 && frame.stack.photometric !== "PALETTE COLOR";
  const hasTable = modality ? "entries" in modality : (frame?.display.modalityTable ?? null) !== null;
  const found = [
    inverted ? t("viewer.inverted") : "",
    state ? t("viewer.state", { name: state.label }) : "",
    state && state.notUnderstood.length > 0 ? t("viewer.stateIncomplete") : "",
    colorMap !== null ? t("viewer.pseudoColour", { name: t(colorMapKeys[colorMap]) }) : "",
    colorMap === null && painted ? t("status.statePalette") : "",
    frame?.stack.photometric === "PALETTE COLOR" ? t("status.palette") : "",
  ];
  if (!isGrey) return found.filter((each) => each !== "");
  return [
    ...found,
    hasTable ? t("status.modalityTable") : "",
    pane.voiTable() !== null
      ? t("viewer.voiTable")
      : pane.picture()?.function === "SIGMOID"
      ? t("viewer.nonLinear")
      : "",
    presentationTable ? t("status.presentationTable") : "",
  ].filter((each) => each !== "");
}

/** Below this share pixels are averaged, as the kernels do. */
const averagedBelow = 2 / 3;

/** Turns and what stands between the image's pixels and the screen's. */
function viewParts(pane: Pane): string[] {
  const { view } = pane.appearance();
  const rotation = Math.round(view.rotation * 10) / 10;
  return [
    view.flipHorizontal || view.flipVertical ? t("viewer.flipped") : "",
    rotation === 0 ? "" : t("viewer.rotated", { n: rotation }),
    view.mode === "pixels" && view.zoom === 1 ? t("viewer.pixelMode") : "",
    interpolation(pane),
  ].filter((each) => each !== "");
}

function interpolation(pane: Pane): string {
  const stage = pane.stageSize();
  if (!stage || pane.settings().interpolation === "nearest") return "";
  const { view } = pane.appearance();
  const scale = baseScale(view, stage) * view.zoom;
  if (scale < averagedBelow) return t("status.averaged");
  if (pane.reformat()) return t("status.interpolated");
  const isWhole = Math.abs(scale - 1) < 1e-9 && stage.aspect === 1 && view.rotation % 90 === 0;
  return isWhole ? "" : t("status.interpolated");
}

/** What hides parts of the picture or lies over it. */
function coverParts(context: ViewerContext, pane: Pane): string[] {
  const [state, frame] = [pane.state(), pane.shownFrame()];
  const hasState = state !== null && frame !== null && isFor(state, frame);
  const own = hasState ? overlaysOf(state) : { graphics: [], shutters: [] };
  const shutters = hasState ? state.shutters.length : frame?.instance.attributes.shutters?.length ?? 0;
  const over = pane.superimposed();
  const isHidden = context.marksHidden();
  const { stamps, outlines } = isHidden ? { stamps: [], outlines: [] } : laidOver(context, pane);
  const planes = isHidden ? 0 : overlayPlanesOn(context, pane).length + own.graphics.length;
  const parts = [
    shutters > 0 ? t("status.shutter") : "",
    over ? t("status.blended", { percent: number(over.opacity * 100) }) : "",
    state?.blending && !over ? t("status.notBlended") : "",
    planes > 0 ? t("status.overlays", { n: planes }) : "",
    stamps.length > 0 ? t("status.masks", { n: stamps.length }) : "",
    outlines.length > 0 ? t("status.contours", { n: outlines.length }) : "",
  ];
  return parts.filter((each) => each !== "");
}
