/** The patient's other studies: found by patient ID, newest first, those of the same kind marked. */
import { type API, isAbort, type Study } from "../core/api.ts";
import { signal } from "../ui/signal.ts";

const priorMaximum = 100;

/** Studies of one patient: IDs are unique within a site only, so the name must agree as well. */
export function samePatient(a: Study, b: Study): boolean {
  if (a.patientID === "" || a.patientID !== b.patientID) return false;
  const birth = a.patientBirthDate === "" || b.patientBirthDate === "" ||
    a.patientBirthDate === b.patientBirthDate;
  return birth && (a.patientName === "" || b.patientName === "" || a.patientName === b.patientName);
}

const when = (study: Study) => study.studyDate + study.studyTime;

export function newestFirst(studies: readonly Study[]): Study[] {
  return [...studies].sort((a, b) =>
    when(a) < when(b) ? 1 : when(a) > when(b) ? -1 : a.studyInstanceUID < b.studyInstanceUID ? -1 : 1
  );
}

function words(text: string): Set<string> {
  const found = text.toLowerCase().match(/\p{Script=Han}|[\p{L}\d]{3,}/gu) ?? [];
  return new Set(found);
}

/** 2: same modality and region, 1: one of both, 0: neither. */
export function relevance(study: Study, current: Study): number {
  const modality = study.modalities.some((each) => current.modalities.includes(each));
  const wanted = words(current.studyDescription);
  const region = [...words(study.studyDescription)].filter((each) => wanted.has(each)).length >= 2 ||
    (wanted.size > 0 && study.studyDescription === current.studyDescription);
  return Number(modality) + Number(region);
}

/** The study to compare with first: the most relevant older one, among those the newest. */
export function bestPrior(studies: readonly Study[], current: Study): Study | null {
  const older = newestFirst(studies).filter((each) =>
    each.studyInstanceUID !== current.studyInstanceUID && when(each) <= when(current)
  );
  let best: Study | null = null;
  for (const each of older) {
    if (best === null || relevance(each, current) > relevance(best, current)) best = each;
  }
  return best;
}

/** Days between two DICOM dates; `null` when either is none. */
export function daysBetween(from: string, to: string): number | null {
  const parse = (value: string) => {
    const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(value) ?? [];
    return year === undefined ? null : Date.UTC(Number(year), Number(month) - 1, Number(day));
  };
  const [start, end] = [parse(from), parse(to)];
  return start === null || end === null ? null : Math.round((end - start) / 86_400_000);
}

export class Priors {
  readonly studies = signal<readonly Study[]>([]);
  readonly failed = signal(false);

  async find(api: API, current: Study, abort: AbortSignal): Promise<void> {
    if (current.patientID === "") return;
    try {
      const query = { text: current.patientID, modalities: [], from: "", to: "", sort: "-studyDate" };
      const page = await api.studies(query, priorMaximum, null, abort);
      this.studies.set(newestFirst(page.studies.filter((each) => samePatient(each, current))));
    } catch (error) {
      if (!isAbort(error)) this.failed.set(true);
    }
  }
}
