/**
 * Small and medium blocks: a 2-byte word for each quantum. A live block's first word is its size. A
 * free block's first and last words are its size and FREE. All others are 0. A free block holds its
 * links itself, unless it starts a page and has a page or more. Then they are in an out-of-band entry,
 * if one is left, so that its pages stay as they are. A search of the entries finds a block's.
 *
 *      free     0          8         16         24
 *               ├──────────┼─────────┼──────────┼──────────┤
 *               │ previous │    -    │   next   │    -     │
 *               └──────────┴─────────┴──────────┴──────────┘
 *      entry    0          8         16         18
 *               ├──────────┼─────────┼──────────┤
 *               │ previous │  next   │ U number │     U: used; number: the block's, in quanta from the region
 *               └──────────┴─────────┴──────────┘
 *
 * The real links carry checksums, and lead to the entry of a block that has one.
 */
import { loadAt, peek, storeAt, storePairAt } from "../../machine/access";
import { pageBytes, pageMask } from "../../machine/layout";
import { Blocks } from "./blocks";
import { bytesOf, heapEndOf, heapOf, Rack, regionOf } from "./rack";

const FREE: u16 = 0x8000;
const USED: u16 = 0x8000;
const ENTRY_BYTES: u64 = 18;
const ENTRY_NEXT: u64 = 8;
const ENTRY_NUMBER: u64 = 16;
const BLOCK_NEXT: u64 = 16;

function wordOf(rack: Rack, block: u64): u64 {
  const region = regionOf(rack, block);
  return region + rack.marks + (((block - heapOf(rack, region)) >> rack.quantumShift) << 1);
}

function entryAt(rack: Rack, block: u64, index: u64): u64 {
  return regionOf(rack, block) + rack.entries + ENTRY_BYTES * index;
}

/** What an entry says of the block it belongs to. */
function numberOf(rack: Rack, block: u64): u16 {
  return <u16>((block - regionOf(rack, block)) >> rack.quantumShift) | USED;
}

/** Whether its links may be out of band. */
function mayStayClean(rack: Rack, block: u64, quanta: u64): bool {
  return !(block & pageMask) && bytesOf(rack, quanta) >= pageBytes;
}

/** The first entry with this number; 0 when there is none. */
function search(rack: Rack, block: u64, number: u16): u64 {
  const end = entryAt(rack, block, rack.entryCount);
  for (let entry = entryAt(rack, block, 0); entry < end; entry += ENTRY_BYTES) {
    if (loadAt<u16>(entry + ENTRY_NUMBER) == number) return entry;
  }
  return 0;
}

/** The out-of-band entry of a free block; 0 when its links are inside. */
function entryOf(rack: Rack, block: u64): u64 {
  if (block & pageMask) return 0;
  if (!mayStayClean(rack, block, loadAt<u16>(wordOf(rack, block)) & ~FREE)) return 0;
  return search(rack, block, numberOf(rack, block));
}

abstract class WordBlocks extends Blocks {
  begin(rack: Rack, region: u64): void {
    // Pages of a new region are zero, and so are its words.
  }

  isLive(rack: Rack, address: u64): bool {
    return this.liveAt(rack, address) != 0;
  }

  /** A block's last word looks like a first one: the real allocator does not tell them apart either. */
  startsFree(rack: Rack, address: u64): bool {
    return (loadAt<u16>(wordOf(rack, address)) & FREE) != 0;
  }

  liveAt(rack: Rack, address: u64): u64 {
    if (address & (bytesOf(rack, 1) - 1)) return 0;
    if (address - heapOf(rack, regionOf(rack, address)) >= rack.payload) return 0;
    const word = loadAt<u16>(wordOf(rack, address));
    return word & FREE ? 0 : word;
  }

  sizeOf(rack: Rack, block: u64): u64 {
    return loadAt<u16>(wordOf(rack, block));
  }

  freeAt(rack: Rack, block: u64): u64 {
    const word = loadAt<u16>(wordOf(rack, block));
    return word & FREE ? word & ~FREE : 0;
  }

  freeBefore(rack: Rack, block: u64): u64 {
    const word = loadAt<u16>(wordOf(rack, block) - 2);
    return word & FREE ? word & ~FREE : 0;
  }

  markLive(rack: Rack, block: u64, quanta: u64): void {
    storeAt<u16>(wordOf(rack, block), <u16>quanta);
  }

  markBump(rack: Rack, block: u64, quanta: u64, left: u64): void {
    this.markLive(rack, block, quanta);
    if (left) this.markLive(rack, block + bytesOf(rack, quanta), left);
  }

  unmarkRest(rack: Rack, rest: u64, quanta: u64): void {
    this.absorb(rack, rest);
  }

  markFree(rack: Rack, block: u64, quanta: u64): void {
    const word = wordOf(rack, block);
    storeAt<u16>(word, <u16>quanta | FREE);
    storeAt<u16>(word + 2 * (quanta - 1), <u16>quanta | FREE);
    const entry = mayStayClean(rack, block, quanta) ? search(rack, block, 0) : 0;
    if (entry) storeAt<u16>(entry + ENTRY_NUMBER, numberOf(rack, block));
  }

  dropLinks(rack: Rack, block: u64): void {
    const entry = entryOf(rack, block);
    if (!entry) return;
    storeAt<u64>(entry, u64.MAX_VALUE);
    storeAt<u64>(entry + ENTRY_NEXT, u64.MAX_VALUE);
    storeAt<u16>(entry + ENTRY_NUMBER, 0);
  }

  unmark(rack: Rack, block: u64, quanta: u64): void {
    const word = wordOf(rack, block);
    storeAt<u16>(word, 0);
    storeAt<u16>(word + 2 * (quanta - 1), 0);
  }

  absorb(rack: Rack, block: u64): void {
    storeAt<u16>(wordOf(rack, block), 0);
  }

  nextOf(rack: Rack, block: u64): u64 {
    const entry = entryOf(rack, block);
    return loadAt<u64>(entry ? entry + ENTRY_NEXT : block + BLOCK_NEXT);
  }

  previousOf(rack: Rack, block: u64): u64 {
    const entry = entryOf(rack, block);
    return loadAt<u64>(entry ? entry : block);
  }

  setNext(rack: Rack, block: u64, next: u64): void {
    const entry = entryOf(rack, block);
    storeAt<u64>(entry ? entry + ENTRY_NEXT : block + BLOCK_NEXT, next);
  }

  setPrevious(rack: Rack, block: u64, previous: u64): void {
    const entry = entryOf(rack, block);
    storeAt<u64>(entry ? entry : block, previous);
  }

  setLinks(rack: Rack, block: u64, next: u64, previous: u64): void {
    const entry = entryOf(rack, block);
    if (entry) {
      storePairAt(entry, previous, next);
    } else {
      storeAt<u64>(block, previous);
      storeAt<u64>(block + BLOCK_NEXT, next);
    }
  }

  linkBytes(rack: Rack, block: u64): u64 {
    return entryOf(rack, block) ? 0 : rack.headBytes;
  }

  tailBytes(): u64 {
    return 0;
  }

  // ---- Checking ----

  peekQuanta(rack: Rack, block: u64): u64 {
    return peek<u16>(wordOf(rack, block)) & ~FREE;
  }

  peekIsFree(rack: Rack, block: u64): bool {
    return (peek<u16>(wordOf(rack, block)) & FREE) != 0;
  }

  peekNext(rack: Rack, block: u64): u64 {
    const entry = peekEntry(rack, block);
    return peek<u64>(entry ? entry + ENTRY_NEXT : block + BLOCK_NEXT);
  }

  peekPrevious(rack: Rack, block: u64): u64 {
    const entry = peekEntry(rack, block);
    return peek<u64>(entry ? entry : block);
  }

  checkBlock(rack: Rack, block: u64, quanta: u64, isFree: bool): u64 {
    const word = wordOf(rack, block);
    const last = isFree ? quanta - 1 : 0;
    for (let i: u64 = 1; i < quanta; i++) {
      const found = peek<u16>(word + 2 * i);
      if (i == last) assert(found == (<u16>quanta | FREE), "a free block's last word is its size");
      else assert(!found, "the words inside a block are 0");
    }
    return u64(isFree && peekEntry(rack, block) != 0);
  }

  checkRegion(rack: Rack, region: u64, end: u64, entries: u64): void {
    const heapEnd = heapEndOf(rack, region);
    for (let block = end; block < heapEnd; block += bytesOf(rack, 1)) {
      const word = block == end ? <u16>((heapEnd - end) >> rack.quantumShift) : 0;
      assert(
        peek<u16>(wordOf(rack, block)) == word,
        "of what was not handed out, only the first word is not 0",
      );
    }
    let used: u64 = 0;
    for (let index: u64 = 0; index < rack.entryCount; index++) {
      used += u64(peek<u16>(entryAt(rack, region, index) + ENTRY_NUMBER) != 0);
    }
    assert(used == entries, "every out-of-band entry in use belongs to a free block");
  }
}

export class SmallBlocks extends WordBlocks {
  remembersAdvice(): bool {
    return false;
  }
}

export class MediumBlocks extends WordBlocks {
  remembersAdvice(): bool {
    return true;
  }
}

/** The same as `entryOf`, of a free block, without touching. */
function peekEntry(rack: Rack, block: u64): u64 {
  if (!mayStayClean(rack, block, peek<u16>(wordOf(rack, block)) & ~FREE)) return 0;
  for (let index: u64 = 0; index < rack.entryCount; index++) {
    const entry = entryAt(rack, block, index);
    if (peek<u16>(entry + ENTRY_NUMBER) == numberOf(rack, block)) return entry;
  }
  return 0;
}
