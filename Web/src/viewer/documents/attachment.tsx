/** The document an object carries: a PDF in a frame of its own, XML as text, all else as a file to take away. */
import { bytes } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import { Icon } from "../../ui/icons.tsx";
import type { Child } from "../../ui/jsx-runtime.ts";
import { effect, onCleanup, signal } from "../../ui/signal.ts";
import { decoded, type TextBlock, textBlocks, xmlLimits } from "./cda.ts";
import { text } from "./data-set.ts";
import { Facts } from "./facts.tsx";
import { type DocumentObject, type ObjectContent, objectPath, type ObjectText } from "./object-source.ts";

export function AttachmentView(props: { object: DocumentObject; about: ObjectText; content: ObjectContent }) {
  const { object, about, content } = props;
  const title = text(about.dataSet, "00420010");
  const address = `${objectPath(object)}/content`;
  const isShown = content.format === "pdf" && showsPDF();
  return (
    <div class="attachment">
      <header class="attachment-head">
        <strong>{title || t(formatKeys[content.format ?? "other"] ?? "attachment.file")}</strong>
        <span class="attachment-facts">{`${content.fileName} · ${bytes(content.bytes)}`}</span>
        <span class="grow"></span>
        {content.format === "pdf" && (
          <a class="button" href={address} target="_blank" rel="noopener noreferrer">
            {t("attachment.open")}
          </a>
        )}
        <a class="button" href={`${address}?download=1`} download={content.fileName}>
          {t("attachment.download")}
        </a>
      </header>
      {isShown && (
        <iframe class="attachment-frame" src={address} title={title || t("attachment.pdf")}></iframe>
      )}
      {content.format === "pdf" && !isShown && <p class="panel-note">{t("attachment.noPDF")}</p>}
      {content.format === "xml" && <XMLText address={address} bytes={content.bytes} />}
      {content.format !== "pdf" && content.format !== "xml" && (
        <div class="attachment-file">
          <Icon name="file" />
          <Facts
            facts={[
              [t("attachment.format"), t(formatKeys[content.format ?? "other"] ?? "attachment.file")],
              [t("attachment.type"), content.declaredType ?? ""],
              [t("attachment.name"), content.fileName],
              [t("attachment.size"), bytes(content.bytes)],
            ]}
          />
          <p>{t("attachment.fileHint")}</p>
        </div>
      )}
    </div>
  );
}

const formatKeys: Readonly<Record<string, string>> = {
  pdf: "attachment.pdf",
  xml: "attachment.xml",
  stl: "attachment.stl",
  obj: "attachment.obj",
  mtl: "attachment.mtl",
  other: "attachment.file",
};

/** Browsers without a viewer of their own would download the file instead of showing it. */
function showsPDF(): boolean {
  return (navigator as Navigator & { pdfViewerEnabled?: boolean }).pdfViewerEnabled ?? false;
}

function XMLText(props: { address: string; bytes: number }): Child {
  const blocks = signal<readonly TextBlock[] | null>(null);
  const problem = signal<string | null>(props.bytes > xmlLimits.bytes ? t("attachment.tooLong") : null);
  effect(() => {
    if (props.bytes > xmlLimits.bytes) return;
    const request = new AbortController();
    onCleanup(() => request.abort());
    read(props.address, request.signal).then(blocks.set, () => {
      if (!request.signal.aborted) problem.set(t("attachment.unreadable"));
    });
  });
  return (
    <article class="report attachment-text">
      {() => problem() !== null && <p role="alert">{problem()}</p>}
      {() =>
        (blocks() ?? []).map((each) =>
          each.kind === "heading" ? <h2>{each.text}</h2> : <p class={`block-${each.kind}`}>{each.text}</p>
        )}
    </article>
  );
}

async function read(address: string, signal: AbortSignal): Promise<TextBlock[]> {
  const response = await fetch(address, { signal, credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  // A parsed document is inert: no script in it runs, nothing in it is loaded.
  const parsed = new DOMParser().parseFromString(
    decoded(new Uint8Array(await response.arrayBuffer())),
    "text/xml",
  );
  if (parsed.querySelector("parsererror")) throw new Error("xml");
  return textBlocks(parsed);
}
