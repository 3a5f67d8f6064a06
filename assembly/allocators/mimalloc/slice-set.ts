/**
 * Sets of the slices of a segment: a bit each, 512 in all.
 *
 *      slice    0          63 64        127          448        511
 *               ├── word 0 ──┼── word 1 ──┼── … ──┼──  word 7  ──┤
 */

export const SLICES: u32 = 512;
export const SET_BYTES: usize = 64;
const WORDS: u32 = 8;

/** A set, by its address. */
export type SliceSet = usize;

/** The bits of a word that stand for slices of [from, to). */
function bitsIn(word: u32, from: u32, to: u32): u64 {
  const start: u32 = 64 * word;
  if (to <= start || from >= start + 64) return 0;
  const low = from > start ? from - start : 0;
  const above = to >= start + 64 ? u64.MAX_VALUE : ((<u64>1) << (to - start)) - 1;
  return above & ~(((<u64>1) << low) - 1);
}

function at(set: SliceSet, word: u32): u64 {
  return load<u64>(set + 8 * word);
}

function put(set: SliceSet, word: u32, bits: u64): void {
  store<u64>(set + 8 * word, bits);
}

export function empty(set: SliceSet): void {
  memory.fill(set, 0, SET_BYTES);
}

export function fill(set: SliceSet): void {
  memory.fill(set, 0xff, SET_BYTES);
}

export function copyOf(to: SliceSet, from: SliceSet): void {
  memory.copy(to, from, SET_BYTES);
}

export function isEmpty(set: SliceSet): bool {
  for (let word: u32 = 0; word < WORDS; word++) if (at(set, word)) return false;
  return true;
}

export function isFull(set: SliceSet): bool {
  return has(set, 0, SLICES);
}

/** Whether all slices of [from, to) are in the set. */
export function has(set: SliceSet, from: u32, to: u32): bool {
  for (let word: u32 = from >> 6; word < WORDS; word++)
    if (bitsIn(word, from, to) & ~at(set, word)) return false;
  return true;
}

/** Whether any slice of [from, to) is. */
export function meets(set: SliceSet, from: u32, to: u32): bool {
  for (let word: u32 = from >> 6; word < WORDS; word++)
    if (bitsIn(word, from, to) & at(set, word)) return true;
  return false;
}

export function add(set: SliceSet, from: u32, to: u32): void {
  for (let word: u32 = from >> 6; word < WORDS; word++)
    put(set, word, at(set, word) | bitsIn(word, from, to));
}

export function remove(set: SliceSet, from: u32, to: u32): void {
  for (let word: u32 = from >> 6; word < WORDS; word++)
    put(set, word, at(set, word) & ~bitsIn(word, from, to));
}

/** Adds the slices of [from, to) that another set has. */
export function addCommon(set: SliceSet, other: SliceSet, from: u32, to: u32): void {
  for (let word: u32 = from >> 6; word < WORDS; word++) {
    put(set, word, at(set, word) | (at(other, word) & bitsIn(word, from, to)));
  }
}

/** The first slice of the set from one on; SLICES if there is none. */
export function firstIn(set: SliceSet, from: u32): u32 {
  return firstOf(set, from, 0);
}

/** The first slice from one on that is not in the set; SLICES if all are. */
export function endIn(set: SliceSet, from: u32): u32 {
  return firstOf(set, from, u64.MAX_VALUE);
}

function firstOf(set: SliceSet, from: u32, flipped: u64): u32 {
  for (let word: u32 = from >> 6; word < WORDS; word++) {
    const bits = (at(set, word) ^ flipped) & bitsIn(word, from, SLICES);
    if (bits) return 64 * word + <u32>ctz(bits);
  }
  return SLICES;
}

/** How many slices of [from, to) are in the set. */
export function count(set: SliceSet, from: u32, to: u32): u32 {
  let sum: u64 = 0;
  for (let word: u32 = from >> 6; word < WORDS; word++) sum += popcnt(bitsIn(word, from, to) & at(set, word));
  return <u32>sum;
}
