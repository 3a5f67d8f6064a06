/** The words of the map: for a cell, its region, and a page. */
import { formatBytes, formatCount } from "../index.js";
import { KINDS, type PageKind } from "./kinds.js";
import { regionAt, type Stretch } from "./layout.js";
import { decode, firstAbove, type PageDetail, type PageRuns } from "./page-runs.js";
import type { Moment } from "./protocol.js";

export const hex = (address: number): string => `0x${address.toString(16)}`;

/** Names a stretch by what lies there: where Linux has its heap, and where a module has its memory. */
function nameOf({ start, regions }: Stretch): string {
  if (start === 0) return "linear memory";
  const name = Math.floor(start / 2 ** 40) === HEAP_TIB ? "heap" : "mapped";
  return regions === 1 ? name : `${name}, ${formatCount(regions)} regions`;
}

/** The TiB of the address space in which Linux has the heap of a position-independent program. */
const HEAP_TIB = 0x55;

/** Describes a stretch: its name, place and size, and how much nothing is before it. */
export function stretchText(stretch: Stretch): string {
  const { start, end, gap } = stretch;
  const before = gap > 0 ? ` · after ${formatBytes(gap)} of nothing` : "";
  return `${nameOf(stretch)} · ${hex(start)} · ${formatBytes(end - start)}${before}`;
}

/** The same at ever less length, for a map with less room. */
export function stretchTexts(stretch: Stretch): string[] {
  const parts = stretchText(stretch).split(" · ");
  const [name = "", address = "", size = ""] = parts;
  return [parts.join(" · "), [name, address, size].join(" · "), [name, size].join(" · "), size];
}

/**
 * Describes a cell: its addresses, pages and region. `counts` are its pages of each of `kinds`. The region is last: it is
 * what is lost first where there is no room for all.
 */
export function cellText(
  { runs, regions }: Pick<Moment, "regions" | "runs">,
  { start, bytes }: { start: number; bytes: number },
  counts: Float64Array,
  kinds: readonly PageKind[],
): string {
  const { pageBytes } = runs;
  const isPage = bytes === pageBytes;
  const size = isPage ? "one page" : `${formatCount(bytes / pageBytes)} pages`;
  return [
    `${hex(start)} to ${hex(start + bytes)}: ${size}, ${formatBytes(bytes)}.`,
    isPage ? stateAt(runs, start) : "",
    // Of one page, its state says more than its kind does.
    isPage && kinds === KINDS ? "" : countsText(counts, kinds),
    regionText(regions, start, start + bytes),
  ]
    .filter(Boolean)
    .join(" ");
}

/** Describes the first region that overlaps a range. */
function regionText(regions: ArrayLike<number>, start: number, end: number): string {
  const inside = regionAt(regions, start);
  const at = inside >= 0 ? inside : firstAbove(regions, start);
  const [from, to] = [regions[at], regions[at + 1]];
  if (from === undefined || to === undefined || from >= end) return "";
  return `Region ${at / 2 + 1} of ${regions.length / 2}, ${hex(from)} to ${hex(to)}, ${formatBytes(to - from)}.`;
}

function countsText(counts: Float64Array, kinds: readonly PageKind[]): string {
  const parts = [...counts].flatMap((pages, kind) =>
    pages ? [`${formatCount(pages)} ${kinds[kind]?.name}`] : [],
  );
  return parts.length ? `Pages: ${parts.join(", ")}.` : "Nothing is mapped here.";
}

function stateAt({ addresses, pages, details, pageBytes }: PageRuns, address: number): string {
  const run = firstAbove(addresses, address) - 1;
  const reaches = run >= 0 && (addresses[run] as number) + (pages[run] as number) * pageBytes > address;
  return reaches ? pageText(details[run] as number) : "Not mapped.";
}

const STATE_NAMES: Record<PageDetail["state"], string> = {
  unmapped: "not mapped",
  reserved: "reserved, never touched",
  zeroPage: "shows the shared zero page",
  clean: "resident and all zero",
  written: "resident and written",
  shared: "shares its frame until written",
  file: "shows a page of a file",
};

/** Describes what a page is, and what has happened to it. */
export function pageText(detail: number): string {
  const page = decode(detail);
  const touches = [page.read && "read", page.written && "written"].filter(Boolean).join(" and ");
  const facts = [
    STATE_NAMES[page.state],
    touches ? `${touches} since it was mapped` : "",
    page.needless ? "touched only by the allocator’s clearing" : "",
    page.reusable ? "its frame may be reclaimed by the kernel" : "",
    page.held ? "holds an object of the program" : "",
  ].filter(Boolean);
  return `The page is ${facts.join("; ")}.`;
}
