/** A video played by the browser itself, where it can; else as a file to take away. */
import { bytes, number as formatted } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import { Icon } from "../../ui/icons.tsx";
import { signal } from "../../ui/signal.ts";
import { number } from "./data-set.ts";
import { Facts } from "./facts.tsx";
import { type DocumentObject, type ObjectContent, objectPath, type ObjectText } from "./object-source.ts";

const containerNames: Readonly<Record<string, string>> = {
  mp4: "MP4",
  mpegTransportStream: "MPEG-2 TS",
  mpegProgramStream: "MPEG-2 PS",
  elementaryStream: "ES",
  matroska: "Matroska",
};

export function VideoView(props: { object: DocumentObject; about: ObjectText; content: ObjectContent }) {
  const { object, about, content } = props;
  const address = `${objectPath(object)}/content`;
  const unplayable = signal(content.container !== "mp4");
  const rate = frameRate(about);
  const video = document.createElement("video");
  video.controls = true;
  video.preload = "metadata";
  video.playsInline = true;
  video.setAttribute("aria-label", t("kind.video"));
  video.addEventListener("error", () => unplayable.set(true));
  video.addEventListener("loadedmetadata", () => {
    // Sound without a picture means that the browser does not know the codec.
    if (video.videoWidth === 0) unplayable.set(true);
  });
  if (!unplayable.peek()) video.src = address;
  const step = (frames: number) => {
    video.pause();
    video.currentTime = Math.max(0, video.currentTime + frames / rate);
  };
  const pace = signal(1);
  const setPace = (value: number) => {
    pace.set(value);
    video.playbackRate = value;
  };
  return (
    <div class="attachment">
      <header class="attachment-head" hidden={unplayable}>
        <button type="button" class="button" onClick={() => step(-1)}>{t("video.previousFrame")}</button>
        <button type="button" class="button" onClick={() => step(1)}>{t("video.nextFrame")}</button>
        {paces.map((each) => (
          <button
            type="button"
            class="button"
            aria-pressed={() => String(pace() === each)}
            onClick={() => setPace(each)}
          >
            {`${formatted(each, 2)}×`}
          </button>
        ))}
        <span class="grow"></span>
        <a class="button" href={`${address}?download=1`} download={content.fileName}>
          {t("attachment.download")}
        </a>
      </header>
      {() =>
        unplayable()
          ? (
            <div class="attachment-file">
              <Icon name="film" />
              <p role="status">{t("video.unplayable")}</p>
              <Facts
                facts={[
                  [t("video.encoding"), about.transferSyntaxName],
                  [t("video.container"), containerNames[content.container ?? ""] ?? t("video.unknown")],
                  [t("attachment.name"), content.fileName],
                  [t("attachment.size"), bytes(content.bytes)],
                ]}
              />
              <a class="button" href={`${address}?download=1`} download={content.fileName}>
                {t("attachment.download")}
              </a>
            </div>
          )
          : <div class="video-frame">{video}</div>}
    </div>
  );
}

const paces = [0.25, 0.5, 1, 2] as const;
const defaultRate = 25;

/** Frames each second as recorded: Cine Rate, Frame Time, or Recommended Display Frame Rate. */
function frameRate({ dataSet }: ObjectText): number {
  const time = number(dataSet, "00181063");
  const rate = time !== null && time > 0
    ? 1000 / time
    : number(dataSet, "00180040") ?? number(dataSet, "00082144") ?? defaultRate;
  return rate > 0 && rate < 1000 ? rate : defaultRate;
}
