/** The kinds of pages that the map tells apart. A page is of the first kind that fits. */
import { decode, type PageDetail, type PageRuns } from "./page-runs.js";

export interface PageKind {
  id: string;
  name: string;
  meaning: string;
  fits(page: PageDetail): boolean;
}

/** All kinds, in the order of a cell's layers and of the legend. */
export const KINDS: readonly PageKind[] = [
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

/** The number of pages of each kind in the whole address space. */
export function pagesByKind({ pages, details }: PageRuns): number[] {
  const counts = KINDS.map(() => 0);
  for (let run = 0; run < pages.length; run++) {
    const kind = KIND_OF[details[run] as number] as number;
    counts[kind] = (counts[kind] as number) + (pages[run] as number);
  }
  return counts;
}
