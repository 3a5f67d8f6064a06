/**
 * The radix tree, which finds the extent of an address: a word for each page, in leaves of 2 MiB for each GiB of
 * addresses that has any. It lies in simulated memory, as its pages cost what the real one's do.
 *
 *      page     first          last
 *      word     ●   0   0   0   ●        the extent's record, and in a slab of each page
 *
 * All other words are zero.
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { reserveOwn } from "../../machine/frames";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { arenaAt, MAIN } from "./arena";
import { CACHE_LINE, takeMetadata } from "./base";
import { PAGE, PAGE_SHIFT } from "./classes";
import { Extent } from "./extent";

const LEAF_BITS: u64 = 18;
const LEAF_WORDS: u64 = 1 << LEAF_BITS;
const LEAF_SHIFT: u64 = LEAF_BITS + PAGE_SHIFT;
const LEAVES: u64 = ADDRESS_LIMIT >> LEAF_SHIFT;

/** The leaf of each GiB, or 0: the root, which is in the library's own data. */
let root: usize = 0;

export function start(): void {
  root = reserveOwn(<usize>(8 * LEAVES));
}

function wordIn(leaf: u64, address: u64): u64 {
  return leaf + 8 * ((address >> PAGE_SHIFT) & (LEAF_WORDS - 1));
}

function leafOf(address: u64): u64 {
  return address < ADDRESS_LIMIT ? load<u64>(root + 8 * <usize>(address >> LEAF_SHIFT)) : 0;
}

/** Makes the leaf for an address, unless it is there. Returns whether it is. */
export function ensureLeaf(address: u64): bool {
  if (leafOf(address)) return true;
  const leaf = takeMetadata(arenaAt(MAIN).base, 8 * LEAF_WORDS, CACHE_LINE);
  store<u64>(root + 8 * <usize>(address >> LEAF_SHIFT), leaf);
  return leaf != 0;
}

/** The extent that an address is in, if it is in the first or last page of one, or in a slab; else null. */
export function extentAt(address: u64): Extent | null {
  const leaf = leafOf(address);
  return leaf ? changetype<Extent | null>(<usize>loadAt<u64>(wordIn(leaf, address))) : null;
}

function set(address: u64, extent: Extent | null): void {
  storeAt<u64>(wordIn(leafOf(address), address), changetype<usize>(extent));
}

/** Makes an extent known by its first and last page. Returns whether there was room for leaves. */
export function register(extent: Extent): bool {
  const last = extent.end - PAGE;
  if (!ensureLeaf(extent.base) || !ensureLeaf(last)) return false;
  set(extent.base, extent);
  set(last, extent);
  return true;
}

/** Nothing is known of what is about to be unmapped. */
export function forget(extent: Extent): void {
  set(extent.base, null);
  set(extent.end - PAGE, null);
}

/** Makes a slab known by every page. */
export function registerSlab(slab: Extent): void {
  for (let at = slab.base; at < slab.end; at += PAGE) set(at, slab);
}

/** Leaves what was a slab known by its first and last page. */
export function forgetSlab(slab: Extent): void {
  for (let at = slab.base + PAGE; at < slab.end - PAGE; at += PAGE) set(at, null);
}

/** Two extents are about to be one, whose border nothing is known by. */
export function forgetBorder(border: u64): void {
  set(border - PAGE, null);
  set(border, null);
}

/** `extentAt` without touching, for validators. */
export function peekExtent(address: u64): Extent | null {
  const leaf = leafOf(address);
  return leaf ? changetype<Extent | null>(<usize>peek<u64>(wordIn(leaf, address))) : null;
}
