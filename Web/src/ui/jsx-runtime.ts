/**
 * JSX that makes DOM nodes. A function as child or attribute is a live binding; components are plain functions that run
 * once. Text only ever reaches the page through text nodes and attributes, so markup in patient data stays text.
 */
import {
  batch,
  computed,
  effect,
  onCleanup,
  type ReadSignal,
  root,
  type Signal,
  signal,
  untrack,
} from "./signal.ts";

export type Child = Node | string | number | boolean | null | undefined | (() => Child) | readonly Child[];
type Live<T> = T | (() => T);

export interface Attributes {
  class?: Live<string>;
  /** CSS custom properties and declarations, set through the object model because the CSP forbids style attributes. */
  style?: Live<Record<string, string>>;
  ref?: (element: never) => void;
  children?: Child;
  onClick?: (event: MouseEvent) => void;
  onDblClick?: (event: MouseEvent) => void;
  onMouseDown?: (event: MouseEvent) => void;
  onContextMenu?: (event: MouseEvent) => void;
  onInput?: (event: InputEvent) => void;
  onCompositionEnd?: (event: CompositionEvent) => void;
  onChange?: (event: Event) => void;
  onSubmit?: (event: SubmitEvent) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  onFocusIn?: (event: FocusEvent) => void;
  onFocusOut?: (event: FocusEvent) => void;
  onPointerDown?: (event: PointerEvent) => void;
  onPointerMove?: (event: PointerEvent) => void;
  onPointerUp?: (event: PointerEvent) => void;
  onPointerCancel?: (event: PointerEvent) => void;
  onDragOver?: (event: DragEvent) => void;
  onDragLeave?: (event: DragEvent) => void;
  onDrop?: (event: DragEvent) => void;
  [name: string]: unknown;
}

export declare namespace JSX {
  type Element = Node;
  /** Components may return anything that can be a child. */
  type ElementType = string | ((props: never) => Child);
  interface ElementChildrenAttribute {
    children: unknown;
  }
  interface IntrinsicElements {
    [tag: string]: Attributes;
  }
}

const svgNamespace = "http://www.w3.org/2000/svg";
const svgTags = new Set([
  "svg",
  "path",
  "circle",
  "rect",
  "line",
  "polyline",
  "polygon",
  "ellipse",
  "text",
  "g",
]);
const properties = new Set([
  "value",
  "checked",
  "disabled",
  "selected",
  "hidden",
  "open",
  "multiple",
  "indeterminate",
]);

type Component = (props: Record<string, unknown>) => Child;

export function jsx(type: string | Component, props: Record<string, unknown>): Node {
  if (typeof type === "function") {
    const result = untrack(() => type(props));
    if (result instanceof Node) return result;
    const fragment = document.createDocumentFragment();
    append(fragment, result);
    return fragment;
  }
  const element = svgTags.has(type)
    ? document.createElementNS(svgNamespace, type)
    : document.createElement(type);
  for (const [name, value] of Object.entries(props)) {
    if (name !== "children" && name !== "ref") setAttribute(element, name, value);
  }
  append(element, props.children as Child);
  // A select takes its value only once its options exist.
  if (type === "select" && "value" in props) setAttribute(element, "value", props.value);
  if (typeof props.ref === "function") props.ref(element);
  return element;
}

export const jsxs = jsx;

export function Fragment(props: { children?: Child }): Node {
  const fragment = document.createDocumentFragment();
  append(fragment, props.children);
  return fragment;
}

function setAttribute(element: Element, name: string, value: unknown): void {
  if (/^on[A-Z]/.test(name)) {
    const handler = value as (event: Event) => void;
    const options = name === "onWheel" ? { passive: false } : undefined;
    element.addEventListener(name.slice(2).toLowerCase(), (event) => batch(() => handler(event)), options);
  } else if (typeof value === "function") {
    effect(() => writeAttribute(element, name, value()));
  } else {
    writeAttribute(element, name, value);
  }
}

function writeAttribute(element: Element, name: string, value: unknown): void {
  if (name === "style") {
    const style = (element as HTMLElement).style;
    for (const [key, text] of Object.entries(value as Record<string, string>)) style.setProperty(key, text);
  } else if (properties.has(name)) {
    const target = element as unknown as Record<string, unknown>;
    if (target[name] !== value) target[name] = value;
  } else if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(parent: Node, child: Child): void {
  if (child === null || child === undefined || typeof child === "boolean") return;
  if (Array.isArray(child)) {
    for (const each of child) append(parent, each as Child);
  } else if (typeof child === "function") {
    appendLive(parent, child as () => Child);
  } else if (child instanceof Node) {
    parent.appendChild(child);
  } else {
    parent.appendChild(document.createTextNode(String(child)));
  }
}

/** The nodes of a live child stand between two empty comments, so that the place survives an empty value. */
function appendLive(parent: Node, read: () => Child): void {
  const [start, end] = [document.createComment(""), document.createComment("")];
  parent.appendChild(start);
  parent.appendChild(end);
  effect(() => {
    const value = read();
    const next = start.nextSibling;
    if (isText(value) && next instanceof Text && next.nextSibling === end) {
      next.data = String(value);
      return;
    }
    while (start.nextSibling && start.nextSibling !== end) start.nextSibling.remove();
    const fragment = document.createDocumentFragment();
    untrack(() => append(fragment, value));
    end.parentNode?.insertBefore(fragment, end);
  });
}

function isText(value: Child): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** Shows `then` while `condition` holds; unlike a bare conditional it is not rebuilt while the condition stays the same. */
export function when(condition: () => unknown, then: () => Child, otherwise?: () => Child): () => Child {
  const holds = computed(() => Boolean(condition()));
  return () => (holds() ? untrack(then) : otherwise && untrack(otherwise));
}

interface Row<T> {
  node: ChildNode;
  item: Signal<T>;
  end: () => void;
}

/** A keyed list: rows keep their nodes (and so focus and scroll position) while their item changes or moves. */
export function For<T>(props: {
  each: () => readonly T[];
  by: (item: T) => string | number;
  children: (item: ReadSignal<T>) => Node;
}): Node {
  const fragment = document.createDocumentFragment();
  const end = document.createComment("");
  fragment.appendChild(end);
  const rows = new Map<string | number, Row<T>>();
  const render = (Array.isArray(props.children) ? props.children[0] : props.children) as (
    item: ReadSignal<T>,
  ) => Node;

  effect(() => {
    const items = props.each();
    const kept = new Set(items.map(props.by));
    for (const [key, row] of rows) {
      if (kept.has(key)) continue;
      row.end();
      row.node.remove();
      rows.delete(key);
    }
    let cursor: ChildNode = end;
    for (const item of [...items].reverse()) {
      const row = rowFor(item);
      if (row.node.nextSibling !== cursor) cursor.before(row.node);
      cursor = row.node;
    }
  });
  onCleanup(() => rows.forEach((row) => row.end()));
  return fragment;

  function rowFor(item: T): Row<T> {
    const key = props.by(item);
    const existing = rows.get(key);
    if (existing) {
      existing.item.set(item);
      return existing;
    }
    const value = signal(item);
    const made = root(() => untrack(() => render(value)) as ChildNode);
    const row = { node: made.value, item: value, end: made.end };
    rows.set(key, row);
    return row;
  }
}
