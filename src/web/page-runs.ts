/**
 * The pages of a whole address space, as runs of alike ones. Typed arrays, so that they cross from a
 * Worker without being copied, and the map finds its way in them fast.
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
  /** Only the allocator's zeroing has faulted it in. */
  needless: boolean;
  /** A live object of the program lies on it, or a part of one. */
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

/** The live objects: where each begins, and its bytes. */
export interface Objects {
  addresses: Float64Array;
  bytes: Float64Array;
}

/** Reads out every page of some ranges. */
export function readPageRuns(
  allocator: Pick<Allocator, "pages" | "pageBytes">,
  regions: readonly { address: number; bytes: number }[],
  objects: Objects,
): PageRuns {
  const { pageBytes } = allocator;
  const covered = coveredRanges(objects, pageBytes);
  const parts: [address: number, pages: number, detail: number][] = [];
  for (const region of regions) {
    for (const run of allocator.pages(region.address, region.bytes)) {
      splitByCover(run, covered, pageBytes, (...part) => parts.push(part));
    }
  }
  return {
    pageBytes,
    addresses: Float64Array.from(parts, ([address]) => address),
    pages: Float64Array.from(parts, ([, pages]) => pages),
    details: Uint8Array.from(parts, ([, , detail]) => detail),
  };
}

/** The state of one page, encoded, whether an object holds it apart. */
export function pageDetail(allocator: Pick<Allocator, "pages">, address: number): number {
  const [run] = allocator.pages(address, 1);
  return run ? encode(run) : 0;
}

/** Address ranges, whole pages, that objects lie on: disjoint, ascending, as pairs of start and end. */
export function coveredRanges({ addresses, bytes }: Objects, pageBytes: number): number[] {
  const starts = addresses.map((address) => Math.floor(address / pageBytes) * pageBytes).sort();
  const ends = addresses
    .map((address, i) => Math.ceil((address + Math.max(1, bytes[i] as number)) / pageBytes) * pageBytes)
    .sort();
  // Sorted apart, the n-th end closes the n-th start as far as the union is concerned.
  const ranges: number[] = [];
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i] as number, ends[i] as number];
    if (ranges.length && start <= (ranges.at(-1) as number)) ranges[ranges.length - 1] = end;
    else ranges.push(start, end);
  }
  return ranges;
}

/** Cuts a run where objects begin to lie on it or cease to. */
function splitByCover(
  run: PageRun,
  covered: number[],
  pageBytes: number,
  emit: (address: number, pages: number, detail: number) => void,
): void {
  const detail = encode(run);
  const end = run.address + run.pages * pageBytes;
  let at = firstAbove(covered, run.address);
  for (let address = run.address; address < end; at++) {
    const next = Math.min(end, covered[at] ?? end);
    // Odd places are ends: what lies before one is covered.
    emit(address, (next - address) / pageBytes, at % 2 ? detail | HELD : detail);
    address = next;
  }
}

/** Index of the first value above `limit`, of ascending values. */
export function firstAbove(values: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
