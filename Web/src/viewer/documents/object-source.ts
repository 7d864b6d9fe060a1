/** What the server says of one object (Documentation/viewing.md, objects). */
import type { API } from "../../core/api.ts";
import type { DataSet } from "../../core/dicom-json.ts";
import type { InstanceInfo } from "../../imaging/pictures.ts";
import { effect, onCleanup, type ReadSignal, signal } from "../../ui/signal.ts";
import type { Place } from "../pane.ts";

export interface ObjectContent {
  kind: "document" | "video";
  /** Of a video. */
  container?: string;
  /** Of a document. */
  format?: "pdf" | "xml" | "stl" | "obj" | "mtl" | "other";
  declaredType?: string;
  mediaType: string;
  fileName: string;
  bytes: number;
}

export interface ObjectText {
  sopClassName: string | null;
  sopClassKind: string | null;
  transferSyntaxName: string;
  bytes: number;
  quarantined: boolean;
  content: ObjectContent | null;
  dataSet: DataSet;
}

/** An object and where it stands. */
export interface DocumentObject {
  place: Place;
  instance: InstanceInfo;
}

export function objectPath({ place, instance }: DocumentObject): string {
  return `/api/studies/${place.study.study.studyInstanceUID}/objects/${instance.sopInstanceUID}`;
}

export type Loaded = { text: ObjectText } | { error: unknown } | null;

/** The object's text as it comes; `null` while it is on its way. */
export function loaded(api: API, object: DocumentObject): ReadSignal<Loaded> {
  const found = signal<Loaded>(null);
  effect(() => {
    const request = new AbortController();
    onCleanup(() => request.abort());
    const { study } = object.place.study;
    api.object(study.studyInstanceUID, object.instance.sopInstanceUID, request.signal).then(
      (text) => found.set({ text: text as ObjectText }),
      (error) => {
        if (!request.signal.aborted) found.set({ error });
      },
    );
  });
  return found;
}
