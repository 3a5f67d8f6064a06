/**
 * Fastbins: freed chunks of up to 128 bytes, one list a size, last in first out. Their neighbours take
 * them for in use, so they are not merged until the arena consolidates. The heads belong to the
 * arena, outside simulated memory (bins.ts).
 *
 *      fast chunk     +16: the next chunk, mixed with its own place >> 12
 */

import { loadAt, storeAt } from "../../machine/access";
import { MIN_CHUNK, sizeOf } from "./chunk";
import { stop } from "./messages";

export const LARGEST: u64 = 128;
const COUNT: u32 = 7;

const HEADS: usize = memory.data(8 * 7, 8);
/** Something may be in a fastbin. */
export let mayHold: bool = false;

function headAt(size: u64): usize {
  return HEADS + ((<usize>(size - MIN_CHUNK) >> 4) << 3);
}

/** The chunk freed last of a size; 0 when there is none. */
export function first(size: u64): u64 {
  return load<u64>(headAt(size));
}

function linkOf(chunk: u64): u64 {
  return loadAt<u64>(chunk + 16) ^ ((chunk + 16) >> 12);
}

export function put(chunk: u64, size: u64): void {
  const head = headAt(size);
  storeAt<u64>(chunk + 16, load<u64>(head) ^ ((chunk + 16) >> 12));
  store<u64>(head, chunk);
  mayHold = true;
}

/** Takes the chunk freed last of a size; 0 when there is none. Stops with the message when it is misaligned. */
export function take(size: u64, message: u64): u64 {
  const head = headAt(size);
  const chunk = load<u64>(head);
  if (!chunk) return 0;
  if (chunk & 15) stop(message, chunk);
  store<u64>(head, linkOf(chunk));
  return chunk;
}

/** Measured: a size that belongs into the same bin, such as 56 for 48, goes unnoticed. */
export function belongs(chunk: u64, size: u64): bool {
  return sizeOf(chunk) >> 4 == size >> 4;
}

/** Says that a consolidation is emptying all bins. */
export function emptied(): void {
  mayHold = false;
}

/** Chunks in all fastbins, and their bytes: counted by `tally`. */
export let chunks: u64 = 0;
export let bytes: u64 = 0;

export function tally(): void {
  chunks = 0;
  bytes = 0;
  for (let i: u32 = 0; i < COUNT; i++) {
    const size = MIN_CHUNK + 16 * i;
    for (let chunk = first(size); chunk; chunk = linkOf(chunk)) {
      chunks++;
      bytes += size;
    }
  }
}
