/** Says in words why a series cannot be cut in other planes. */
import { t } from "../core/i18n.ts";
import type { VolumeProblem } from "../imaging/volume-fit.ts";
import { openDialog } from "../ui/dialog.tsx";

const reasons: Readonly<Record<VolumeProblem, string>> = {
  color: "planes.refused.color",
  single: "planes.refused.single",
  geometry: "planes.refused.geometry",
  times: "planes.refused.times",
  scales: "planes.refused.scales",
  format: "planes.refused.format",
  memory: "planes.refused.memory",
};

export function openPlaneRefusal(problem: VolumeProblem | null): void {
  if (problem === null) return;
  openDialog({ title: t("planes.refused"), body: () => <p role="alert">{t(reasons[problem])}</p> });
}
