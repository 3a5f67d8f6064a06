/**
 * The page map, which finds the span of a page: a word for each, in leaves for each 2 GiB of addresses that has any.
 *
 *      page     first              last
 *      word     ●    0    0    0   ●         the span; in one of a class each page has it
 *
 * The real leaves are of 2 MiB of metadata, and cleared when they are made. The model's words lie elsewhere; what is
 * written to a real leaf is touched there.
 */
import { clear, fill, touch } from "../../machine/access";
import { reserveOwn } from "../../machine/frames";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { PAGE_SHIFT } from "./classes";
import * as metadata from "./metadata";
import { Span } from "./span";

const LEAF_BITS: u64 = 18;
const LEAF_PAGES: u64 = 1 << LEAF_BITS;
const REAL_WORD: u64 = 8;
const LEAVES: u64 = ADDRESS_LIMIT >> (PAGE_SHIFT + LEAF_BITS);

/** For each leaf that may be: its words, or 0; and the address of the real one. */
const LEAF_WORDS: usize = memory.data(4 * <i32>LEAVES, 4);
let realLeaves: usize = 0;

/** Whether clearing counts: not before main. */
let isCounted: bool = false;

export function start(): void {
  realLeaves = reserveOwn(<usize>(8 * LEAVES));
}

export function startCounting(): void {
  isCounted = true;
}

function leafOf(page: u64): usize {
  return load<u32>(LEAF_WORDS + 4 * <usize>(page >> LEAF_BITS));
}

/** Makes the leaves for [first, first + pages) and a page at each side. Returns whether there was room. */
export function ensure(first: u64, pages: u64): bool {
  for (let leaf = (first - 1) >> LEAF_BITS; leaf <= (first + pages) >> LEAF_BITS; leaf++) {
    if (!load<u32>(LEAF_WORDS + 4 * <usize>leaf) && !makeLeaf(<usize>leaf)) return false;
  }
  return true;
}

function makeLeaf(leaf: usize): bool {
  const real = metadata.take(REAL_WORD * LEAF_PAGES);
  if (!real) return false;
  if (isCounted) clear(real, REAL_WORD * LEAF_PAGES);
  else fill(real, 0, REAL_WORD * LEAF_PAGES);
  store<u64>(realLeaves + 8 * leaf, real);
  store<u32>(LEAF_WORDS + 4 * leaf, <u32>reserveOwn(<usize>(4 * LEAF_PAGES)));
  return true;
}

function wordIn(leaf: usize, page: u64): usize {
  return leaf + 4 * <usize>(page & (LEAF_PAGES - 1));
}

/** The span of a page, if it is the first or last of one, or in one of a class; else null. */
export function spanAt(page: u64): Span | null {
  if (page >> LEAF_BITS >= LEAVES) return null;
  const leaf = leafOf(page);
  return leaf ? changetype<Span | null>(<usize>load<u32>(wordIn(leaf, page))) : null;
}

function set(page: u64, span: Span): void {
  const real = load<u64>(realLeaves + 8 * <usize>(page >> LEAF_BITS));
  touch(real + REAL_WORD * (page & (LEAF_PAGES - 1)), REAL_WORD, true);
  store<u32>(wordIn(leafOf(page), page), <u32>changetype<usize>(span));
}

/** Makes a span known by its first and last page. */
export function register(span: Span): void {
  set(span.first, span);
  set(span.end - 1, span);
}

/** Makes a span of a class known by every page. */
export function registerAll(span: Span): void {
  for (let page = span.first; page < span.end; page++) set(page, span);
}

/** Leaves a span known by no page. The real one leaves its words as they are, and does not look at them. */
export function forget(span: Span): void {
  if (!span.sizeClass) {
    store<u32>(wordIn(leafOf(span.first), span.first), 0);
    store<u32>(wordIn(leafOf(span.end - 1), span.end - 1), 0);
    return;
  }
  for (let page = span.first; page < span.end; page++) store<u32>(wordIn(leafOf(page), page), 0);
}

// ---- For validators ----

/** The first page from `page` on that has a leaf; 0 if there is none. */
export function mappedFrom(page: u64): u64 {
  for (let at = page; at >> LEAF_BITS < LEAVES; at = ((at >> LEAF_BITS) + 1) << LEAF_BITS) {
    if (leafOf(at)) return at;
  }
  return 0;
}
