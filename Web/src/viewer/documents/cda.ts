/** The readable text of a clinical document (HL7 CDA) or any other XML: never run, never shown as a page. */

export interface TextBlock {
  kind: "heading" | "text" | "row";
  text: string;
}

export const xmlLimits = { bytes: 8 << 20, blocks: 5000, depth: 200 } as const;

/** The encoding the document itself names; UTF-8 when it names none the browser knows. */
export function decoded(bytes: Uint8Array): string {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 200));
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe
    ? "utf-16le"
    : bytes[0] === 0xfe && bytes[1] === 0xff
    ? "utf-16be"
    : "";
  const named = /encoding\s*=\s*["']([\w.:-]+)["']/.exec(start)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(wide || named).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

const headings = new Set(["title", "caption", "th"]);
const lines = new Set(["paragraph", "item", "td", "p", "li", "text"]);
const hidden = new Set(["script", "style"]);

/** Headings and lines in the order of the document; the whole text when it has no structure of its own. */
export function textBlocks(document: Document): TextBlock[] {
  const blocks: TextBlock[] = [];
  const add = (kind: TextBlock["kind"], text: string) => {
    const plain = text.replace(/\s+/g, " ").trim();
    if (plain !== "" && blocks.length < xmlLimits.blocks) blocks.push({ kind, text: plain });
  };
  const walk = (element: Element, depth: number) => {
    const name = element.localName.toLowerCase();
    if (hidden.has(name) || depth > xmlLimits.depth) return;
    if (name === "tr") {
      return add(
        "row",
        [...element.children].map((each) => each.textContent ?? "").join(" | "),
      );
    }
    if (headings.has(name)) return add("heading", element.textContent ?? "");
    const ownLines = lines.has(name) && ![...element.children].some((each) => isBlock(each));
    if (ownLines) return add("text", element.textContent ?? "");
    for (const child of element.childNodes) {
      if (child.nodeType === 1) walk(child as Element, depth + 1);
      else if (child.nodeType === 3 && lines.has(name)) add("text", child.textContent ?? "");
    }
  };
  if (document.documentElement) walk(document.documentElement, 0);
  if (blocks.length === 0) add("text", document.documentElement?.textContent ?? "");
  return blocks;
}

function isBlock(element: Element): boolean {
  const name = element.localName.toLowerCase();
  return headings.has(name) || lines.has(name) ||
    ["table", "list", "tr", "tbody", "thead", "ul", "ol"].includes(name);
}
