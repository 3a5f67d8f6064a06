/**
 * Tiny blocks: two bits of each quantum say whether a block starts there (header) and whether it is in
 * use. A block reaches to the next header; there is one behind the last block handed out too, and headers
 * behind a region's last quantum. A free block of more than a quantum also holds its size, at both ends.
 *
 *      marks    (header u32, in use u32) for each 32 quanta
 *      free     0          8        16      18          size - 2
 *               ├──────────┼────────┼───────┼─────  … ──┼───────┤
 *               │ previous │  next  │ quanta│           │ quanta│
 *               └──────────┴────────┴───────┴─────  … ──┴───────┘
 *
 * The real links carry checksums in bits of their own.
 */
import { loadAt, peek, storeAt, storePairAt } from "../../machine/access";
import { Blocks } from "./blocks";
import { Rack } from "./rack";

const REGION_MASK: u64 = (1 << 20) - 1;
const IN_USE: u64 = 1 << 32;
const START: u64 = 1;

/** Number of the quantum at an address. No quantum has the number of an address in metadata. */
function indexOf(rack: Rack, block: u64): u64 {
  return ((block & REGION_MASK) - rack.heap) >> 4;
}

/** Address of the pair of words that holds a quantum's bits. */
function pairAt(rack: Rack, region: u64, index: u64): u64 {
  return region + rack.marks + ((index >> 5) << 3);
}

/** A quantum's bits: START, and IN_USE. */
function bitsOf(rack: Rack, block: u64, index: u64): u64 {
  return loadAt<u64>(pairAt(rack, block & ~REGION_MASK, index)) >> (index & 31);
}

function setBits(rack: Rack, region: u64, index: u64, set: u64, clear: u64): void {
  const pair = pairAt(rack, region, index);
  const old = loadAt<u64>(pair);
  const changed = (old & ~(clear << (index & 31))) | (set << (index & 31));
  if (changed != old) storeAt<u64>(pair, changed);
}

/** The bits of the last pair when no block is there: headers behind the last quantum. */
function behindLast(rack: Rack): u64 {
  const headers = u64.MAX_VALUE << (rack.quanta & 31);
  return headers & u32.MAX_VALUE;
}

export class TinyBlocks extends Blocks {
  begin(rack: Rack, region: u64): void {
    storeAt<u64>(pairAt(rack, region, rack.quanta), behindLast(rack));
  }

  isLive(rack: Rack, address: u64): bool {
    const index = indexOf(rack, address);
    if (address & 15 || index >= rack.quanta) return false;
    return (bitsOf(rack, address, index) & (START | IN_USE)) == (START | IN_USE);
  }

  startsFree(rack: Rack, address: u64): bool {
    return (bitsOf(rack, address, indexOf(rack, address)) & (START | IN_USE)) == START;
  }

  /** Most blocks lie in the quanta of one pair. */
  liveAt(rack: Rack, address: u64): u64 {
    const index = indexOf(rack, address);
    if (address & 15 || index >= rack.quanta) return 0;
    const bits = bitsOf(rack, address, index);
    if ((bits & (START | IN_USE)) != (START | IN_USE)) return 0;
    const next = (<u32>bits & (u32.MAX_VALUE >> <u32>(index & 31))) >> 1;
    return next ? ctz(next) + 1 : this.sizeOf(rack, address);
  }

  sizeOf(rack: Rack, block: u64): u64 {
    const index = indexOf(rack, block);
    let at = index + 1;
    let headers = <u32>bitsOf(rack, block, at) & (u32.MAX_VALUE >> <u32>(at & 31));
    while (!headers) {
      at = (at | 31) + 1;
      headers = <u32>bitsOf(rack, block, at);
    }
    return at + ctz(headers) - index;
  }

  freeAt(rack: Rack, block: u64): u64 {
    const index = indexOf(rack, block);
    const bits = bitsOf(rack, block, index);
    if (bits & IN_USE) return 0;
    const next = (index & 31) == 31 ? bitsOf(rack, block, index + 1) : bits >> 1;
    return next & START ? 1 : loadAt<u16>(block + 16);
  }

  /** The last bytes of a live block may look like a size, so the block they lead to must agree. */
  freeBefore(rack: Rack, block: u64): u64 {
    const index = indexOf(rack, block);
    const last = bitsOf(rack, block, index - 1);
    if (last & START) return last & IN_USE ? 0 : 1;
    const quanta = <u64>loadAt<u16>(block - 2);
    if (quanta < 2 || quanta > index) return 0;
    if ((bitsOf(rack, block, index - quanta) & (START | IN_USE)) != START) return 0;
    return this.freeAt(rack, block - (quanta << 4)) == quanta ? quanta : 0;
  }

  markLive(rack: Rack, block: u64, quanta: u64): void {
    const region = block & ~REGION_MASK;
    const index = indexOf(rack, block);
    const from = index & 31;
    if (from + quanta < 32) {
      setBits(rack, region, index & ~31, ((START | IN_USE) << from) | (START << (from + quanta)), 0);
    } else {
      setBits(rack, region, index, START | IN_USE, 0);
      setBits(rack, region, index + quanta, START, 0);
    }
  }

  /** What is left has a header behind its first quantum. */
  markBump(rack: Rack, block: u64, quanta: u64, left: u64): void {
    const region = block & ~REGION_MASK;
    const index = indexOf(rack, block);
    const from = index & 31;
    const to = from + quanta;
    if (left && to < 31) {
      const pair = pairAt(rack, region, index);
      const begins = ((START | IN_USE) << from) | ((START | IN_USE) << to) | (START << (to + 1));
      storeAt<u64>(pair, (loadAt<u64>(pair) & ~(START << (from + 1))) | begins);
      return;
    }
    setBits(rack, region, index + 1, 0, START);
    this.markLive(rack, block, quanta);
    if (!left) return;
    setBits(rack, region, index + quanta, START | IN_USE, 0);
    setBits(rack, region, index + quanta + 1, START, 0);
  }

  unmarkRest(rack: Rack, rest: u64, quanta: u64): void {
    if (quanta > 1) setBits(rack, rest & ~REGION_MASK, indexOf(rack, rest) + 1, 0, START);
  }

  markFree(rack: Rack, block: u64, quanta: u64): void {
    setBits(rack, block & ~REGION_MASK, indexOf(rack, block), START, IN_USE);
    if (quanta < 2) return;
    storeAt<u16>(block + 16, <u16>quanta);
    storeAt<u16>(block + (quanta << 4) - 2, <u16>quanta);
  }

  /** A block that was cleared when it was freed must read as zero again. */
  dropLinks(rack: Rack, block: u64): void {
    if (!rack.clearsOnFree) return;
    storeAt<u64>(block, 0);
    storeAt<u64>(block + 8, 0);
  }

  unmark(rack: Rack, block: u64, quanta: u64): void {
    if (!rack.clearsOnFree || quanta < 2) return;
    storeAt<u16>(block + 16, 0);
    storeAt<u16>(block + (quanta << 4) - 2, 0);
  }

  absorb(rack: Rack, block: u64): void {
    setBits(rack, block & ~REGION_MASK, indexOf(rack, block), 0, START | IN_USE);
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

  linkBytes(rack: Rack, block: u64): u64 {
    return rack.headBytes;
  }

  tailBytes(): u64 {
    return 2;
  }

  remembersAdvice(): bool {
    return false;
  }

  // ---- Checking ----

  peekQuanta(rack: Rack, block: u64): u64 {
    const index = indexOf(rack, block);
    return peekBits(rack, block, index) & START ? nextStart(rack, block, index) - index : 0;
  }

  peekIsFree(rack: Rack, block: u64): bool {
    return !(peekBits(rack, block, indexOf(rack, block)) & IN_USE);
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
    const last = pairAt(rack, region, rack.quanta);
    for (let pair = pairAt(rack, region, 0); pair <= last; pair += 8) {
      const bits = peek<u64>(pair);
      assert(!((bits >> 32) & ~bits), "only where a block starts is a bit that it is in use");
    }
    const beyond = behindLast(rack);
    assert((peek<u64>(last) & beyond) == beyond, "a region's last block ends at a header");
    const handedOut = indexOf(rack, end);
    if (handedOut >= rack.quanta) return;
    const rest = peekBits(rack, region, handedOut) & (START | IN_USE);
    assert(rest == (START | IN_USE), "what was never handed out begins like a live block");
    assert(peekBits(rack, region, handedOut + 1) & START, "behind its first quantum is a header");
    assert(
      nextStart(rack, region, handedOut + 1) >= rack.quanta,
      "no block starts where none was handed out",
    );
  }
}

/** The same as `bitsOf`, without touching. */
function peekBits(rack: Rack, address: u64, index: u64): u64 {
  return peek<u64>(pairAt(rack, address & ~REGION_MASK, index)) >> (index & 31);
}

/** Index of the first header behind one, at most that behind the region's last quantum. */
function nextStart(rack: Rack, address: u64, index: u64): u64 {
  do index++;
  while (index < rack.quanta && !(peekBits(rack, address, index) & START));
  return index;
}
