/**
 * What lies in one page: the bytes that the program asked for, what the allocator rounded them up to, its headers of
 * blocks where it is known what those take, what it keeps free, where it tells, and what is between, which is its own.
 *
 *      ├ page ──────────────────────────────────────────────┤
 *      ▒▒▒▒▒▒▒▒▒▒░░█▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░··········    █▒▒▒
 *      asked     rounded                      free  between header
 */
import type { FreeBlock } from "../index.js";
import type { Objects } from "./page-runs.js";

/** A live block of the program's. */
export interface Block {
  address: number;
  /** The bytes that the program asked for. */
  bytes: number;
  /** The bytes that it may use; absent where that is not known. */
  usable?: number;
  /** The operation that allocated it, or gave it its size: the first is 1. */
  operation: number;
  code: string;
  /** The site of that operation, where a trace names sites. */
  site?: string;
}

/** A page, in bytes from an address on. */
export interface Page {
  address: number;
  bytes: number;
  /** Bytes before each block that are its allocator's record of it. Absent where that is not known. */
  headerBytes?: number;
}

export interface PageInside extends Page {
  /** The blocks that reach into it, in order of address, and the one whose header alone does. */
  blocks: Block[];
  /** What the allocator keeps free there, in order of address. Absent where that is not known. */
  free?: FreeBlock[];
}

type Place = Pick<Block, "address" | "bytes"> & { slot: number };

/** The objects in a page by what was asked for, and the last one before it, whose block may reach into it. */
export function objectsNear(page: Page, { slots, addresses, bytes }: Objects): Place[] {
  const near: Place[] = [];
  let before: Place | undefined;
  for (let i = 0; i < slots.length; i++) {
    const address = addresses[i] as number;
    if (address - (page.headerBytes ?? 0) >= page.address + page.bytes) continue;
    const place = { slot: slots[i] as number, address, bytes: bytes[i] as number };
    if (reaches(place, page)) near.push(place);
    else if (!before || before.address < address) before = place;
  }
  return [...(before ? [before] : []), ...near].sort((one, other) => one.address - other.address);
}

const endOf = ({ address, bytes, usable = bytes }: Omit<Place, "slot"> & { usable?: number }): number =>
  address + Math.max(1, bytes, usable);

/** Whether a block that begins before a page's end reaches into it. */
export const reaches = (block: Parameters<typeof endOf>[0], page: Page): boolean =>
  endOf(block) > page.address;

export type SpanKind = "header" | "asked" | "rounded" | "free" | "between";

/** Bytes of a page, counted from its start, of one kind. */
export interface Span {
  kind: SpanKind;
  from: number;
  to: number;
}

/** What a block, or a free one, has of each kind, by addresses. */
function piecesOf({ blocks, free = [], headerBytes = 0 }: PageInside): Span[] {
  const pieces = [
    ...blocks.flatMap(({ address, bytes, usable = bytes }): Span[] => [
      { kind: "header", from: address - headerBytes, to: address },
      { kind: "asked", from: address, to: address + bytes },
      { kind: "rounded", from: address + bytes, to: address + usable },
    ]),
    ...free.map(({ address, bytes }): Span => ({ kind: "free", from: address, to: address + bytes })),
  ];
  return pieces.sort((one, other) => one.from - other.from);
}

/** All bytes of a page by kind, in order. Each block has spans of its own. */
export function spansOf(inside: PageInside): Span[] {
  const { address, bytes } = inside;
  const spans: Span[] = [];
  let at = 0;
  const add = (kind: SpanKind, end: number) => {
    const to = Math.min(bytes, end - address);
    if (to <= at) return;
    spans.push({ kind, from: at, to });
    at = to;
  };
  for (const { kind, from, to } of piecesOf(inside)) {
    add("between", from);
    add(kind, to);
  }
  add("between", address + bytes);
  return spans;
}

/** The bytes of each kind. */
export function bytesByKind(spans: readonly Span[]): Record<SpanKind, number> {
  const sums = { header: 0, asked: 0, rounded: 0, free: 0, between: 0 };
  for (const { kind, from, to } of spans) sums[kind] += to - from;
  return sums;
}

/** The blocks that have bytes in the page, and not their header alone. */
export const blocksIn = ({ address, bytes, blocks }: PageInside): Block[] =>
  blocks.filter((block) => block.address < address + bytes);

/** Free blocks of a list side by side. */
export interface FreeRun extends FreeBlock {
  count: number;
}

/** What is free, with neighbours of the same list as one. */
export function freeRuns(free: readonly FreeBlock[]): FreeRun[] {
  const runs: FreeRun[] = [];
  for (const { address, bytes, list } of free) {
    const last = runs.at(-1);
    if (last?.list === list && last.address + last.bytes === address) {
      last.bytes += bytes;
      last.count++;
    } else runs.push({ address, bytes, list, count: 1 });
  }
  return runs;
}

/** The bytes in the page that are free, by list. */
export function freeByList({ address, bytes, free = [] }: PageInside): Map<string, number> {
  const sums = new Map<string, number>();
  for (const block of free) {
    const end = Math.min(address + bytes, block.address + block.bytes);
    sums.set(block.list, (sums.get(block.list) ?? 0) + end - Math.max(address, block.address));
  }
  return sums;
}
