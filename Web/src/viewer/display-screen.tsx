/** The display's test: patterns at native pixels, what was seen, and a log of the results. */
import type { App } from "../core/context.ts";
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { readStored, writeStored } from "../core/stored.ts";
import { Icon } from "../ui/icons.tsx";
import { effect, onCleanup, type Signal, signal } from "../ui/signal.ts";
import { issueText } from "./banners.tsx";
import { drawPattern, type PatternName, patternNames, type Raster } from "./patterns.ts";
import { Screens } from "./screens.ts";

const patternKeys: Readonly<Record<PatternName, string>> = {
  smpte: "pattern.smpte",
  tg18qc: "pattern.tg18qc",
  unl10: "pattern.unl10",
  unl80: "pattern.unl80",
  ramp: "pattern.ramp",
};

const questionKeys: readonly string[] = [
  "pattern.question.dark",
  "pattern.question.bright",
  "pattern.question.lines",
  "pattern.question.even",
  "pattern.question.ramp",
];

export interface QualityEntry {
  /** UTC, ISO 8601. */
  time: string;
  author: string;
  workstation?: string;
  screen: string;
  role: string;
  pixelsPerMM: number | null;
  passed: boolean;
  /** Which questions were answered with yes. */
  seen: readonly boolean[];
  note: string;
}

const logKey = "apus.displayLog";
const logMaximum = 500;
const noteMaximum = 300;
/** Results that the server has not taken yet; they are sent when this page opens again. */
const pendingKey = "apus.displayLog.pending";
const isLog = (value: unknown): value is QualityEntry[] =>
  Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null && "time" in each);

export function DisplayScreen(props: { app: App }) {
  const { app } = props;
  const screens = new Screens(app.api);
  const pattern = signal<PatternName>("smpte");
  const bare = signal(false);
  const log = signal<readonly QualityEntry[]>(readStored(logKey, isLog, []));
  const leave = () => history.length > 1 ? history.back() : app.router.go("#/studies");
  const step = (by: number) =>
    pattern.update((now) =>
      patternNames[(patternNames.indexOf(now) + by + patternNames.length) % patternNames.length] ?? "smpte"
    );
  onCleanup(app.commands.add([
    { id: "command.nextPattern", scope: "viewer", keys: ["ArrowRight"], run: () => step(1) },
    { id: "command.previousPattern", scope: "viewer", keys: ["ArrowLeft"], run: () => step(-1) },
    { id: "command.barePattern", scope: "viewer", keys: ["H"], run: () => bare.update((on) => !on) },
    {
      id: "command.leavePatterns",
      scope: "viewer",
      keys: ["Escape"],
      run: () => (bare.peek() ? bare.set(false) : leave()),
    },
  ]));
  let host: HTMLElement;
  void takeUp(app, log);
  const record = async (entry: QualityEntry) => {
    log.update((all) => [entry, ...all].slice(0, logMaximum));
    const isCached = writeStored(logKey, log.peek());
    try {
      await app.api.recordDisplayCheck(entry);
      app.announce(t("pattern.recorded"));
    } catch {
      const isPending = writeStored(
        pendingKey,
        [entry, ...readStored(pendingKey, isLog, [])].slice(0, logMaximum),
      );
      app.announce(isCached && isPending ? t("pattern.recordedHere") : t("pattern.notRecorded"));
    }
  };
  return (
    <div class="viewer display-test" data-theme="dark" ref={(element: HTMLElement) => host = element}>
      <canvas class="pattern" role="img" aria-label={() => t(patternKeys[pattern()])} ref={attachCanvas}>
      </canvas>
      <section class="pattern-panel" hidden={bare} aria-label={t("pattern.title")}>
        <header>
          <h1>{t("pattern.title")}</h1>
          <button type="button" class="icon-button" aria-label={t("action.close")} onClick={leave}>
            <Icon name="close" />
          </button>
        </header>
        <div class="pattern-choices" role="group" aria-label={t("pattern.choose")}>
          {patternNames.map((each) => (
            <button
              type="button"
              class="button"
              aria-pressed={() => String(pattern() === each)}
              onClick={() => pattern.set(each)}
            >
              {t(patternKeys[each])}
            </button>
          ))}
          <button type="button" class="button" onClick={() => void host.requestFullscreen?.()}>
            {t("pattern.fullscreen")}
          </button>
          <button type="button" class="button" onClick={() => bare.set(true)}>
            {t("command.barePattern")}
          </button>
        </div>
        <ul class="note-list" role="status">
          {() => screens.issues().map((each) => <li>{issueText(each, screens.facts())}</li>)}
        </ul>
        <Workstation screens={screens} />
        <Questions app={app} screens={screens} record={(entry) => void record(entry)} />
        <Log entries={log} />
      </section>
    </div>
  );

  function attachCanvas(canvas: HTMLCanvasElement): void {
    const size = signal({ width: 0, height: 0 });
    const observer = new ResizeObserver(([entry]) => {
      const exact = entry?.devicePixelContentBoxSize?.[0];
      const ratio = globalThis.devicePixelRatio || 1;
      size.set(
        exact ? { width: exact.inlineSize, height: exact.blockSize } : {
          width: Math.round(canvas.clientWidth * ratio),
          height: Math.round(canvas.clientHeight * ratio),
        },
      );
    });
    try {
      observer.observe(canvas, { box: "device-pixel-content-box" });
    } catch {
      observer.observe(canvas);
    }
    onCleanup(() => observer.disconnect());
    effect(() => {
      const { width, height } = size();
      if (width === 0) return;
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d", { alpha: false });
      if (context) drawPattern(rasterOf(context), pattern(), width, height);
      canvas.dataset.pattern = pattern();
    });
  }
}

/** Sends what waits here, then shows the server's log: the evidence is there, with the account and the server's time. */
async function takeUp(app: App, log: Signal<readonly QualityEntry[]>): Promise<void> {
  try {
    for (const entry of readStored(pendingKey, isLog, []).reverse()) {
      const note = `${entry.note} (${entry.time})`.trim().slice(0, noteMaximum);
      await app.api.recordDisplayCheck({ ...entry, workstation: entry.workstation ?? "unknown", note });
    }
    writeStored(pendingKey, []);
    const { checks } = await app.api.displayChecks(logMaximum);
    if (isLog(checks) && checks.length > 0) {
      log.set(checks);
      writeStored(logKey, checks);
    }
  } catch {
    // Without the server the copy of this browser is shown.
  }
}

function Workstation(props: { screens: Screens }) {
  const { screens } = props;
  return (
    <label class="pattern-note">
      {t("pattern.workstation")}
      <input
        type="text"
        maxlength="64"
        value={screens.workstation()}
        onChange={(event) => {
          const input = event.target as HTMLInputElement;
          void screens.rename(input.value).then((done) => {
            if (!done) input.value = screens.workstation.peek();
          });
        }}
      />
    </label>
  );
}

function rasterOf(context: CanvasRenderingContext2D): Raster {
  const color = (level: number) => {
    const bounded = Math.min(255, Math.max(0, level));
    return `rgb(${bounded} ${bounded} ${bounded})`;
  };
  return {
    fill(x, y, width, height, level) {
      context.fillStyle = color(level);
      context.fillRect(x, y, width, height);
    },
    text(text, x, y, height, level) {
      context.fillStyle = color(level);
      context.font = `600 ${height}px sans-serif`;
      context.fillText(text, x, y);
    },
  };
}

function Questions(props: { app: App; screens: Screens; record: (entry: QualityEntry) => void }) {
  const { app, screens } = props;
  const seen = signal<readonly boolean[]>(questionKeys.map(() => false));
  let note: HTMLInputElement;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { role, pixelsPerMM } = screens.profile.peek();
        const all = seen.peek();
        props.record({
          time: new Date().toISOString(),
          author: app.session.peek()?.user.name ?? "",
          workstation: screens.workstation.peek(),
          screen: screens.key.peek(),
          role,
          pixelsPerMM,
          passed: all.every(Boolean) && screens.issues.peek().length === 0,
          seen: all,
          note: note.value.slice(0, noteMaximum),
        });
      }}
    >
      {questionKeys.map((key, index) => (
        <label class="check">
          <input
            type="checkbox"
            onChange={(event) => {
              const on = (event.target as HTMLInputElement).checked;
              seen.update((all) => all.map((each, at) => (at === index ? on : each)));
            }}
          />
          {t(key)}
        </label>
      ))}
      <label class="pattern-note">
        {t("pattern.note")}
        <input
          type="text"
          maxlength={String(noteMaximum)}
          ref={(element: HTMLInputElement) => note = element}
        />
      </label>
      <button type="submit" class="button button-primary">{t("pattern.record")}</button>
    </form>
  );
}

const shownEntries = 8;

function Log(props: { entries: () => readonly QualityEntry[] }) {
  return () => {
    const entries = props.entries();
    if (entries.length === 0) return null;
    return (
      <>
        <table class="pattern-log">
          <caption>{t("pattern.log")}</caption>
          <tbody>
            {entries.slice(0, shownEntries).map((each) => (
              <tr>
                <td>{each.time.slice(0, 16).replace("T", " ")}</td>
                <td>{each.author}</td>
                <td>{each.workstation ?? ""}</td>
                <td>{each.screen}</td>
                <td>
                  {each.pixelsPerMM === null ? "" : t("screen.density", { n: number(each.pixelsPerMM, 2) })}
                </td>
                <td>{each.passed ? t("pattern.passed") : t("pattern.failed")}</td>
                <td>{each.note}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <a class="link" download={t("pattern.file")} href={csvAddress(entries)}>{t("pattern.save")}</a>
      </>
    );
  };
}

function csvAddress(entries: readonly QualityEntry[]): string {
  const cell = (value: unknown) =>
    `"${String(value ?? "").replaceAll('"', '""').replace(/^[=+\-@]/, "'$&")}"`;
  const lines = entries.map((each) =>
    [
      each.time,
      each.author,
      each.workstation ?? "",
      each.screen,
      each.role,
      each.pixelsPerMM,
      each.passed,
      each.seen.map(Number).join(""),
      each.note,
    ].map(cell).join(",")
  );
  return `data:text/csv;charset=utf-8,${encodeURIComponent(`\uFEFF${lines.join("\r\n")}`)}`;
}
