/**
 * Writes into the viewer chapters of the manual what the program knows: commands with keys and icons, what the mouse does, key profiles,
 * hanging protocols, badges and messages; from the catalogue of errors the page's messages and the appendix of errors; and for the server the
 * hanging protocols that come with the program. `deno run --allow-read --allow-write manual.ts` writes; with `--check` it says what differs.
 * Text between the marks is replaced, all other text is written by hand.
 */
import { errorEntries, type ErrorEntry, pageMessages, seriousFunctions } from "./errors.ts";
import { type Command, type CommandGroup, type Gesture, keyCaps } from "./src/core/commands.ts";
import { type Locale, t, useCatalogue } from "./src/core/i18n.ts";
import { profileNames, profiles } from "./src/core/profiles.ts";
import { measureCommands, measureGestures } from "./src/measure/commands.ts";
import { type IconName, iconPaths } from "./src/ui/icons.tsx";
import { viewerCommands, viewerGestures } from "./src/viewer/commands.ts";
import { shippedProtocols } from "./src/viewer/hanging-defaults.ts";

const documents = new URL("../Documentation/", import.meta.url);
const serversProtocols = "../Sources/Archive/Workspace/ShippedProtocols.swift";
const chapters: Readonly<Record<Locale, readonly string[]>> = {
  "en": ["manual/viewer.md", "manual/errors.md"],
  "zh-CN": ["manual/viewer.zh-CN.md", "manual/errors.zh-CN.md"],
};

/** Stands for the screen: commands are listed here, never run. */
const nothing: unknown = new Proxy(() => nothing, {
  get: (_, name) =>
    name === Symbol.iterator ? [][Symbol.iterator].bind([]) : name === Symbol.toPrimitive ? () => 0 : nothing,
  apply: () => nothing,
});

const groups: readonly CommandGroup[] = [
  "tools",
  "measure",
  "window",
  "presentation",
  "cine",
  "image",
  "series",
  "layout",
  "planes",
  "link",
  "hanging",
  "information",
  "edit",
  "display",
];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((each) => each.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

const words: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  "en": {
    icon: "Icon",
    command: "Command",
    keys: "Keys",
    where: "Offered in",
    toolbar: "tool bar",
    context: "view menu",
    none: "–",
    other: "By key",
    movement: "Movement",
    does: "Does",
    profile: "Profile",
    instead: "Keys in place of the table's",
    left: "Left",
    middle: "Middle",
    right: "Right",
    both: "Left and right",
    same: "as in the table",
    message: "Message",
    means: "What it means and what to do",
    protocol: "Protocol",
    stages: "Stages (layout)",
    code: "Code",
    severity: "Severity",
    contact: "Who can help",
    function: "Function",
    consequence: "Consequence",
    ways: "Reached by",
    safeguard: "Safeguard",
    notice: "notice",
    error: "error",
    critical: "critical",
    user: "yourself",
    administrator: "administrator",
    support: "administrator, then support",
    confirm: "asks first",
    undo: "can be undone",
    refuse: "refused if it would overwrite what was not seen",
    chosen: "chosen tool",
    window: "window",
    pan: "pan",
    zoom: "zoom",
    scroll: "scroll",
    rotate: "rotate",
  },
  "zh-CN": {
    icon: "图标",
    command: "功能",
    keys: "按键",
    where: "位置",
    toolbar: "工具栏",
    context: "视图菜单",
    none: "–",
    other: "仅按键",
    movement: "动作",
    does: "作用",
    profile: "习惯",
    instead: "与下表不同的按键",
    left: "左键",
    middle: "中键",
    right: "右键",
    both: "左右键同按",
    same: "与下表相同",
    message: "信息",
    means: "含义与处理",
    protocol: "挂片方案",
    stages: "步骤（布局）",
    code: "代码",
    severity: "级别",
    contact: "由谁处理",
    function: "功能",
    consequence: "后果",
    ways: "入口",
    safeguard: "防护",
    notice: "提示",
    error: "错误",
    critical: "严重",
    user: "使用者",
    administrator: "管理员",
    support: "管理员，再由支持人员",
    confirm: "先确认",
    undo: "可撤销",
    refuse: "会覆盖未见过的内容时拒绝",
  },
};

class Chapter {
  readonly #locale: Locale;
  readonly #say: Readonly<Record<string, string>>;
  readonly #commands: readonly Command[];
  readonly #gestures: readonly Gesture[];
  readonly #catalogue: Readonly<Record<string, string>>;

  constructor(locale: Locale, catalogue: Readonly<Record<string, string>>) {
    this.#locale = locale;
    this.#say = words[locale];
    this.#catalogue = catalogue;
    const stub = nothing as never;
    this.#commands = [...viewerCommands(stub, stub), ...measureCommands(stub, stub)];
    this.#gestures = [...viewerGestures, ...measureGestures];
  }

  /** What stands between marks, by their names. */
  blocks(): Record<string, string> {
    return {
      commands: this.#groups(),
      gestures: this.#movements(),
      profiles: this.#profiles(),
      hanging: this.#hanging(),
      fidelity: this.#explained("fidelity."),
      errors: this.#errors(),
      catalogue: this.#catalogueOfErrors(),
      serious: this.#serious(),
    };
  }

  #word(name: string): string {
    return this.#say[name] ?? name;
  }

  #keys(keys: readonly string[]): string {
    return keys.map((key) =>
      keyCaps(key).map((cap) => `<kbd>${cap === "Space" ? t("key.space") : cap}</kbd>`).join("+")
    ).join(", ") ||
      this.#word("none");
  }

  #groups(): string {
    const head = [this.#word("icon"), this.#word("command"), this.#word("keys"), this.#word("where")];
    const section = (title: string, commands: readonly Command[]) =>
      commands.length === 0
        ? []
        : [`### ${title}\n\n${table(head, commands.map((each) => this.#row(each)))}`];
    return [
      ...groups.flatMap((group) =>
        section(t(`group.${group}`), this.#commands.filter((each) => each.group === group))
      ),
      ...section(this.#word("other"), this.#commands.filter((each) => !each.group)),
    ].join("\n\n");
  }

  #row(command: Command): string[] {
    const places = (command.places ?? []).map((each) => this.#word(each));
    return [
      command.icon ? `![](../images/icons/${command.icon}.svg)` : "",
      command.name?.() ?? t(command.id),
      this.#keys(command.keys),
      places.join(", ") || this.#word("none"),
    ];
  }

  #movements(): string {
    return table(
      [this.#word("movement"), this.#word("does")],
      this.#gestures.map((each) => [t(each.gesture), t(each.id)]),
    );
  }

  #profiles(): string {
    const names = new Map(this.#commands.map((each) => [each.id, each.name?.() ?? t(each.id)]));
    const head = ["profile", "left", "middle", "right", "both", "instead"].map((each) => this.#word(each));
    return table(
      head,
      profileNames.map((name) => {
        const { keys, mouse } = profiles[name];
        const changed = Object.entries(keys).map(([id, own]) =>
          `${names.get(id) ?? t(id)}: ${this.#keys(own)}`
        );
        const action = (each: string) => this.#word(each);
        return [
          t(`profile.${name}`),
          action(mouse.left),
          action(mouse.middle),
          action(mouse.right),
          action(mouse.both),
          changed.join("; ") || this.#word("same"),
        ];
      }),
    );
  }

  #hanging(): string {
    const head = [this.#word("protocol"), this.#word("stages")];
    return table(
      head,
      shippedProtocols.map(({ name, stages }) => [
        t(name),
        stages.map((each) => `${t(each.name)} (${each.layout})`).join(", "),
      ]),
    );
  }

  /** Messages that have a `.detail` beside them. */
  #explained(prefix: string): string {
    const rows = Object.keys(this.#catalogue).filter((key) =>
      key.startsWith(prefix) && `${key}.detail` in this.#catalogue
    )
      .map((key) => [this.#catalogue[key] ?? "", this.#catalogue[`${key}.detail`] ?? ""]);
    return table([this.#word("message"), this.#word("means")], rows);
  }

  #catalogueOfErrors(): string {
    const head = ["code", "message", "means", "contact", "severity"].map((each) => this.#word(each));
    const row = (each: ErrorEntry) => {
      const { text, remedy } = each[this.#locale];
      return [
        `<a id="${each.code}"></a>\`${each.code}\``,
        text,
        remedy,
        this.#word(each.contact),
        this.#word(each.severity),
      ];
    };
    return table(head, errorEntries.map(row));
  }

  #serious(): string {
    const head = ["function", "ways", "consequence", "safeguard"].map((each) => this.#word(each));
    return table(
      head,
      seriousFunctions.map((each) => [
        `\`${each.name}\``,
        each.ways.map((way) => `\`${way}\``).join(", "),
        each[this.#locale],
        this.#word(each.safeguard),
      ]),
    );
  }

  #errors(): string {
    const rows = Object.keys(this.#catalogue).filter((key) => `${key}.remedy` in this.#catalogue)
      .map((key) => [this.#catalogue[key] ?? "", this.#catalogue[`${key}.remedy`] ?? ""]);
    return table([this.#word("message"), this.#word("means")], rows);
  }
}

function filled(text: string, blocks: Readonly<Record<string, string>>): string {
  return text.replace(/<!-- made: (\w+) -->[\s\S]*?<!-- end -->/g, (whole, name: string) => {
    const block = blocks[name];
    if (block === undefined) throw new Error(`the manual has no block ${name}: ${whole.slice(0, 60)}`);
    return `<!-- made: ${name} -->\n\n${block}\n\n<!-- end -->`;
  });
}

/** Every file that is made, with its text. */
export async function manual(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const names = new Map<Locale, Readonly<Record<string, string>>>();
  for (const [locale, paths] of Object.entries(chapters) as [Locale, string[]][]) {
    const messages = new URL(`src/locales/${locale}.json`, import.meta.url);
    const catalogue = pageMessages(JSON.parse(await Deno.readTextFile(messages)), locale);
    files.set(`../Web/src/locales/${locale}.json`, `${JSON.stringify(catalogue, null, 2)}\n`);
    useCatalogue(locale, catalogue);
    names.set(locale, catalogue);
    const blocks = new Chapter(locale, catalogue).blocks();
    for (const path of paths) {
      files.set(path, filled(await Deno.readTextFile(new URL(path, documents)), blocks));
    }
  }
  for (const name of Object.keys(iconPaths) as IconName[]) {
    const drawing = `<path d="${
      iconPaths[name]
    }" fill="none" stroke="#6a7787" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"/>`;
    files.set(
      `images/icons/${name}.svg`,
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="20" height="20">${drawing}</svg>\n`,
    );
  }
  const kept = await Deno.readTextFile(new URL(serversProtocols, documents));
  files.set(serversProtocols, withProtocols(kept, names));
  return files;
}

/** The server's list with the protocols of this one, each with its names. */
function withProtocols(text: string, names: ReadonlyMap<Locale, Readonly<Record<string, string>>>): string {
  const lines = shippedProtocols.map((each) => {
    const named = Object.fromEntries([...names].map(([locale, catalogue]) => [locale, catalogue[each.name]]));
    return `    ${JSON.stringify({ ...each, names: named })}\n`;
  });
  return text.replace(/(?<=#"""\n)[^]*?(?= *"""#)/, () => lines.join(""));
}

if (import.meta.main) {
  const differing: string[] = [];
  for (const [path, text] of await manual()) {
    const place = new URL(path, documents);
    if (await Deno.readTextFile(place).catch(() => "") === text) continue;
    differing.push(path);
    if (!Deno.args.includes("--check")) {
      await Deno.mkdir(new URL(".", place), { recursive: true });
      await Deno.writeTextFile(place, text);
    }
  }
  if (differing.length > 0 && Deno.args.includes("--check")) {
    console.error(
      `the manual is behind the program: ${
        differing.join(", ")
      }; run deno run --allow-read --allow-write Web/manual.ts`,
    );
    Deno.exit(1);
  }
}
