/**
 * How a region knows its blocks: what its metadata says of each, and where the links of free ones
 * are. There are two ways: bitmaps (tiny-blocks.ts) and 2-byte words (word-blocks.ts). Blocks are
 * addresses and sizes are quanta. All of it is in simulated memory, so that it touches pages.
 */
import { Rack } from "./rack";

export abstract class Blocks {
  /** Writes a new region's metadata, but for its trailer and the marks of its first block. */
  abstract begin(rack: Rack, region: u64): void;
  /** Whether a live block, or the one freed last, starts at the address, which is in a region. */
  abstract isLive(rack: Rack, address: u64): bool;
  /** Whether a free block starts at the address, which is a quantum's. */
  abstract startsFree(rack: Rack, address: u64): bool;
  /** Size of the live block, or the one freed last, that starts at the address, which is in a region; 0 when none does. */
  abstract liveAt(rack: Rack, address: u64): u64;
  /** Size of a live block. */
  abstract sizeOf(rack: Rack, block: u64): u64;
  /** Size of the free block that starts at this address, or that ends there; 0 when none does. */
  abstract freeAt(rack: Rack, block: u64): u64;
  abstract freeBefore(rack: Rack, block: u64): u64;
  abstract markLive(rack: Rack, block: u64, quanta: u64): void;
  /** Marks a block as live that begins what was never handed out. So does what is left, which looks like a live block. */
  abstract markBump(rack: Rack, block: u64, quanta: u64, left: u64): void;
  /** Takes the marks back of what was never handed out. */
  abstract unmarkRest(rack: Rack, rest: u64, quanta: u64): void;
  /** Marks a block as free, and makes room for its links. */
  abstract markFree(rack: Rack, block: u64, quanta: u64): void;
  /** Takes the links out of a free block. */
  abstract dropLinks(rack: Rack, block: u64): void;
  /** Takes back the marks of a free block without links, except that a block starts there. */
  abstract unmark(rack: Rack, block: u64, quanta: u64): void;
  /** No block starts there any more: it is part of the one before. */
  abstract absorb(rack: Rack, block: u64): void;

  abstract nextOf(rack: Rack, block: u64): u64;
  abstract previousOf(rack: Rack, block: u64): u64;
  abstract setNext(rack: Rack, block: u64, next: u64): void;
  abstract setPrevious(rack: Rack, block: u64, previous: u64): void;
  /** Both at once. */
  abstract setLinks(rack: Rack, block: u64, next: u64, previous: u64): void;

  /** Bytes at the start, and the end, of a free block that hold its links and sizes. */
  abstract linkBytes(rack: Rack, block: u64): u64;
  abstract tailBytes(): u64;

  /** Whether what the kernel was told of blocks is remembered (advice.ts). */
  abstract remembersAdvice(): bool;

  // ---- For the validator (check.ts): these touch nothing ----

  /** Size of the block, live or free, that starts at the address, which is in a region; 0 when none does. */
  abstract peekQuanta(rack: Rack, block: u64): u64;
  abstract peekIsFree(rack: Rack, block: u64): bool;
  abstract peekNext(rack: Rack, block: u64): u64;
  abstract peekPrevious(rack: Rack, block: u64): u64;
  /** Asserts what must hold of a block's marks. Returns how many out-of-band entries it has: 0 or 1. */
  abstract checkBlock(rack: Rack, block: u64, quanta: u64, isFree: bool): u64;
  /** Asserts what must hold of a region's metadata. Its blocks end at `end`, and have so many entries. */
  abstract checkRegion(rack: Rack, region: u64, end: u64, entries: u64): void;
}
