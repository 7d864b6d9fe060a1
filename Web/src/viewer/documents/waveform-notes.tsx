/** What is written beside a recording: its annotations, how it was sampled and filtered. */
import { number as formatted } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import type { Child } from "../../ui/jsx-runtime.ts";
import type { Sheet } from "./waveform-layout.ts";
import type { Channel, Group, WaveformAnnotation } from "./waveform-model.ts";

const tickMaximum = 500;
const tickHeight = 3.5;
const tickRoom = 5;

/** Where annotations stand in time, numbered as in the list below the paper. */
export function Ticks(
  props: { annotations: readonly WaveformAnnotation[]; group: Group; sheet: () => Sheet },
) {
  const shown = () => {
    const sheet = props.sheet();
    return ofGroup(props.annotations, props.group).flatMap(({ annotation, name }) =>
      sheet.strips.filter((strip) => belongs(annotation, strip.channel)).flatMap((strip) =>
        annotation.times.filter((time) => time >= strip.from && time < strip.from + strip.width / sheet.speed)
          .map(
            (time) => ({ strip, name, x: strip.left + (time - strip.from) * sheet.speed }),
          )
      )
    ).sort((one, other) => one.strip.middle - other.strip.middle || one.x - other.x).slice(0, tickMaximum);
  };
  return (
    <svg
      class="waveform-ticks"
      viewBox={() => `0 0 ${props.sheet().width} ${props.sheet().height}`}
      aria-hidden="true"
    >
      {() =>
        shown().map(({ strip, name, x }, index, all) => {
          const bottom = strip.middle + strip.height / 2;
          const before = all[index - 1];
          // Names that would stand on each other are left to the list.
          const hasRoom = before === undefined || before.strip !== strip || x - before.x > tickRoom;
          return (
            <g>
              <line x1={x} x2={x} y1={bottom - tickHeight} y2={bottom} />
              {hasRoom && <text x={x + 0.4} y={bottom - 0.4}>{name}</text>}
            </g>
          );
        })}
    </svg>
  );
}

function belongs(annotation: WaveformAnnotation, channel: Channel): boolean {
  return annotation.channels.length === 0 || annotation.channels.includes(channel.index);
}

function ofGroup(annotations: readonly WaveformAnnotation[], group: Group) {
  return annotations.filter((each) => each.group === null || each.group === group.number)
    .map((annotation, index) => ({ annotation, name: String(index + 1) }));
}

export function Annotations(props: { annotations: readonly WaveformAnnotation[]; group: Group }): Child {
  const own = ofGroup(props.annotations, props.group);
  if (own.length === 0) return null;
  return (
    <section class="waveform-annotations">
      <h2>{t("waveform.annotations")}</h2>
      <ol>
        {own.map(({ annotation }) => (
          <li>
            {annotation.text}
            {annotation.times.length > 0 && (
              <span class="report-relation">
                {annotation.times.slice(0, 20).map((each) => `${formatted(each, 3)} s`).join(", ")}
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What is said of the whole group: sampling, and the filters as recorded, each with the channels it holds for. */
export function factsOf(group: Group, size: string): [string, string][] {
  const filters = new Map<string, string[]>();
  for (const channel of group.channels) {
    const { lowCut, highCut, notch } = channel;
    const parts = [
      lowCut === null && highCut === null
        ? ""
        : `${lowCut === null ? "" : formatted(lowCut, 3)}–${
          highCut === null ? "" : formatted(highCut, 1)
        } Hz`,
      notch === null || notch === 0 ? "" : t("waveform.notch", { frequency: formatted(notch, 1) }),
    ].filter((each) => each !== "");
    const key = parts.join(", ");
    filters.set(key, [...filters.get(key) ?? [], channel.label]);
  }
  const told = [...filters].filter(([key]) => key !== "").map(([key, labels]) =>
    filters.size === 1 ? key : `${key} (${labels.join(", ")})`
  );
  return [
    [t("waveform.sampling"), `${formatted(group.frequency, 3)} Hz, ${formatted(group.samples)}`],
    [t("waveform.duration"), `${formatted(group.samples / group.frequency, 3)} s`],
    [t("waveform.filters"), told.join("; ")],
    [t("waveform.originality"), group.originality],
    [t("waveform.size"), size],
  ];
}
