/** Series dragged from the rail into a view. */
import { personName } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { confirm } from "../ui/dialog.tsx";
import type { Pane } from "./pane.ts";
import type { ViewerContext } from "./viewer-context.ts";

const dataType = "application/x-apus-series";

export function dragSeries(event: DragEvent, study: string, series: string): void {
  event.dataTransfer?.setData(dataType, JSON.stringify([study, series]));
  if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
}

export function hasSeries(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes(dataType) ?? false;
}

export async function dropSeries(context: ViewerContext, pane: Pane, event: DragEvent): Promise<void> {
  if (!hasSeries(event)) return;
  event.preventDefault();
  const [study, series] = parsed(event.dataTransfer?.getData(dataType) ?? "");
  if (study !== undefined && series !== undefined) await hangSeries(context, pane, study, series);
}

function parsed(text: string): (string | undefined)[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}

/** Puts a series into a view; asks first when it is another patient's than the one the viewer was opened for. */
export async function hangSeries(
  context: ViewerContext,
  pane: Pane,
  studyUID: string,
  seriesUID: string,
): Promise<void> {
  const open = context.workspace.study(studyUID);
  const series = open?.manifest.series.find((each) => each.seriesInstanceUID === seriesUID);
  if (!open || !series) return;
  if (open.prior === null) {
    const name = personName(open.manifest.study.patientName).primary;
    const message = t("viewer.otherPatient.message", { name });
    const action = t("viewer.otherPatient.action");
    if (!(await confirm(t("viewer.otherPatient"), message, action, t("action.cancel")))) return;
  }
  context.workspace.activate(pane);
  context.workspace.hang(pane, { study: open.manifest, series });
}
