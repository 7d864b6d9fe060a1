/**
 * A real table of which only the visible rows exist. Rows have one height, given by the style sheet's `--row-height`;
 * one row can be reached with Tab and the arrows move from there.
 */
import type { Child } from "./jsx-runtime.ts";
import { For } from "./jsx-runtime.ts";
import { computed, effect, onCleanup, type ReadSignal, signal } from "./signal.ts";

export interface Column<T> {
  id: string;
  title: string;
  /** Sort key; absent when the column cannot be sorted by. */
  sortKey?: string;
  numeric?: boolean;
  cell: (row: ReadSignal<T>) => Child;
}

export interface TableProps<T> {
  label: string;
  class: string;
  columns: readonly Column<T>[];
  rows: () => readonly T[];
  keyOf: (row: T) => string;
  selected: () => string | null;
  onSelect: (key: string) => void;
  onOpen?: (row: T) => void;
  rowClass?: (row: T) => string;
  /** `name` ascending, `-name` descending. */
  sort?: () => string;
  onSort?: (key: string) => void;
  onNearEnd?: () => void;
  total?: () => number | null;
  footer?: Child;
  ref?: (handle: TableHandle) => void;
  initialScrollTop?: number;
  onScrolled?: (top: number) => void;
}

export interface TableHandle {
  move(step: number): void;
  moveTo(index: number): void;
  pageRows(): number;
  focus(): void;
  scrollToTop(): void;
}

const rowHeight = 34;
const overscan = 12;
const nearEndRows = 40;
/** Presses this near in time and place are one double click, whatever the system's own limits are. */
const doubleMilliseconds = 400;
const doublePixels = 6;

export function VirtualTable<T>(props: TableProps<T>): Node {
  const scrollTop = signal(0);
  const height = signal(600);
  let scroller: HTMLElement;
  let body: HTMLElement;
  /**
   * The row the first press of a click or double click was on: rows that come in meanwhile may push it from the pointer, and a row
   * that is moved between press and release gets no click at all. So it is the presses and releases that count.
   */
  let pressed: T | null = null;
  let isDouble = false;
  let lastPress = { time: -Infinity, x: 0, y: 0 };

  function rowAt(target: EventTarget | null): T | null {
    const key = target instanceof Element
      ? target.closest<HTMLElement>("tr[data-key]")?.dataset.key
      : undefined;
    return props.rows().find((row) => props.keyOf(row) === key) ?? null;
  }

  function press(event: MouseEvent): void {
    if (event.button !== 0) return;
    const { time, x, y } = lastPress;
    const near = event.timeStamp - time < doubleMilliseconds &&
      Math.hypot(event.clientX - x, event.clientY - y) < doublePixels;
    isDouble = pressed !== null && (event.detail > 1 || near);
    lastPress = { time: event.timeStamp, x: event.clientX, y: event.clientY };
    if (!isDouble) pressed = rowAt(event.target);
  }

  /** Of a press that began in the table, wherever it ends: a row may be gone from under the pointer. */
  function release(event: MouseEvent): void {
    if (event.button !== 0 || pressed === null) return;
    props.onSelect(props.keyOf(pressed));
    if (isDouble) props.onOpen?.(pressed);
    isDouble = false;
  }

  /** What is pressed elsewhere is no first half of a double click here. */
  function forget(event: MouseEvent): void {
    if (!body.contains(event.target as Node)) pressed = null;
  }

  document.addEventListener("mouseup", release);
  document.addEventListener("mousedown", forget, true);
  onCleanup(() => {
    document.removeEventListener("mouseup", release);
    document.removeEventListener("mousedown", forget, true);
  });

  const first = computed(() => Math.max(0, Math.floor(scrollTop() / rowHeight) - overscan));
  const last = computed(() =>
    Math.min(props.rows().length, Math.ceil((scrollTop() + height()) / rowHeight) + overscan)
  );
  const visible = computed(() =>
    props.rows().slice(first(), last()).map((row, offset) => ({ row, index: first() + offset }))
  );
  const tabStop = computed(() => {
    const selected = props.selected();
    const shown = visible();
    return shown.some((each) => props.keyOf(each.row) === selected)
      ? selected
      : shown[0] && props.keyOf(shown[0].row);
  });

  const indexOfSelected = () => props.rows().findIndex((row) => props.keyOf(row) === props.selected());
  const pageRows = () => Math.max(1, Math.floor((height.peek() - rowHeight) / rowHeight) - 1);

  const handle: TableHandle = {
    move: (step) => handle.moveTo(Math.max(0, indexOfSelected()) + step),
    moveTo(index) {
      const rows = props.rows();
      const at = Math.min(Math.max(index, 0), rows.length - 1);
      const row = rows[at];
      if (!row) return;
      props.onSelect(props.keyOf(row));
      reveal(at);
      handle.focus();
    },
    pageRows,
    focus: () => body.querySelector<HTMLElement>("tr[tabindex='0']")?.focus({ preventScroll: true }),
    scrollToTop: () => {
      scroller.scrollTop = 0;
      scrollTop.set(0);
    },
  };
  props.ref?.(handle);

  function reveal(index: number): void {
    const top = index * rowHeight;
    const room = scroller.clientHeight - rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + rowHeight > scroller.scrollTop + room) scroller.scrollTop = top + rowHeight - room;
    scrollTop.set(scroller.scrollTop);
  }

  function attach(element: HTMLElement): void {
    scroller = element;
    const observer = new ResizeObserver(() => height.set(element.clientHeight));
    observer.observe(element);
    onCleanup(() => observer.disconnect());
    element.addEventListener("scroll", () => {
      scrollTop.set(element.scrollTop);
      props.onScrolled?.(element.scrollTop);
    }, { passive: true });
    if (props.initialScrollTop) {
      requestAnimationFrame(() => element.scrollTop = props.initialScrollTop ?? 0);
    }
  }

  keepPlace();
  effect(() => {
    if (props.rows().length > 0 && last() + nearEndRows >= props.rows().length) props.onNearEnd?.();
  });

  /** Rows that come in above the visible ones must not push them away from under the reader's eye. */
  function keepPlace(): void {
    let anchor: { key: string; index: number } | null = null;
    effect(() => {
      const rows = props.rows();
      const top = scrollTop.peek();
      if (anchor && top > rowHeight) {
        const now = rows.findIndex((row) => props.keyOf(row) === anchor?.key);
        if (now > anchor.index) {
          queueMicrotask(() => scroller.scrollTop = top + (now - (anchor?.index ?? now)) * rowHeight);
        }
      }
    });
    effect(() => {
      const index = Math.floor(scrollTop() / rowHeight);
      const row = props.rows()[index];
      anchor = row === undefined ? null : { key: props.keyOf(row), index };
    });
  }

  const ariaSort = (key: string | undefined) => {
    if (key === undefined) return null;
    const sort = props.sort?.();
    return sort === key ? "ascending" : sort === `-${key}` ? "descending" : "none";
  };
  const header = (column: Column<T>) => (
    <th
      scope="col"
      class={`col-${column.id}${column.numeric ? " numeric" : ""}`}
      aria-sort={() => ariaSort(column.sortKey)}
    >
      {column.sortKey === undefined || !props.onSort
        ? column.title
        : (
          <button type="button" class="sort-button" onClick={() => props.onSort?.(column.sortKey ?? "")}>
            <span>{column.title}</span>
            <span class="sort-mark" aria-hidden="true"></span>
          </button>
        )}
    </th>
  );

  return (
    <div class={`table-scroller ${props.class}`} ref={attach}>
      <table
        role="grid"
        aria-label={props.label}
        aria-rowcount={() => String((props.total?.() ?? props.rows().length) + 1)}
      >
        <thead>
          <tr aria-rowindex="1">{props.columns.map(header)}</tr>
        </thead>
        <tbody
          ref={(element: HTMLElement) => body = element}
          onMouseDown={press}
          onClick={(event) => {
            // Without a pointer, as by Enter on a link, it is the row itself.
            const row = event.detail === 0 ? rowAt(event.target) : null;
            if (row) props.onSelect(props.keyOf(row));
          }}
        >
          <tr class="spacer" aria-hidden="true">
            <td colspan={props.columns.length} style={() => ({ height: `${first() * rowHeight}px` })}></td>
          </tr>
          <For each={() => visible()} by={(each) => props.keyOf(each.row)}>
            {(each) => row(each)}
          </For>
          <tr class="spacer" aria-hidden="true">
            <td
              colspan={props.columns.length}
              style={() => ({ height: `${Math.max(0, props.rows().length - last()) * rowHeight}px` })}
            >
            </td>
          </tr>
        </tbody>
      </table>
      {props.footer}
    </div>
  );

  function row(each: ReadSignal<{ row: T; index: number }>): Node {
    const item = computed(() => each().row);
    const key = props.keyOf(item.peek());
    return (
      <tr
        data-key={key}
        class={() => props.rowClass?.(item()) ?? ""}
        aria-rowindex={() => String(each().index + 2)}
        aria-selected={() => String(props.selected() === key)}
        tabindex={() => (tabStop() === key ? "0" : "-1")}
        onFocusIn={() => {
          if (props.selected() !== key) props.onSelect(key);
        }}
      >
        {props.columns.map((column) => (
          <td class={`col-${column.id}${column.numeric ? " numeric" : ""}`}>{column.cell(item)}</td>
        ))}
      </tr>
    );
  }
}
