/**
 * Chunks, as glibc 2.36 lays them out on x86-64. A chunk's address is that of its first word; the
 * program's pointer is 16 bytes further on. While the chunk before is in use, the first word is part
 * of that one's memory.
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
import { changeAt, loadAt, storeAt } from "../../machine/access";

// Flags in the size word.
/** The chunk before is in use, or is one that must not be merged. */
export const PREV_INUSE: u64 = 1;
/** The chunk is a mapping of its own. */
export const MMAPPED: u64 = 2;
/** The chunk is in the heap of an arena that is not the main one. Set while a program, or a list of such chunks, has it. */
export const NON_MAIN: u64 = 4;
/** All flags. */
export const FLAGS: u64 = 7;

/** NON_MAIN in an arena that is not the main one, else 0: the flag of chunks that are handed out. */
export let ofArena: u64 = 0;

export function setOfArena(flag: u64): void {
  ofArena = flag;
}

// A chunk that is no fencepost: its address and its size are multiples of 16, its size at least MIN_CHUNK.

export const MIN_CHUNK: u64 = 32;
/** Smaller chunks have bins of one size each. */
export const MIN_LARGE: u64 = 1024;
const LARGEST_REQUEST: u64 = 0x7fff_ffff_ffff_ffff;

/** Chunk size for a request in bytes; 0 when the request is too large. */
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

/** The size word: the size and the flags. */
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

/** Marks a chunk that is handed out as the arena's. */
export function own(chunk: u64): void {
  if (ofArena) addFlag(chunk, ofArena);
}

function addFlag(chunk: u64, flag: u64): void {
  changeAt(chunk + 8, ~flag, flag);
}

/** Changes the size and keeps the flags. */
export function setSize(chunk: u64, size: u64): void {
  changeAt(chunk + 8, FLAGS, size);
}

/** The first word: size of a free chunk before this one; of a mapped chunk, bytes from where its mapping starts. */
export function beforeOf(chunk: u64): u64 {
  return loadAt<u64>(chunk);
}

export function setBefore(chunk: u64, size: u64): void {
  storeAt<u64>(chunk, size);
}

/** The chunk behind it says that the chunk of `size` bytes is in use. */
export function isInUse(chunk: u64, size: u64): bool {
  return (headOf(chunk + size) & PREV_INUSE) != 0;
}

export function markInUse(chunk: u64, size: u64): void {
  changeAt(chunk + size + 8, ~PREV_INUSE, PREV_INUSE);
}
