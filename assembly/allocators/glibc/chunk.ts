/**
 * Chunks, as glibc 2.36 lays them out on x86-64. A chunk's address is that of its first word; the
 * program's pointer is 16 bytes on. The first word belongs to the chunk before while that is in use.
 *
 *      p          8          16         24         32         40         p + size
 *      ├──────────┼──────────┼──────────┼──────────┼──────────┼────── … ─┼──────────
 *      │ size of  │ size and │ the program's memory                      │ …
 *      │ the free │ flags    ├──────────┬──────────┬──────────┬────── … ─┤
 *      │ one      │          │ next in  │ previous │ next     │ previous │ its size,
 *      │ before   │          │ its bin  │ in bin   │ size     │ size     │ when free
 *      └──────────┴──────────┴──────────┴──────────┴──────────┴────── … ─┘
 *                                                  only in large bins
 */
import { loadAt, storeAt } from "../../machine/access";

/** Flags in the size word. */
export const PREV_INUSE: u64 = 1;
export const MMAPPED: u64 = 2;
const FLAGS: u64 = 7;

export const MIN_CHUNK: u64 = 32;
/** Chunks below are small: their bins hold one size each. */
export const MIN_LARGE: u64 = 1024;
const LARGEST_REQUEST: u64 = 0x7fff_ffff_ffff_ffff;

/** Chunk size for a request; 0 when it is too large. */
export function chunkFor(bytes: u64): u64 {
  if (bytes > LARGEST_REQUEST) return 0;
  return max(MIN_CHUNK, (bytes + 8 + 15) & ~15);
}

export function toChunk(pointer: u64): u64 {
  return pointer - 16;
}

export function toPointer(chunk: u64): u64 {
  return chunk + 16;
}

/** Size word with its flags. */
export function headOf(chunk: u64): u64 {
  return loadAt<u64>(chunk + 8);
}

export function setHead(chunk: u64, head: u64): void {
  storeAt<u64>(chunk + 8, head);
}

export function withoutFlags(head: u64): u64 {
  return head & ~FLAGS;
}

export function sizeOf(chunk: u64): u64 {
  return headOf(chunk) & ~FLAGS;
}

/** Changes the size and keeps the flags. */
export function setSize(chunk: u64, size: u64): void {
  setHead(chunk, (headOf(chunk) & FLAGS) | size);
}

/** The word that says how large a free chunk before this one is, or where a mapping begins. */
export function beforeOf(chunk: u64): u64 {
  return loadAt<u64>(chunk);
}

export function setBefore(chunk: u64, size: u64): void {
  storeAt<u64>(chunk, size);
}

/** The chunk of `size` bytes is in use, by what the one behind it says. */
export function isInUse(chunk: u64, size: u64): bool {
  return (headOf(chunk + size) & PREV_INUSE) != 0;
}

export function markInUse(chunk: u64, size: u64): void {
  setHead(chunk + size, headOf(chunk + size) | PREV_INUSE);
}
