/** What the map tells apart: a page is of the first kind that fits. */
import { decode, type PageDetail, type PageRuns } from "./page-runs.js";

export interface PageKind {
  id: string;
  name: string;
  meaning: string;
  fits(page: PageDetail): boolean;
}

/** In the order they are stacked in a cell and stand in the legend. */
export const KINDS: readonly PageKind[] = [
  {
    id: "needless",
    name: "needlessly zeroed",
    meaning: "resident only because the allocator cleared what already read as zero",
    fits: ({ needless, reusable }) => needless && !reusable,
  },
  {
    id: "cached",
    name: "kept by the allocator",
    meaning: "resident, but no object of the program lies on it",
    fits: ({ held, state }) => !held && (state === "clean" || state === "written" || state === "shared"),
  },
  {
    id: "written",
    name: "resident, written",
    meaning: "owns a frame that holds data, or shares one until it is written",
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
    meaning: "read only so far: the shared page of zeroes stands in",
    fits: ({ state }) => state === "zeroPage",
  },
  {
    id: "reserved",
    name: "reserved",
    meaning: "mapped, never touched: costs nothing",
    fits: ({ state }) => state === "reserved",
  },
];

/** Kind of each detail byte (page-runs.ts), by its place in KINDS. */
export const KIND_OF: Uint8Array = Uint8Array.from({ length: 256 }, (_, detail) => {
  const kind = KINDS.findIndex(({ fits }) => fits(decode(detail)));
  return kind < 0 ? KINDS.length - 1 : kind;
});

/** Pages of each kind in the whole address space. */
export function pagesByKind({ pages, details }: PageRuns): number[] {
  const counts = KINDS.map(() => 0);
  for (let run = 0; run < pages.length; run++) {
    const kind = KIND_OF[details[run] as number] as number;
    counts[kind] = (counts[kind] as number) + (pages[run] as number);
  }
  return counts;
}
