/** The kinds of pages that the map tells apart: by their state, or by how they differ from those of the other side. */
import { decode, type PageDetail, type PageRuns } from "./page-runs.js";

export interface PageKind {
  /** The name of its colour. */
  id: string;
  name: string;
  meaning: string;
}

interface StateKind extends PageKind {
  fits(page: PageDetail): boolean;
}

/** A way to colour pages. */
export interface Colouring {
  /** What the legend says of it. */
  title: string;
  /** All kinds, in the order of a cell's layers and of the legend. */
  kinds: readonly PageKind[];
  /** The kind of each detail byte, as an index into `kinds`. */
  kindOf: Uint8Array;
}

/** The pages of one side, and how they are coloured. */
export interface Coloured {
  colouring: Colouring;
  runs: PageRuns;
}

/** The kinds of states. A page is of the first that fits. */
export const KINDS: readonly StateKind[] = [
  {
    id: "needless",
    name: "needlessly zeroed",
    meaning: "resident only because the allocator cleared a page that already read as zero",
    fits: ({ needless, reusable }) => needless && !reusable,
  },
  {
    id: "cached",
    name: "kept by the allocator",
    meaning: "resident, but holds no object of the program",
    fits: ({ held, state }) => !held && (state === "clean" || state === "written" || state === "shared"),
  },
  {
    id: "written",
    name: "resident, written",
    meaning: "owns a frame with data, or shares one until it is written",
    fits: ({ state }) => state === "written" || state === "shared",
  },
  {
    id: "clean",
    name: "resident, clean",
    meaning: "owns a frame known to be all zero",
    fits: ({ state }) => state === "clean",
  },
  {
    id: "zeroPage",
    name: "zero page",
    meaning: "only read so far: shows the shared page of zeroes",
    fits: ({ state }) => state === "zeroPage",
  },
  {
    id: "reserved",
    name: "reserved",
    meaning: "mapped and never touched: costs nothing",
    fits: ({ state }) => state === "reserved",
  },
];

/** The kind of each detail byte (page-runs.ts), as an index into KINDS. */
export const KIND_OF: Uint8Array = Uint8Array.from({ length: 256 }, (_, detail) => {
  const kind = KINDS.findIndex(({ fits }) => fits(decode(detail)));
  return kind < 0 ? KINDS.length - 1 : kind;
});

export const BY_STATE: Colouring = { title: "Pages by state", kinds: KINDS, kindOf: KIND_OF };

/** What a page is beside what the other side has for the same bytes of the program's objects (differences.ts). */
export const DIFFERENCES = [
  {
    id: "left",
    name: "resident left alone",
    meaning: "holds objects for which only the left side has a frame",
  },
  {
    id: "right",
    name: "resident right alone",
    meaning: "holds objects for which only the right side has a frame",
  },
  {
    id: "touched-left",
    name: "touched left alone",
    meaning: "shows a page of zeroes or of a file on the left; not touched on the right",
  },
  {
    id: "touched-right",
    name: "touched right alone",
    meaning: "shows a page of zeroes or of a file on the right; not touched on the left",
  },
  { id: "alike", name: "alike", meaning: "resident on both sides, or touched on both without a frame" },
  {
    id: "cached",
    name: "resident, no object",
    meaning: "holds no object of the program that it could be compared by",
  },
  { id: "reserved", name: "neither", meaning: "touched on neither side, or by no object that is there" },
] as const satisfies readonly PageKind[];

export const BY_DIFFERENCE: Colouring = {
  title: "Pages by what differs",
  kinds: DIFFERENCES,
  kindOf: Uint8Array.from(DIFFERENCES, (_, kind) => kind),
};

/** The names of all colours of pages. */
export const KIND_IDS: readonly string[] = [
  ...new Set([BY_STATE, BY_DIFFERENCE].flatMap(({ kinds }) => kinds.map(({ id }) => id))),
];

/** The number of pages of each kind in the whole address space. */
export function pagesByKind({ colouring: { kinds, kindOf }, runs: { pages, details } }: Coloured): number[] {
  const counts = kinds.map(() => 0);
  for (let run = 0; run < pages.length; run++) {
    const kind = kindOf[details[run] as number] as number;
    counts[kind] = (counts[kind] as number) + (pages[run] as number);
  }
  return counts;
}
