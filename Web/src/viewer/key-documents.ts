/** Key images as the server has them: Key Object Selection documents of a study. */
import type { API } from "../core/api.ts";
import { isRecord } from "./hanging-checks.ts";

export interface KeyImage {
  sopInstanceUID: string;
  frameNumbers: readonly number[];
}

export async function publishedKeyImages(api: API, study: string): Promise<readonly KeyImage[]> {
  const { documents } = await api.keyImages(study);
  return documents.flatMap((each) => (isRecord(each) && Array.isArray(each.images) ? each.images : []))
    .flatMap((image: unknown): KeyImage[] => {
      if (!isRecord(image) || typeof image.sopInstanceUID !== "string") return [];
      const frames = Array.isArray(image.frameNumbers) ? image.frameNumbers : [];
      const frameNumbers = frames.filter((each): each is number => Number.isInteger(each));
      return [{ sopInstanceUID: image.sopInstanceUID, frameNumbers }];
    });
}
