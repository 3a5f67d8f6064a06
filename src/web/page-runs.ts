/**
 * The pages of a whole address space, as runs of equal pages. They are typed arrays, so that they pass
 * from a Worker without a copy, and the map can search them fast.
 *
 *      bit      7      6          5          4         3      2 … 0
 *               ├──────┼──────────┼──────────┼─────────┼──────┼────────────────┤
 *      detail   │ held │ needless │ reusable │ written │ read │ PAGE_STATES    │
 *               └──────┴──────────┴──────────┴─────────┴──────┴────────────────┘
 */
import { type Allocator, PAGE_STATES, type PageRun, type PageState } from "../index.js";

/** Runs in order of address; gaps between them are unmapped. */
export interface PageRuns {
  pageBytes: number;
  addresses: Float64Array<ArrayBuffer>;
  pages: Float64Array<ArrayBuffer>;
  details: Uint8Array<ArrayBuffer>;
}

/** What a page's detail byte says. */
export interface PageDetail {
  state: PageState;
  read: boolean;
  written: boolean;
  reusable: boolean;
  /** Only the allocator's zeroing faulted it in. */
  needless: boolean;
  /** It holds a live object of the program, or a part of one. */
  held: boolean;
}

const [READ, WRITTEN, REUSABLE, NEEDLESS, HELD] = [8, 16, 32, 64, 128];

function encode(run: PageRun): number {
  const flags = (run.read ? READ : 0) | (run.written ? WRITTEN : 0) | (run.reusable ? REUSABLE : 0);
  return PAGE_STATES.indexOf(run.state) | flags | (run.needless ? NEEDLESS : 0);
}

export function decode(detail: number): PageDetail {
  return {
    state: PAGE_STATES[detail & 7] as PageState,
    read: (detail & READ) !== 0,
    written: (detail & WRITTEN) !== 0,
    reusable: (detail & REUSABLE) !== 0,
    needless: (detail & NEEDLESS) !== 0,
    held: (detail & HELD) !== 0,
  };
}

/** The live objects: the slot, the address and the bytes asked for of each, in order of slots. */
export interface Objects {
  slots: Uint32Array<ArrayBuffer>;
  addresses: Float64Array<ArrayBuffer>;
  bytes: Float64Array<ArrayBuffer>;
}

/** Where something lies. */
type Places = Record<"addresses" | "bytes", Float64Array>;

/** Reads the state of every page of the ranges. */
export function readPageRuns(
  allocator: Pick<Allocator, "pages" | "pageBytes">,
  regions: readonly { address: number; bytes: number }[],
  objects: Places,
): PageRuns {
  const { pageBytes } = allocator;
  const covered = coveredRanges(objects, pageBytes);
  const parts: Part[] = [];
  for (const region of regions) {
    for (const run of allocator.pages(region.address, region.bytes)) {
      const detail = encode(run);
      splitAt(covered, run.address, run.address + run.pages * pageBytes, (start, end, isCovered) => {
        parts.push([start, (end - start) / pageBytes, isCovered ? detail | HELD : detail]);
      });
    }
  }
  return runsOf(parts, pageBytes);
}

type Part = [address: number, pages: number, detail: number];

export function runsOf(parts: readonly Part[], pageBytes: number): PageRuns {
  return {
    pageBytes,
    addresses: Float64Array.from(parts, ([address]) => address),
    pages: Float64Array.from(parts, ([, pages]) => pages),
    details: Uint8Array.from(parts, ([, , detail]) => detail),
  };
}

/** The detail byte of one page, without `held`. */
export function pageDetail(allocator: Pick<Allocator, "pages">, address: number): number {
  const [run] = allocator.pages(address, 1);
  return run ? encode(run) : 0;
}

/** Ranges of whole pages that hold objects: disjoint, ascending, as pairs of start and end. */
export function coveredRanges({ addresses, bytes }: Places, pageBytes: number): number[] {
  const starts = addresses.map((address) => Math.floor(address / pageBytes) * pageBytes).sort();
  const ends = addresses
    .map((address, i) => Math.ceil((address + Math.max(1, bytes[i] as number)) / pageBytes) * pageBytes)
    .sort();
  // Starts and ends are sorted separately: for the union, the n-th end closes the n-th start.
  const ranges: number[] = [];
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i] as number, ends[i] as number];
    if (ranges.length && start <= (ranges.at(-1) as number)) ranges[ranges.length - 1] = end;
    else ranges.push(start, end);
  }
  return ranges;
}

/** Splits a range where one of ranges begins or ends, and says of each part whether it is in one. */
export function splitAt(
  ranges: ArrayLike<number>,
  start: number,
  end: number,
  emit: (start: number, end: number, isIn: boolean) => void,
): void {
  let at = firstAbove(ranges, start);
  for (let from = start; from < end; at++) {
    const next = Math.min(end, ranges[at] ?? end);
    // An odd index is an end: what lies before it is in the range.
    emit(from, next, at % 2 === 1);
    from = next;
  }
}

/** Index of the first of ascending values that is above `limit`. */
export function firstAbove(values: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
