/**
 * Fastbins: freed chunks of up to 128 bytes, if not set otherwise, one list for each size, last in first out. A fast chunk is
 * still marked as in use, so nothing merges with it until a consolidation empties the fastbins. The
 * list heads are part of the arena, outside simulated memory (bins.ts).
 *
 *      fast chunk     +16: the next chunk, mixed with the address of this word >> 12
 */

import { loadAt, storeAt } from "../../machine/access";
import { MIN_CHUNK, sizeOf } from "./chunk";
import { stop } from "./messages";

/** The largest size that can have one. */
const MOST: u64 = 160;
/** Sizes that can have one. */
export const COUNT: u32 = 9;
/** The largest size that has one; below MIN_CHUNK if none has. */
export let largest: u64 = 128;

export const HEADS_BYTES: u32 = 8 * 9;
/** Where the heads of the lists are in linear memory. */
let heads: usize = memory.data(HEADS_BYTES, 8);
/** A fastbin may hold a chunk. While this is false, all are empty. */
export let mayHold: bool = false;

/** What an arena has of its own here. */
@unmanaged
export class FastbinsOfArena {
  heads: usize;
  mayHold: bool;

  save(): void {
    this.heads = heads;
    this.mayHold = mayHold;
  }

  restore(): void {
    heads = this.heads;
    mayHold = this.mayHold;
  }
}

/** Sets the largest request whose chunk has one. Returns false for one that cannot. */
export function setLargest(bytes: u64): bool {
  if (bytes > MOST) return false;
  largest = (bytes + 8) & ~15;
  return true;
}

/** Begins with empty fastbins. `headsAt`: HEADS_BYTES of linear memory. */
export function begin(headsAt: usize): void {
  heads = headsAt;
  memory.fill(heads, 0, HEADS_BYTES);
  mayHold = false;
}

function headAt(size: u64): usize {
  if (isDefined(ZP_CHECK))
    assert(size >= MIN_CHUNK && size <= MOST, "a fastbin has chunks of 32 to 160 bytes");
  return heads + ((<usize>(size - MIN_CHUNK) >> 4) << 3);
}

/** The chunk of a size that was freed last; 0 when there is none. */
export function first(size: u64): u64 {
  return load<u64>(headAt(size));
}

function linkOf(chunk: u64): u64 {
  return loadAt<u64>(chunk + 16) ^ ((chunk + 16) >> 12);
}

export function put(chunk: u64, size: u64): void {
  if (isDefined(ZP_CHECK)) assert(((chunk | size) & 15) == 0, "a fast chunk is aligned, and so is its size");
  const head = headAt(size);
  storeAt<u64>(chunk + 16, load<u64>(head) ^ ((chunk + 16) >> 12));
  store<u64>(head, chunk);
  mayHold = true;
}

/** Takes the chunk of a size that was freed last; 0 when there is none. Aborts with the message when misaligned. */
export function take(size: u64, message: u64): u64 {
  const head = headAt(size);
  const chunk = load<u64>(head);
  if (!chunk) return 0;
  if (chunk & 15) stop(message, chunk);
  store<u64>(head, linkOf(chunk));
  return chunk;
}

/** The chunk is of the fastbin of a size. Measured: a wrong size of that bin, such as 56 for 48, goes unnoticed. */
export function belongs(chunk: u64, size: u64): bool {
  return sizeOf(chunk) >> 4 == size >> 4;
}

/** A consolidation is about to empty all fastbins. */
export function emptied(): void {
  mayHold = false;
}

/** The size of the chunks in a fastbin, by its number. */
export function sizeAt(number: u32): u64 {
  return MIN_CHUNK + 16 * number;
}

/** How many chunks of a size there are. Reads every one, as the real allocator does. */
export function countOf(size: u64): u64 {
  let count: u64 = 0;
  for (let chunk = first(size); chunk; chunk = linkOf(chunk)) count++;
  return count;
}

/** Chunks in all fastbins, and their bytes, when last counted. */
export let chunks: u64 = 0;
export let bytes: u64 = 0;

/** Counts `chunks` and `bytes`. */
export function tally(): void {
  chunks = 0;
  bytes = 0;
  for (let i: u32 = 0; i < COUNT; i++) {
    const count = countOf(sizeAt(i));
    chunks += count;
    bytes += count * sizeAt(i);
  }
}
