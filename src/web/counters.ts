/** What was counted on each side, and the difference; who zeroed how much, as bars. */
import { type Counters, formatBytes, formatCount } from "../index.js";
import { byId, make, setText } from "./dom.js";
import type { Choice } from "./protocol.js";
import { formatChoice, SIDES, type Side } from "./state.js";

interface Row {
  name: string;
  /** Where it is among the counters. */
  path: string;
  of(counters: Counters): number;
  unit: "bytes" | "count";
  /** It is what this page is about. */
  isTelling?: boolean;
}

const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((total, one) => total + one, 0);

const ROWS: readonly Row[] = [
  {
    name: "needlessly zeroed",
    path: "zeroed.needless",
    of: ({ zeroed }) => zeroed.needless,
    unit: "bytes",
    isTelling: true,
  },
  {
    name: "needless faults",
    path: "faults.needless",
    of: ({ faults }) => faults.needless,
    unit: "count",
    isTelling: true,
  },
  {
    name: "zeroed by the allocator",
    path: "zeroed.allocator",
    of: ({ zeroed }) => zeroed.allocator,
    unit: "bytes",
  },
  { name: "zeroed by the kernel", path: "zeroed.kernel", of: ({ zeroed }) => zeroed.kernel, unit: "bytes" },
  {
    name: "faults: zero page mapped",
    path: "faults.zeroMap",
    of: ({ faults }) => faults.zeroMap,
    unit: "count",
  },
  {
    name: "faults: fresh zeroed frame",
    path: "faults.zeroFill",
    of: ({ faults }) => faults.zeroFill,
    unit: "count",
  },
  {
    name: "faults: copy on write",
    path: "faults.copyOnWrite",
    of: ({ faults }) => faults.copyOnWrite,
    unit: "count",
  },
  { name: "system calls", path: "syscalls", of: ({ syscalls }) => sum(syscalls), unit: "count" },
  { name: "allocator calls", path: "calls", of: ({ calls }) => calls, unit: "count" },
  {
    name: "resident now",
    path: "bytes.resident",
    of: ({ bytes }) => bytes.resident,
    unit: "bytes",
    isTelling: true,
  },
  {
    name: "resident at most",
    path: "bytes.peakResident",
    of: ({ bytes }) => bytes.peakResident,
    unit: "bytes",
  },
  { name: "in use by the program", path: "bytes.inUse", of: ({ bytes }) => bytes.inUse, unit: "bytes" },
  { name: "got from the kernel", path: "bytes.system", of: ({ bytes }) => bytes.system, unit: "bytes" },
  {
    name: "kept free by the allocator",
    path: "bytes.cached",
    of: ({ bytes }) => bytes.cached,
    unit: "bytes",
  },
  { name: "mapped address space", path: "bytes.virtual", of: ({ bytes }) => bytes.virtual, unit: "bytes" },
  { name: "pages first read", path: "touched.read", of: ({ touched }) => touched.read, unit: "count" },
  {
    name: "pages first written",
    path: "touched.written",
    of: ({ touched }) => touched.written,
    unit: "count",
  },
];

const format = (value: number, unit: Row["unit"]): string =>
  unit === "bytes" ? formatBytes(value) : formatCount(value);

const signed = (value: number, unit: Row["unit"]): string =>
  value === 0 ? "same" : `${value > 0 ? "+" : "−"}${format(Math.abs(value), unit)}`;

const head = (text: string) => make("th", { scope: "col", textContent: text });

/** Heads of a table: a name, both sides, and the difference if wanted. */
export function sideHeads(first: string, sides: readonly Choice[], last?: string): HTMLTableSectionElement {
  // A long name may be broken before an option.
  const names = sides.map((choice) => formatChoice(choice).replaceAll(":", ":\u200b"));
  return make("thead", {}, make("tr", {}, ...[first, ...names, ...(last ? [last] : [])].map(head)));
}

/** Makes the table for two allocators. */
export function buildCounters(sides: readonly Choice[]): void {
  const body = ROWS.map(({ name, path, isTelling }) => {
    const cells = [...SIDES.map(String), "difference"].map((column) =>
      make("td", { attributes: { "data-counter": path, "data-column": column } }),
    );
    return make(
      "tr",
      { className: isTelling ? "telling" : "" },
      make("th", { scope: "row", textContent: name }),
      ...cells,
    );
  });
  byId("counters").replaceChildren(sideHeads("counter", sides, "left − right"), make("tbody", {}, ...body));
  byId("zeroed").replaceChildren(...SIDES.map(zeroedBar));
}

/** Shows two sets of counters. */
export function showCounters(both: readonly [Counters, Counters]): void {
  const cells = byId("counters").querySelectorAll("tbody td");
  for (const [index, { of, unit }] of ROWS.entries()) {
    const values = both.map(of) as [number, number];
    const texts = [...values.map((value) => format(value, unit)), signed(values[0] - values[1], unit)];
    for (const [column, text] of texts.entries()) {
      const cell = cells[index * 3 + column] as HTMLElement;
      setText(cell, text);
      cell.dataset.value = String(values[column] ?? values[0] - values[1]);
    }
  }
  showZeroed(both);
}

// ---- Who zeroed ----

const PARTS = [
  { name: "the kernel", colour: "written" },
  { name: "the allocator, needed", colour: "clean" },
  { name: "the allocator, needless", colour: "needless" },
] as const;

/** A coloured box. */
export function swatch(colour: string): HTMLElement {
  const made = make("span", { className: "swatch" });
  made.style.background = `var(--${colour})`;
  return made;
}

function zeroedBar(side: Side): HTMLElement {
  const key = PARTS.map(({ colour }) => make("span", { className: "part" }, swatch(colour), make("span")));
  const segments = PARTS.map(({ colour }) => {
    const segment = make("span");
    segment.style.background = `var(--${colour})`;
    return segment;
  });
  const title = side === 0 ? "Left, zeroed by:" : "Right, zeroed by:";
  const bar = make("div", { className: "bar", attributes: { "aria-hidden": "true" } }, ...segments);
  return make("div", {}, make("p", {}, title, ...key), bar);
}

function showZeroed(both: readonly [Counters, Counters]): void {
  const highest = Math.max(1, ...both.map(({ zeroed }) => zeroed.kernel + zeroed.allocator));
  for (const [side, panel] of [...byId("zeroed").children].entries()) {
    const { kernel, allocator, needless } = (both[side] as Counters).zeroed;
    const texts = panel.querySelectorAll(".part > :last-child");
    const segments = panel.querySelectorAll<HTMLElement>(".bar > span");
    for (const [part, bytes] of [kernel, allocator - needless, needless].entries()) {
      setText(texts[part] as Element, `${PARTS[part]?.name}: ${formatBytes(bytes)}`);
      (segments[part] as HTMLElement).style.width = `${(100 * bytes) / highest}%`;
    }
  }
}
