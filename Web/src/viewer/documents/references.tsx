/** Links from what a document speaks of to where it can be seen. */
import { t } from "../../core/i18n.ts";
import type { InstanceInfo, SeriesManifest, StudyManifest } from "../../imaging/pictures.ts";
import type { Child } from "../../ui/jsx-runtime.ts";
import { Icon } from "../../ui/icons.tsx";
import { layoutOrSingle } from "../workspace.ts";
import type { Pane } from "../pane.ts";
import type { ViewerContext } from "../viewer-context.ts";
import type { Reference } from "./data-set.ts";

interface FoundObject {
  study: StudyManifest;
  series: SeriesManifest;
  instance: InstanceInfo;
}

/** The object in one of the open studies. */
export function findObject(context: ViewerContext, sopInstanceUID: string): FoundObject | null {
  for (const { manifest } of context.workspace.studies.peek()) {
    for (const series of manifest.series) {
      const instance = series.instances.find((each) => each.sopInstanceUID === sopInstanceUID);
      if (instance) return { study: manifest, series, instance };
    }
  }
  return null;
}

/** Where in its series an object, or a frame of it, stands; after the frames come the objects that have none. */
export function stepOf(pane: Pane, sopInstanceUID: string, frame: number): number {
  const frames = pane.frames.peek();
  const exact = frames.findIndex((each) =>
    each.instance.sopInstanceUID === sopInstanceUID && each.frameNumber === frame
  );
  if (exact >= 0) return exact;
  const some = frames.findIndex((each) => each.instance.sopInstanceUID === sopInstanceUID);
  if (some >= 0) return some;
  const document = pane.documents.peek().findIndex((each) => each.sopInstanceUID === sopInstanceUID);
  return document < 0 ? 0 : frames.length + document;
}

/** Shows it beside the document; on a telephone in its place. */
export function openObject(context: ViewerContext, from: Pane, found: FoundObject, frame: number): void {
  const { workspace } = context;
  const { study, series, instance } = found;
  if (!context.nonDiagnostic && workspace.visible.peek().length < 2) {
    workspace.maximized.set(null);
    if (workspace.visible.peek().length < 2) workspace.setLayout(layoutOrSingle("1x2"));
  }
  const others = workspace.visible.peek().filter((each) => each !== from);
  const target = others.find((each) => each.place.peek()?.series === series) ??
    others.find((each) => each.place.peek() === null) ?? others[0] ?? from;
  if (target.place.peek()?.series !== series) workspace.hang(target, { study, series });
  workspace.goTo(target, stepOf(target, instance.sopInstanceUID, frame));
  workspace.activate(target);
}

/** The object by series and number; plain text when it is in no open study. */
export function ReferenceLink(props: { context: ViewerContext; pane: Pane; reference: Reference }): Child {
  const { context, pane, reference } = props;
  const found = findObject(context, reference.sopInstanceUID);
  if (!found) {
    return <span class="document-elsewhere" title={reference.sopInstanceUID}>{t("document.elsewhere")}</span>;
  }
  const { series, instance } = found;
  const name = [
    `${series.modality} ${series.seriesNumber ?? ""} ${series.seriesDescription}`.trim(),
    instance.instanceNumber === null ? "" : `#${instance.instanceNumber}`,
  ].filter((each) => each !== "").join(" ");
  const link = (frame: number, label: string) => (
    <button
      type="button"
      class="document-link"
      title={reference.sopInstanceUID}
      onClick={() => openObject(context, pane, found, frame)}
    >
      <Icon name="compare" />
      {label}
    </button>
  );
  const frames = reference.frames.slice(0, shownFrames);
  if (frames.length === 0) return link(1, name);
  return frames.map((frame) => link(frame, `${name} ${t("document.frame", { n: frame })}`));
}

const shownFrames = 50;
