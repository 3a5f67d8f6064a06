/**
 * A pool: blocks of one class, behind a header, at a multiple of its size.
 *
 *      0       8      16     24         32      36      40       44            48
 *      ├───────┼──────┼──────┼──────────┼───────┼───────┼────────┼─────────────┼───────┬───────┬───
 *      │ count │ free │ next │ previous │ arena │ class │ virgin │ last virgin │ block │ block │ …
 *      └───────┴──────┴──────┴──────────┴───────┴───────┴────────┴─────────────┴───────┴───────┴───
 *
 * `count` blocks are handed out. `free` leads to blocks that were freed, each linked by its first word to the next, and
 * to one that never was handed out, which is prepared ahead. From the offset `virgin` on, blocks have not been touched;
 * `last virgin` is where the last can be. `next` and `previous` link the pools of a class that are partly used; `next`
 * alone links the free ones of an arena.
 */
import { hostOf, loadAt, storeAt } from "../../machine/access";
import { poolBytes, stepShift } from "./version";

export const COUNT: u64 = 0;
export const FREE: u64 = 8;
export const NEXT: u64 = 16;
export const PREVIOUS: u64 = 24;
export const ARENA: u64 = 32;
export const CLASS: u64 = 36;
export const VIRGIN: u64 = 40;
export const LAST_VIRGIN: u64 = 44;
export const HEADER_BYTES: u64 = 48;
/** The class of a pool that never had blocks. */
const NO_CLASS: u32 = 0xffff;

/** Bytes of a block of a class. */
export function blockBytes(index: u32): u64 {
  return (<u64>index + 1) << stepShift;
}

export function arenaOf(pool: u64): u32 {
  return loadAt<u32>(pool + ARENA);
}

export function classOf(pool: u64): u32 {
  return loadAt<u32>(pool + CLASS);
}

export function nextOf(pool: u64): u64 {
  return loadAt<u64>(pool + NEXT);
}

export function setNext(pool: u64, next: u64): void {
  storeAt<u64>(pool + NEXT, next);
}

/** Writes the header of a pool that never was one. */
export function carve(pool: u64, arena: u32): void {
  storeAt<u32>(pool + ARENA, arena);
  storeAt<u32>(pool + CLASS, NO_CLASS);
}

/** Hands out the first block of a pool without any: as it was left, if it was of this class. */
export function begin(pool: u64, index: u32): u64 {
  storeAt<u32>(pool + COUNT, 1);
  if (classOf(pool) == index) {
    const block = loadAt<u64>(pool + FREE);
    storeAt<u64>(pool + FREE, loadAt<u64>(block));
    return block;
  }
  const bytes = blockBytes(index);
  const block = pool + HEADER_BYTES;
  storeAt<u32>(pool + CLASS, index);
  storeAt<u32>(pool + VIRGIN, <u32>(HEADER_BYTES + 2 * bytes));
  storeAt<u32>(pool + LAST_VIRGIN, <u32>(poolBytes - bytes));
  storeAt<u64>(pool + FREE, block + bytes);
  storeAt<u64>(block + bytes, 0);
  return block;
}

/** The block that is handed out next. Its first word is what `take` is to be told. */
export function nextBlock(pool: u64): u64 {
  return loadAt<u64>(pool + FREE);
}

/** Hands out the next block of a pool that is partly used. */
export function take(pool: u64, next: u64): void {
  const header = hostOf(pool);
  store<u32>(header, load<u32>(header, <usize>COUNT) + 1, <usize>COUNT);
  store<u64>(header, next, <usize>FREE);
}

/** Prepares a block ahead. Returns whether there was one. */
export function prepare(pool: u64, index: u32): bool {
  const virgin = loadAt<u32>(pool + VIRGIN);
  if (virgin > loadAt<u32>(pool + LAST_VIRGIN)) return false;
  storeAt<u64>(pool + FREE, pool + virgin);
  storeAt<u32>(pool + VIRGIN, virgin + <u32>blockBytes(index));
  storeAt<u64>(pool + virgin, 0);
  return true;
}

/** The class of the pool that the last block was given back to, and how many blocks of it are still handed out. */
export let givenClass: u32 = 0;
export let givenLeft: u32 = 0;

/** Takes a block back. Returns whether there was none to hand out before. */
export function give(pool: u64, block: u64): bool {
  const header = hostOf(pool);
  const before = load<u64>(header, <usize>FREE);
  givenClass = load<u32>(header, <usize>CLASS);
  givenLeft = load<u32>(header, <usize>COUNT) - 1;
  store<u64>(header, block, <usize>FREE);
  store<u32>(header, givenLeft, <usize>COUNT);
  storeAt<u64>(block, before);
  return !before;
}
