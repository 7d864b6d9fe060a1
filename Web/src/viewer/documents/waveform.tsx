/** Recordings of a patient's curves: on paper as a recorder draws them, with callipers, and heard where they are sound. */
import { number as formatted } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import type { Child } from "../../ui/jsx-runtime.ts";
import { computed, effect, onCleanup, type Signal, signal } from "../../ui/signal.ts";
import type { ViewerContext } from "../viewer-context.ts";
import { callipersOf } from "./callipers.tsx";
import { Facts } from "./facts.tsx";
import { type DocumentObject, objectPath, type ObjectText } from "./object-source.ts";
import {
  gains,
  layoutsFor,
  markWidth,
  type Sheet,
  type SheetLayout,
  sheetOf,
  speeds,
} from "./waveform-layout.ts";
import { annotationsOf, type Group, groupsOf, type WaveformAnnotation } from "./waveform-model.ts";
import { Annotations, factsOf, Ticks } from "./waveform-notes.tsx";
import { paintSheet } from "./waveform-paint.ts";
import { WaveformSource } from "./waveform-source.ts";

const pageSeconds = 10;
const audioClasses = "1.2.840.10008.5.1.4.1.1.9.4.";

export function WaveformView(props: { context: ViewerContext; object: DocumentObject; about: ObjectText }) {
  const { object, about } = props;
  const groups = groupsOf(about.dataSet);
  const annotations = annotationsOf(about.dataSet, groups);
  const chosen = signal(0);
  if (groups.length === 0) return <p class="panel-note" role="alert">{t("waveform.none")}</p>;
  const isSound = object.instance.sopClassUID.startsWith(audioClasses);
  return (
    <div class="waveform">
      {() => {
        const group = groups[chosen()];
        if (!group) return null;
        return (
          <>
            {isSound && (
              <audio class="waveform-sound" controls src={`${groupPath(object, group)}?as=wav`}></audio>
            )}
            <GroupView {...props} groups={groups} group={group} chosen={chosen} annotations={annotations} />
          </>
        );
      }}
    </div>
  );
}

function groupPath(object: DocumentObject, group: Group): string {
  return `${objectPath(object)}/waveforms/${group.number}`;
}

interface GroupProps {
  context: ViewerContext;
  object: DocumentObject;
  about: ObjectText;
  groups: readonly Group[];
  group: Group;
  chosen: Signal<number>;
  annotations: readonly WaveformAnnotation[];
}

function GroupView(props: GroupProps) {
  const { context, object, group } = props;
  const source = new WaveformSource(group, async (first, last, abort) => {
    const headers = { Range: `bytes=${first}-${last}` };
    const response = await fetch(groupPath(object, group), {
      headers,
      signal: abort,
      credentials: "same-origin",
    });
    if (!response.ok) throw new Error(String(response.status));
    return response.arrayBuffer();
  });
  onCleanup(() => source.end());
  const duration = group.samples / group.frequency;
  const seconds = Math.min(pageSeconds, duration);
  const layouts = layoutsFor(group);
  const layout = signal<SheetLayout>(layouts[0] ?? "stacked");
  const speed = signal<number>(25);
  const gain = signal<number>(10);
  const from = signal(0);
  const isTrueSize = signal(false);
  const width = signal(0);
  effect(() =>
    source.want(Math.floor(from() * group.frequency), Math.ceil((from() + seconds) * group.frequency) + 1)
  );
  const ranges = computed(() => {
    source.changed();
    return rangesOf(source, from(), seconds);
  });
  const sheet = computed(() =>
    sheetOf(group, {
      layout: layout(),
      speed: speed(),
      gain: gain(),
      from: from(),
      seconds,
      range: (channel) => ranges()[channel.index] ?? null,
    })
  );
  /** CSS pixels for each millimetre of paper. */
  const pixelsPerMM = computed(() => {
    const calibrated = context.screens.pixelsPerMM();
    if (isTrueSize() && calibrated !== null) return calibrated / (globalThis.devicePixelRatio || 1);
    return Math.min(Math.max(width() / (markWidth + seconds * 25), 2), 8);
  });
  const callipers = callipersOf({ group, sheet, pixelsPerMM });
  return (
    <>
      <div class="attachment-head waveform-bar" role="toolbar" aria-label={t("waveform.toolbar")}>
        <GroupChoice {...props} />
        {layouts.length > 1 && (
          <Choice
            label={t("waveform.layout")}
            options={layouts}
            value={layout}
            name={(each) => t(layoutKeys[each] ?? "")}
          />
        )}
        <Choice
          label={t("waveform.speed")}
          options={speeds}
          value={speed}
          name={(each) => `${formatted(each, 1)} mm/s`}
        />
        <Choice
          label={t("waveform.gain")}
          options={gains}
          value={gain}
          name={(each) => gainText(group, each)}
        />
        <button
          type="button"
          class="button"
          aria-pressed={() => String(isTrueSize())}
          disabled={() => context.screens.pixelsPerMM() === null}
          title={() =>
            context.screens.pixelsPerMM() === null ? t("waveform.uncalibrated") : t("waveform.trueSize")}
          onClick={() => isTrueSize.update((now) => !now)}
        >
          {t("waveform.trueSize")}
        </button>
        {duration > seconds && <Pager from={from} seconds={seconds} duration={duration} />}
        <span class="grow"></span>
        <output class="waveform-reading">{callipers.reading}</output>
      </div>
      {() => source.failed() && <p class="panel-note" role="alert">{t("waveform.failed")}</p>}
      <div
        class="waveform-scroll"
        tabindex="0"
        aria-label={t("waveform.paper")}
        ref={(element: HTMLElement) => followWidth(element, width)}
      >
        <div
          class="waveform-sheet"
          style={() => ({
            width: `${sheet().width * pixelsPerMM()}px`,
            height: `${sheet().height * pixelsPerMM()}px`,
          })}
        >
          <canvas
            class="waveform-canvas"
            role="img"
            aria-label={() =>
              t("waveform.picture", { channels: group.channels.map((each) => each.label).join(", ") })}
            ref={(canvas: HTMLCanvasElement) => paintWith(canvas, sheet, pixelsPerMM, source)}
          >
          </canvas>
          {callipers.layer}
          <Ticks annotations={props.annotations} group={group} sheet={sheet} />
        </div>
        {() => (
          <Facts facts={factsOf(group, isTrueSize() ? t("waveform.trueSize") : t("waveform.notTrueSize"))} />
        )}
        <Annotations annotations={props.annotations} group={group} />
      </div>
    </>
  );
}

/** What is no voltage is fitted to its row, and the gain is a factor. */
function gainText(group: Group, gain: number): string {
  return group.channels.some((each) => each.perMillivolt !== null)
    ? `${gain} mm/mV`
    : `× ${formatted(gain / 10, 1)}`;
}

const layoutKeys: Readonly<Record<string, string>> = {
  "3x4": "waveform.layout3x4",
  "6x2": "waveform.layout6x2",
  stacked: "waveform.layoutStacked",
};

function GroupChoice(props: GroupProps): Child {
  if (props.groups.length < 2) return null;
  return (
    <select
      aria-label={t("waveform.group")}
      onChange={(event) => props.chosen.set(Number((event.target as HTMLSelectElement).value))}
      value={String(props.groups.indexOf(props.group))}
    >
      {props.groups.map((each, index) => (
        <option value={String(index)}>{each.label || t("waveform.groupNumber", { n: each.number })}</option>
      ))}
    </select>
  );
}

function Choice<Value extends string | number>(props: {
  label: string;
  options: readonly Value[];
  value: Signal<Value>;
  name: (value: Value) => string;
}) {
  const { options, value } = props;
  return (
    <select
      aria-label={props.label}
      title={props.label}
      onChange={(event) => {
        const found = options[(event.target as HTMLSelectElement).selectedIndex];
        if (found !== undefined) value.set(found);
      }}
      value={String(value.peek())}
    >
      {options.map((each) => <option value={String(each)}>{props.name(each)}</option>)}
    </select>
  );
}

function Pager(props: { from: Signal<number>; seconds: number; duration: number }) {
  const { from, seconds, duration } = props;
  const last = Math.max(0, duration - seconds);
  const to = (value: number) => from.set(Math.min(Math.max(value, 0), last));
  return (
    <span class="waveform-pager">
      <button
        type="button"
        class="button"
        aria-label={t("waveform.earlier")}
        disabled={() => from() <= 0}
        onClick={() => to(from.peek() - seconds)}
      >
        ‹
      </button>
      <input
        type="range"
        min="0"
        max={String(last)}
        step="any"
        aria-label={t("waveform.place")}
        value={() => String(from())}
        onInput={(event) => to(Number((event.target as HTMLInputElement).value))}
      />
      <button
        type="button"
        class="button"
        aria-label={t("waveform.later")}
        disabled={() => from() >= last}
        onClick={() => to(from.peek() + seconds)}
      >
        ›
      </button>
      <span>{() => `${clock(from())} / ${clock(duration)}`}</span>
    </span>
  );
}

/** `1:02:03` or `0:05.2`. */
export function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = seconds % 60;
  const two = (value: number) => String(value).padStart(2, "0");
  if (hours > 0) return `${hours}:${two(minutes)}:${two(Math.floor(rest))}`;
  return `${minutes}:${two(Math.floor(rest))}.${Math.floor((rest * 10) % 10)}`;
}

function followWidth(element: HTMLElement, width: Signal<number>): void {
  const observer = new ResizeObserver(() => width.set(element.clientWidth));
  observer.observe(element);
  onCleanup(() => observer.disconnect());
}

const canvasMaximum = 16_000;

function paintWith(
  canvas: HTMLCanvasElement,
  sheet: () => Sheet,
  pixelsPerMM: () => number,
  source: WaveformSource,
): void {
  const context = canvas.getContext("2d", { alpha: false });
  let scheduled = 0;
  effect(() => {
    const now = sheet();
    const wanted = pixelsPerMM() * (globalThis.devicePixelRatio || 1);
    source.changed();
    // Browsers draw nothing on a canvas that is too large.
    const scale = Math.min(wanted, canvasMaximum / Math.max(now.width, now.height));
    cancelAnimationFrame(scheduled);
    scheduled = requestAnimationFrame(() => {
      canvas.width = Math.max(1, Math.round(now.width * scale));
      canvas.height = Math.max(1, Math.round(now.height * scale));
      if (context) paintSheet({ context, scale }, now, source);
      canvas.dataset.painted = String(Number(canvas.dataset.painted ?? "0") + 1);
    });
  });
  onCleanup(() => cancelAnimationFrame(scheduled));
}

const rangeSamples = 20_000;

/** Least and greatest value of each channel on the page, of enough samples of it. */
function rangesOf(
  source: WaveformSource,
  from: number,
  seconds: number,
): (readonly [number, number] | null)[] {
  const { frequency, samples, channels } = source.group;
  const first = Math.floor(from * frequency);
  const end = Math.min(samples, Math.ceil((from + seconds) * frequency));
  const step = Math.max(1, Math.floor((end - first) / rangeSamples));
  return channels.map(({ index }) => {
    let [least, greatest] = [Infinity, -Infinity];
    for (let sample = first; sample < end; sample += step) {
      const value = source.value(index, sample);
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    return least <= greatest ? [least, greatest] as const : null;
  });
}
