/** The counters of each side and their difference, and bars of who zeroed how much. */

import { formatSeconds } from "../base/numbers.js";
import { costProfiles, formatBytes, formatCount, type SimulatedTime, simulatedTime } from "../index.js";
import { breakable, byId, make, setText } from "./dom.js";
import { textOfChange } from "./measure.js";
import { type Choice, eventsOf, type Moment } from "./protocol.js";
import { formatChoice, SIDES, type Side, type ViewState } from "./state.js";

/** The figures of one side at a moment. */
type Counted = Pick<Moment, "counters" | "library" | "simulated"> & {
  /** Simulated time at the prices of the machine of the left side. */
  onOneMachine?: SimulatedTime;
};
type Both = readonly [Counted | undefined, Counted | undefined];

/** Prices both sides on the machine of the left one, or of the only one that has a clock. */
export function pricedOnOne(both: Both): Both {
  const name = both.find((side) => side?.simulated)?.simulated?.costs;
  const costs = costProfiles.find((profile) => profile.name === name);
  const [left, right] = both.map((side) =>
    side?.simulated && costs ? { ...side, onOneMachine: simulatedTime(eventsOf(side), costs) } : side,
  );
  return [left, right];
}

/** Whether no two machines have a part in the times. Then one is taken from the other as it is. */
function isOneMachine([left, right]: Both): boolean {
  const [one, other] = [left?.simulated?.costs, right?.simulated?.costs];
  return one === undefined || other === undefined || one === other;
}

interface Row {
  name: string;
  /** Its place in the counters. */
  path: string;
  of(counted: Counted["counters"], all: Counted): number;
  unit: "bytes" | "count" | "seconds";
  /** Whether it is emphasized, because the page is about it. */
  isTelling?: boolean;
  /** Whether it is shown only for programs that clear memory themselves. */
  isLibrary?: boolean;
}

type FaultKind = Exclude<keyof Counted["counters"]["faults"], "needless">;

const FAULTS: Record<FaultKind, string> = {
  zeroMap: "zero page mapped",
  zeroFill: "fresh zeroed frame",
  copyOnWrite: "copy on write",
};

const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((total, one) => total + one, 0);

/** Simulated time by the machine of each side, which may be two, and by one machine. */
const OWN_MACHINE = "simulated.seconds";
const ONE_MACHINE = "simulated.oneMachine";

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
    name: "simulated time",
    path: OWN_MACHINE,
    of: (_, { simulated }) => simulated?.seconds ?? Number.NaN,
    unit: "seconds",
    isTelling: true,
  },
  {
    name: "the same, both on one machine",
    path: ONE_MACHINE,
    of: (_, { onOneMachine }) => onOneMachine?.seconds ?? Number.NaN,
    unit: "seconds",
  },
  {
    name: "zeroed by the allocator",
    path: "zeroed.allocator",
    of: ({ zeroed }) => zeroed.allocator,
    unit: "bytes",
  },
  { name: "zeroed by the kernel", path: "zeroed.kernel", of: ({ zeroed }) => zeroed.kernel, unit: "bytes" },
  {
    name: "zeroed by the program’s library",
    path: "library.cleared",
    of: (_, { library }) => library.cleared,
    unit: "bytes",
    isLibrary: true,
  },
  {
    name: "needlessly zeroed by it",
    path: "library.needless",
    of: (_, { library }) => library.needless,
    unit: "bytes",
    isLibrary: true,
  },
  ...Object.entries(FAULTS).map(
    ([kind, name]): Row => ({
      name: `faults: ${name}`,
      path: `faults.${kind}`,
      of: ({ faults }) => faults[kind as FaultKind],
      unit: "count",
    }),
  ),
  {
    name: "system calls",
    path: "syscalls",
    // A module makes none. It only asks its host for memory.
    of: ({ syscalls }, { simulated }) => (simulated ? sum(syscalls) : Number.NaN),
    unit: "count",
  },
  { name: "allocator calls", path: "calls", of: ({ calls }) => calls, unit: "count" },
  {
    name: "resident now",
    path: "bytes.resident",
    of: ({ bytes }) => bytes.resident,
    unit: "bytes",
    isTelling: true,
  },
  {
    name: "resident at the peak",
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

const FORMATS: Record<Row["unit"], (value: number) => string> = {
  bytes: formatBytes,
  count: formatCount,
  seconds: formatSeconds,
};

/** Shown for NaN, what is not measured: all of a side that failed; a module's faults by kind and simulated time. */
const UNKNOWN = "-";

function signed(value: number, unit: Row["unit"]): string {
  if (Number.isNaN(value)) return UNKNOWN;
  return value === 0 ? "same" : `${value > 0 ? "+" : "−"}${FORMATS[unit](Math.abs(value))}`;
}

const head = (text: string) => make("th", { scope: "col" }, ...breakable(text));

/** The heading of a table: a first column, both sides, and a last column if given. */
export function sideHeads(first: string, sides: readonly Choice[], last?: string): HTMLTableSectionElement {
  const names = sides.map(formatChoice);
  return make("thead", {}, make("tr", {}, ...[first, ...names, ...(last ? [last] : [])].map(head)));
}

/** Makes the table for two allocators and their program. */
export function buildCounters({ input, sides }: ViewState): void {
  const rows = ROWS.filter(({ isLibrary }) => !isLibrary || input.kind === "reads");
  const body = rows.map(({ name, path, isTelling }) => {
    const cells = [...SIDES.map(String), "difference"].map((column) =>
      make("td", { attributes: { "data-counter": path, "data-column": column } }),
    );
    const heading = make("th", { scope: "row", textContent: name });
    return make("tr", { className: isTelling ? "telling" : "" }, heading, ...cells);
  });
  byId("counters").replaceChildren(sideHeads("counter", sides, "left − right"), make("tbody", {}, ...body));
  byId("zeroed").replaceChildren(...SIDES.map(zeroedBar));
}

/** Shows what both sides counted. */
export function showCounters(moments: Both): void {
  const both = pricedOnOne(moments);
  const isOne = isOneMachine(both);
  const rows = new Map(ROWS.map((row) => [row.path, row]));
  for (const cell of byId("counters").querySelectorAll<HTMLElement>("tbody td")) {
    const { counter = "", column = "" } = cell.dataset;
    const { of, unit } = rows.get(counter) as Row;
    const figures = both.map((counted) => (counted ? of(counted.counters, counted) : Number.NaN));
    const [left, right] = figures as [number, number];
    if (counter === ONE_MACHINE) (cell.parentElement as HTMLElement).hidden = isOne;
    const difference = counter === OWN_MACHINE && !isOne ? Number.NaN : left - right;
    const value = column === "difference" ? difference : column === "0" ? left : right;
    setText(
      cell,
      column === "difference"
        ? signed(value, unit)
        : textOf(both[Number(column) as Side], value, unit, counter === ONE_MACHINE),
    );
    cell.dataset.value = String(value);
  }
  showZeroed(both);
}

/** A figure as text. A simulated time names its cost profile. */
function textOf(counted: Counted | undefined, value: number, unit: Row["unit"], isOnOne: boolean): string {
  if (Number.isNaN(value)) return UNKNOWN;
  const costs = (isOnOne ? counted?.onOneMachine : counted?.simulated)?.costs;
  const text = textOfChange(value, FORMATS[unit]);
  return unit === "seconds" ? `${text}, simulated, by ${costs}` : text;
}

// ---- Who zeroed ----

const PARTS = [
  { name: "the kernel", colour: "written" },
  { name: "the allocator, needed", colour: "clean" },
  { name: "the allocator, needless", colour: "needless" },
  { name: "the program’s library", colour: "cached" },
] as const;

/** The last part, shown only for programs that clear memory themselves. */
const LIBRARY = PARTS.length - 1;

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

/** The bytes of each of PARTS. */
function partsOf({ counters: { zeroed }, library }: Counted): number[] {
  return [zeroed.kernel, zeroed.allocator - zeroed.needless, zeroed.needless, library.cleared];
}

function showZeroed(both: Both): void {
  const zeroed = both.map((counted) => (counted ? partsOf(counted) : []));
  const sums = zeroed.map((parts) => parts.reduce((sum, bytes) => sum + bytes, 0));
  const hasLibrary = both.some((counted) => counted && counted.library.cleared > 0);
  for (const [side, panel] of [...byId("zeroed").children].entries()) {
    const keys = panel.querySelectorAll<HTMLElement>(".part");
    const segments = panel.querySelectorAll<HTMLElement>(".bar > span");
    (panel as HTMLElement).hidden = both[side as Side] === undefined;
    for (const [part, bytes] of (zeroed[side] as number[]).entries()) {
      const key = keys[part] as HTMLElement;
      key.hidden = part === LIBRARY && !hasLibrary;
      setText(key.lastElementChild as Element, `${PARTS[part]?.name}: ${formatBytes(bytes)}`);
      (segments[part] as HTMLElement).style.width = `${(100 * bytes) / Math.max(1, ...sums)}%`;
    }
  }
}
