/** Two callipers on a curve: how long, how fast, how high between them. */
import { number as formatted } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import { computed, type ReadSignal, signal } from "../../ui/signal.ts";
import { placeOf, pointAt, type Sheet, type Strip, stripAt, type StripPoint } from "./waveform-layout.ts";
import type { Channel, Group } from "./waveform-model.ts";

interface Measured {
  /** By channel and time, since the sheet is laid out anew with every switch. */
  channel: Channel;
  stripFrom: number;
  first: StripPoint;
  second: StripPoint;
}

interface Surroundings {
  group: Group;
  sheet: ReadSignal<Sheet>;
  pixelsPerMM: ReadSignal<number>;
}

export function callipersOf(around: Surroundings): { layer: Node; reading: () => string } {
  const { group, sheet, pixelsPerMM } = around;
  const measured = signal<Measured | null>(null);
  let dragged: Strip | null = null;
  const place = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return [(event.clientX - box.left) / pixelsPerMM(), (event.clientY - box.top) / pixelsPerMM()] as const;
  };
  const strip = computed((): Strip | null => {
    const now = measured();
    if (!now) return null;
    const own = sheet().strips.filter((each) => each.channel === now.channel);
    return own.find((each) => each.from === now.stripFrom) ?? own[0] ?? null;
  });
  const begin = (found: Strip, point: StripPoint) =>
    measured.set({ channel: found.channel, stripFrom: found.from, first: point, second: point });
  const move = (point: StripPoint) => measured.update((now) => now && { ...now, second: point });
  const reading = () => {
    const now = measured();
    return now ? readingOf(now) : t("waveform.callipers");
  };
  const layer = (
    <svg
      class="waveform-callipers"
      tabindex="0"
      role="application"
      aria-label={t("waveform.callipers")}
      viewBox={() => `0 0 ${sheet().width} ${sheet().height}`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const [x, y] = place(event);
        const found = stripAt(sheet.peek(), x, y);
        const now = measured.peek();
        // A finger that moves scrolls the paper: the second touch is the other calliper.
        if (event.pointerType === "touch" && now && found === strip.peek() && now.first === now.second) {
          if (found) move(pointAt(sheet.peek(), found, x, y, group.frequency));
          return;
        }
        dragged = found;
        if (!dragged) return measured.set(null);
        (event.currentTarget as Element).setPointerCapture(event.pointerId);
        begin(dragged, pointAt(sheet.peek(), dragged, x, y, group.frequency));
      }}
      onPointerMove={(event) => {
        if (!dragged) return;
        const [x, y] = place(event);
        move(pointAt(sheet.peek(), dragged, x, y, group.frequency));
      }}
      onPointerUp={() => dragged = null}
      onPointerCancel={() => dragged = null}
      onKeyDown={(event) => {
        if (moveByKey(event, { group, sheet, pixelsPerMM }, measured.peek(), strip.peek(), begin, move)) {
          event.preventDefault();
          event.stopPropagation();
        } else if (event.key === "Escape" && measured.peek()) {
          measured.set(null);
          event.stopPropagation();
        }
      }}
    >
      {() => {
        const [now, where] = [measured(), strip()];
        return now && where && drawn(sheet(), where, now);
      }}
    </svg>
  );
  return { layer, reading };
}

/** Arrows move the second calliper, a sample or half a millimetre at a time, ten with Shift; Enter puts both down. */
function moveByKey(
  event: KeyboardEvent,
  { group, sheet }: Surroundings,
  now: Measured | null,
  strip: Strip | null,
  begin: (strip: Strip, point: StripPoint) => void,
  move: (point: StripPoint) => void,
): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const first = sheet.peek().strips[0];
  if (event.key === "Enter" && first) {
    const middle = first.left + first.width / 2;
    begin(first, pointAt(sheet.peek(), first, middle, first.middle, group.frequency));
    return true;
  }
  const direction =
    { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!direction || !now || !strip || strip.scale <= 0) return false;
  const by = event.shiftKey ? 10 : 1;
  const [right = 0, up = 0] = direction;
  move({
    seconds: now.second.seconds + (right * by) / group.frequency,
    value: now.second.value + (up * by * 0.5) / strip.scale,
  });
  return true;
}

function drawn(sheet: Sheet, strip: Strip, { first, second }: Measured): Node {
  const [a, b] = [placeOf(sheet, strip, first), placeOf(sheet, strip, second)];
  const [top, bottom] = [strip.middle - strip.height / 2, strip.middle + strip.height / 2];
  return (
    <g>
      <line x1={a.x} x2={a.x} y1={top} y2={bottom} />
      <line x1={b.x} x2={b.x} y1={top} y2={bottom} />
      <line class="level" x1={a.x} x2={b.x} y1={a.y} y2={a.y} />
      <line class="level" x1={a.x} x2={b.x} y1={b.y} y2={b.y} />
    </g>
  );
}

/** `812 ms · 74 /min · 0.45 mV (II)`. */
function readingOf({ channel, first, second }: Measured): string {
  const seconds = Math.abs(second.seconds - first.seconds);
  const value = second.value - first.value;
  const parts = [`${formatted(seconds * 1000, 1)} ms`];
  if (seconds > 0) parts.push(`${formatted(60 / seconds, 0)} /min`);
  parts.push(`${formatted(value, digitsFor(Math.abs(value)))} ${channel.unit} (${channel.label})`);
  return parts.join(" · ");
}

function digitsFor(value: number): number {
  return value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4;
}
