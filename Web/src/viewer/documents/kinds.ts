/** What objects are to a reader: name and picture of each kind. */
import type { SeriesKind } from "../../imaging/pictures.ts";
import type { IconName } from "../../ui/icons.tsx";

/** Message keys. */
export const kindNames: Readonly<Record<SeriesKind, string>> = {
  image: "kind.image",
  presentationState: "kind.presentationState",
  keyObjects: "kind.keyObjects",
  structuredReport: "kind.structuredReport",
  segmentation: "kind.segmentation",
  contours: "kind.contours",
  document: "kind.document",
  waveform: "kind.waveform",
  video: "kind.video",
  unknown: "kind.unknown",
};

export const kindIcons: Readonly<Record<SeriesKind, IconName>> = {
  image: "window",
  presentationState: "layout",
  keyObjects: "key",
  structuredReport: "list",
  segmentation: "freehand",
  contours: "polygon",
  document: "document",
  waveform: "wave",
  video: "film",
  unknown: "tags",
};
