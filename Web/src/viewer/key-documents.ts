/** Key images as the server has them: Key Object Selection documents of a study. */
import type { API } from "../core/api.ts";
import { isRecord } from "./hanging-checks.ts";

export interface KeyImage {
  sopInstanceUID: string;
  frameNumbers: readonly number[];
}

/** Titles of documents that name what is not to be used, not what is of interest (PS3.16 CID 7010). */
const rejections = ["113001", "113037", "113038", "113039"];

function isRejection(document: unknown): boolean {
  const title = isRecord(document) && isRecord(document.title) ? document.title.value : null;
  return typeof title === "string" && rejections.includes(title);
}

export async function publishedKeyImages(api: API, study: string): Promise<readonly KeyImage[]> {
  const { documents } = await api.keyImages(study);
  return documents.filter((each) => !isRejection(each))
    .flatMap((each) => (isRecord(each) && Array.isArray(each.images) ? each.images : []))
    .flatMap((image: unknown): KeyImage[] => {
      if (!isRecord(image) || typeof image.sopInstanceUID !== "string") return [];
      const frames = Array.isArray(image.frameNumbers) ? image.frameNumbers : [];
      const frameNumbers = frames.filter((each): each is number => Number.isInteger(each));
      return [{ sopInstanceUID: image.sopInstanceUID, frameNumbers }];
    });
}
