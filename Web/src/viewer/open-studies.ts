/** The studies in a viewer, told apart by letter and colour, and counted back from the current one. */
import type { StudyManifest } from "../imaging/pictures.ts";

/** A study on the screen, with the letter and colour that tell it from the others. */
export interface OpenStudy {
  manifest: StudyManifest;
  letter: string;
  /** 0 up to 5: index of a colour in the style sheet. */
  color: number;
  /** 0 for the study that was opened, 1 for its newest prior opened; `null` for studies of other patients. */
  prior: number | null;
}

/** Priors are counted among the studies of the first one's patient, newest first. */
export function numbered(studies: readonly OpenStudy[]): OpenStudy[] {
  const first = studies[0];
  if (!first) return [];
  const patient = first.manifest.study.patientID;
  const when = (each: OpenStudy) => each.manifest.study.studyDate + each.manifest.study.studyTime;
  const priors = studies.slice(1)
    .filter((each) => patient !== "" && each.manifest.study.patientID === patient)
    .sort((a, b) => (when(a) < when(b) ? 1 : when(a) > when(b) ? -1 : 0));
  return studies.map((each, index) => {
    const at = priors.indexOf(each);
    return { ...each, prior: index === 0 ? 0 : at < 0 ? null : at + 1 };
  });
}
