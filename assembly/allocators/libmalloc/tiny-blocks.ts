/**
 * Tiny blocks: two bits of each quantum say whether a block starts there (header) and whether it is in
 * use. A block reaches to the next header; there is one behind the last block handed out too. A free
 * block of more than a quantum also holds its size, at both ends.
 *
 *      region   0             1,032,320   1,032,440                       1 MiB
 *               ├─────────────┼───────────┼───────────────────────────────┤
 *               │ 64,520 × 16 │  trailer  │ (header u32, in use u32) × 2017│
 *               └─────────────┴───────────┴───────────────────────────────┘
 *      free     0          8        16      18          size - 2
 *               ├──────────┼────────┼───────┼─────  … ──┼───────┤
 *               │ previous │  next  │ quanta│           │ quanta│
 *               └──────────┴────────┴───────┴─────  … ──┴───────┘
 *
 * That the trailer comes before the bits, and the order of the links, is our choice.
 */
import { loadAt, peek, storeAt, storePairAt } from "../../machine/access";
import { Blocks } from "./blocks";
import { Rack } from "./rack";

export const TINY_QUANTA: u64 = 64_520;
const REGION_MASK: u64 = (1 << 20) - 1;
const PAIRS: u64 = 2017;
const BITMAPS: u64 = (1 << 20) - PAIRS * 8;
const IN_USE: u64 = 1 << 32;
const START: u64 = 1;

function indexOf(block: u64): u64 {
  return (block & REGION_MASK) >> 4;
}

/** Address of the pair of words that holds a quantum's bits. */
function pairAt(region: u64, index: u64): u64 {
  return region + BITMAPS + ((index >> 5) << 3);
}

/** A quantum's bits: START, and IN_USE. */
function bitsOf(block: u64, index: u64): u64 {
  return loadAt<u64>(pairAt(block & ~REGION_MASK, index)) >> (index & 31);
}

function setBits(region: u64, index: u64, set: u64, clear: u64): void {
  const pair = pairAt(region, index);
  const old = loadAt<u64>(pair);
  const changed = (old & ~(clear << (index & 31))) | (set << (index & 31));
  if (changed != old) storeAt<u64>(pair, changed);
}

export class TinyBlocks extends Blocks {
  begin(rack: Rack, region: u64): void {
    storeAt<u64>(pairAt(region, 0), START);
    storeAt<u64>(pairAt(region, TINY_QUANTA), START << (TINY_QUANTA & 31));
  }

  isLive(rack: Rack, address: u64): bool {
    const index = indexOf(address);
    if (address & 15 || index >= TINY_QUANTA) return false;
    return (bitsOf(address, index) & (START | IN_USE)) == (START | IN_USE);
  }

  sizeOf(rack: Rack, block: u64): u64 {
    const index = indexOf(block);
    let at = index + 1;
    let headers = <u32>bitsOf(block, at) & (u32.MAX_VALUE >> <u32>(at & 31));
    while (!headers) {
      at = (at | 31) + 1;
      headers = <u32>bitsOf(block, at);
    }
    return at + ctz(headers) - index;
  }

  freeAt(rack: Rack, block: u64): u64 {
    const index = indexOf(block);
    if (bitsOf(block, index) & IN_USE) return 0;
    return bitsOf(block, index + 1) & START ? 1 : loadAt<u16>(block + 16);
  }

  /** The last bytes of a live block may look like a size, so the block they lead to must agree. */
  freeBefore(rack: Rack, block: u64): u64 {
    const index = indexOf(block);
    const last = bitsOf(block, index - 1);
    if (last & START) return last & IN_USE ? 0 : 1;
    const quanta = <u64>loadAt<u16>(block - 2);
    if (quanta < 2 || quanta > index) return 0;
    if ((bitsOf(block, index - quanta) & (START | IN_USE)) != START) return 0;
    return this.freeAt(rack, block - (quanta << 4)) == quanta ? quanta : 0;
  }

  markLive(rack: Rack, block: u64, quanta: u64): void {
    const region = block & ~REGION_MASK;
    const index = indexOf(block);
    setBits(region, index, START | IN_USE, 0);
    setBits(region, index + quanta, START, 0);
  }

  markFree(rack: Rack, block: u64, quanta: u64): void {
    setBits(block & ~REGION_MASK, indexOf(block), START, IN_USE);
    if (quanta < 2) return;
    storeAt<u16>(block + 16, <u16>quanta);
    storeAt<u16>(block + (quanta << 4) - 2, <u16>quanta);
  }

  /** A block that was cleared when it was freed must read as zero again. */
  unmark(rack: Rack, block: u64, quanta: u64): void {
    if (!rack.clearsOnFree) return;
    storeAt<u64>(block, 0);
    storeAt<u64>(block + 8, 0);
    if (quanta < 2) return;
    storeAt<u16>(block + 16, 0);
    storeAt<u16>(block + (quanta << 4) - 2, 0);
  }

  absorb(rack: Rack, block: u64): void {
    setBits(block & ~REGION_MASK, indexOf(block), 0, START | IN_USE);
  }

  nextOf(rack: Rack, block: u64): u64 {
    return loadAt<u64>(block + 8);
  }

  previousOf(rack: Rack, block: u64): u64 {
    return loadAt<u64>(block);
  }

  setNext(rack: Rack, block: u64, next: u64): void {
    storeAt<u64>(block + 8, next);
  }

  setPrevious(rack: Rack, block: u64, previous: u64): void {
    storeAt<u64>(block, previous);
  }

  setLinks(rack: Rack, block: u64, next: u64, previous: u64): void {
    storePairAt(block, previous, next);
  }

  headBytes(rack: Rack, block: u64): u64 {
    return 18;
  }

  tailBytes(): u64 {
    return 2;
  }

  // ---- Checking ----

  peekQuanta(rack: Rack, block: u64): u64 {
    const index = indexOf(block);
    return peekBits(block, index) & START ? nextStart(block, index) - index : 0;
  }

  peekIsFree(rack: Rack, block: u64): bool {
    return !(peekBits(block, indexOf(block)) & IN_USE);
  }

  peekNext(rack: Rack, block: u64): u64 {
    return peek<u64>(block + 8);
  }

  peekPrevious(rack: Rack, block: u64): u64 {
    return peek<u64>(block);
  }

  checkBlock(rack: Rack, block: u64, quanta: u64, isFree: bool): u64 {
    if (!isFree || quanta < 2) return 0;
    assert(peek<u16>(block + 16) == quanta, "a free block begins with its size");
    assert(peek<u16>(block + (quanta << 4) - 2) == quanta, "a free block ends with its size");
    return 0;
  }

  checkRegion(rack: Rack, region: u64, end: u64, entries: u64): void {
    for (let pair: u64 = 0; pair < PAIRS; pair++) {
      const bits = peek<u64>(region + BITMAPS + (pair << 3));
      assert(!((bits >> 32) & ~bits), "only where a block starts is a bit that it is in use");
    }
    assert(peekBits(region, TINY_QUANTA) & START, "a region's last block ends at a header");
    const handedOut = (end - region) >> 4;
    if (handedOut == TINY_QUANTA) return;
    const rest = peekBits(region, handedOut) & (START | IN_USE);
    assert(rest == START, "behind the last block handed out is a header");
    assert(nextStart(region, handedOut) == TINY_QUANTA, "no block starts where none was handed out");
  }
}

/** The same as `bitsOf`, without touching. */
function peekBits(address: u64, index: u64): u64 {
  return peek<u64>(pairAt(address & ~REGION_MASK, index)) >> (index & 31);
}

/** Index of the first header behind one, at most that behind the region's last quantum. */
function nextStart(address: u64, index: u64): u64 {
  do index++;
  while (index < TINY_QUANTA && !(peekBits(address, index) & START));
  return index;
}
