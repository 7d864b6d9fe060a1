/** The line at the foot: whether updates arrive, where modalities send to, what is stored, how much room is left. */
import type { App } from "../core/context.ts";
import { bytes, number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { Icon } from "../ui/icons.tsx";

export function StatusBar(props: { app: App }) {
  const { server, connection } = props.app;
  const line = () => {
    const state = connection();
    return state === "live" ? t("status.live") : state === "lost" ? t("status.lost") : t("status.connecting");
  };
  return (
    <footer class="status-bar">
      <span class={() => `status-live status-${connection()}`} role="status">
        <span class="dot" aria-hidden="true"></span>
        {line}
      </span>
      {() => {
        const state = server();
        if (!state) return null;
        const { dicom, counts, storage } = state;
        return (
          <>
            <span title={t("status.dicom.hint")}>
              {t("status.dicom")} <b>{dicom.aeTitle}</b> {`${dicom.host}:${dicom.port}`}
            </span>
            <span class="grow"></span>
            <span>
              {t("status.counts", {
                studies: number(counts.studies),
                series: number(counts.series),
                instances: number(counts.instances),
              })}
            </span>
            <span class="storage">
              <meter
                min="0"
                max={String(Math.max(1, storage.totalBytes))}
                value={String(storage.totalBytes - storage.freeBytes)}
                class={`storage-${storage.state}`}
                aria-label={t("status.storage")}
              >
              </meter>
              {t("status.free", { free: bytes(storage.freeBytes) })}
            </span>
            <span class="version">{`${t("app.name")} ${state.version}`}</span>
          </>
        );
      }}
    </footer>
  );
}

export function StorageBanner(props: { app: App }) {
  return (
    <div role="alert">
      {() => {
        const storage = props.app.server()?.storage;
        if (!storage || storage.state === "ok") return null;
        const full = storage.state === "full";
        return (
          <div class={full ? "banner banner-error" : "banner banner-warning"}>
            <Icon name="warning" />
            <strong>{full ? t("storage.full") : t("storage.low", { free: bytes(storage.freeBytes) })}</strong>
            <span>{full ? t("storage.full.remedy") : t("storage.low.remedy")}</span>
          </div>
        );
      }}
    </div>
  );
}
