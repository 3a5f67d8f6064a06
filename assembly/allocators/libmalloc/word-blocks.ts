/**
 * Small and medium blocks: a 2-byte word for each quantum. A live block's first word is its size. A
 * free block's first and last words are its size and FREE. All others are 0. A free block holds its
 * links itself, unless it starts a page and is larger than a page. Then they are in an out-of-band
 * entry, if one is left, so that its pages stay as they are, and its second word says which.
 *
 *      small    0              8,355,328  8,355,360   8,387,998   8 MiB
 *               ├──────────────┼──────────┼───────────┼───────────┤
 *               │ 16,319 × 512 │ trailer  │ u16 × …   │ 61 × 10   │
 *               └──────────────┴──────────┴───────────┴───────────┘
 *      entry    0              4              8                10
 *               ├──────────────┼──────────────┼────────────────┤
 *               │ next, low 32 │ prev., low 32│ U ── pppppp nnnnnn │   U: used; p, n: bits 32 to 37
 *               └──────────────┴──────────────┴────────────────┘
 *
 * 16,319 blocks leave 642 bytes for trailer and entries. That these are 32 and 61 × 10, with links
 * in units of 512 bytes, is our reckoning. Of medium regions only the quantum is known. They have the
 * same tail, which leaves 4,095 blocks. A medium block of one or two quanta has no second word to
 * spare, so it always holds its links itself.
 */
import { loadAt, peek, storeAt, storePairAt } from "../../machine/access";
import { pageBytes, pageMask } from "../../machine/layout";
import { Blocks } from "./blocks";
import { bytesOf, Rack, regionOf } from "./rack";

export const SMALL_QUANTA: u64 = 16_319;
export const MEDIUM_QUANTA: u64 = 4_095;
const FREE: u16 = 0x8000;
const TRAILER_BYTES: u64 = 32;
const ENTRIES: u64 = 61;
const ENTRY_BYTES: u64 = 10;
const USED: u16 = 0x8000;
const LINK_SHIFT: u64 = 9;

function wordOf(rack: Rack, block: u64): u64 {
  const region = regionOf(rack, block);
  return region + rack.payload + TRAILER_BYTES + (((block - region) >> rack.quantumShift) << 1);
}

function entryAt(rack: Rack, block: u64, index: u64): u64 {
  const words = regionOf(rack, block) + rack.payload + TRAILER_BYTES;
  return words + 2 * rack.quanta + ENTRY_BYTES * index;
}

/** Whether its links may be out of band. */
function mayStayClean(rack: Rack, block: u64, quanta: u64): bool {
  return !(block & pageMask) && bytesOf(rack, quanta) > pageBytes && quanta > 2;
}

/** The out-of-band entry of a free block; 0 when its links are inside. */
function entryOf(rack: Rack, block: u64): u64 {
  if (block & pageMask) return 0;
  const word = wordOf(rack, block);
  if (!mayStayClean(rack, block, loadAt<u16>(word) & ~FREE)) return 0;
  const second = loadAt<u16>(word + 2);
  return second ? entryAt(rack, block, second & ~FREE) : 0;
}

/** Takes the first entry that is not used. Returns its index, or ENTRIES when all are. */
function claimEntry(rack: Rack, block: u64): u64 {
  for (let index: u64 = 0; index < ENTRIES; index++) {
    const high = entryAt(rack, block, index) + 8;
    if (loadAt<u16>(high) & USED) continue;
    storeAt<u16>(high, USED);
    return index;
  }
  return ENTRIES;
}

/** One of an entry's two links: 0 the next, 1 the previous. */
function linkOf(entry: u64, which: u64): u64 {
  const high = (<u64>loadAt<u16>(entry + 8) >> (6 * which)) & 63;
  return ((high << 32) | loadAt<u32>(entry + 4 * which)) << LINK_SHIFT;
}

function setLink(entry: u64, which: u64, block: u64): void {
  const link = block >> LINK_SHIFT;
  const shift = <u16>(6 * which);
  const others = loadAt<u16>(entry + 8) & ~((<u16>63) << shift);
  storeAt<u32>(entry + 4 * which, <u32>link);
  storeAt<u16>(entry + 8, others | ((<u16>(link >> 32)) << shift));
}

export class WordBlocks extends Blocks {
  begin(rack: Rack, region: u64): void {
    storeAt<u16>(wordOf(rack, region), 0);
    storeAt<u16>(wordOf(rack, region + rack.payload) - 2, 0);
  }

  isLive(rack: Rack, address: u64): bool {
    if (address & (bytesOf(rack, 1) - 1) || address - regionOf(rack, address) >= rack.payload) return false;
    const word = loadAt<u16>(wordOf(rack, address));
    return word != 0 && !(word & FREE);
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

  markFree(rack: Rack, block: u64, quanta: u64): void {
    const word = wordOf(rack, block);
    storeAt<u16>(word, <u16>quanta | FREE);
    storeAt<u16>(word + 2 * (quanta - 1), <u16>quanta | FREE);
    if (!mayStayClean(rack, block, quanta)) return;
    const index = claimEntry(rack, block);
    if (index < ENTRIES) storeAt<u16>(word + 2, <u16>index | FREE);
  }

  unmark(rack: Rack, block: u64, quanta: u64): void {
    const word = wordOf(rack, block);
    const entry = entryOf(rack, block);
    if (entry) {
      storeAt<u16>(entry + 8, 0);
      storeAt<u16>(word + 2, 0);
    }
    storeAt<u16>(word, 0);
    storeAt<u16>(word + 2 * (quanta - 1), 0);
  }

  absorb(rack: Rack, block: u64): void {
    storeAt<u16>(wordOf(rack, block), 0);
  }

  nextOf(rack: Rack, block: u64): u64 {
    const entry = entryOf(rack, block);
    return entry ? linkOf(entry, 0) : loadAt<u64>(block + 8);
  }

  previousOf(rack: Rack, block: u64): u64 {
    const entry = entryOf(rack, block);
    return entry ? linkOf(entry, 1) : loadAt<u64>(block);
  }

  setNext(rack: Rack, block: u64, next: u64): void {
    const entry = entryOf(rack, block);
    if (entry) setLink(entry, 0, next);
    else storeAt<u64>(block + 8, next);
  }

  setPrevious(rack: Rack, block: u64, previous: u64): void {
    const entry = entryOf(rack, block);
    if (entry) setLink(entry, 1, previous);
    else storeAt<u64>(block, previous);
  }

  setLinks(rack: Rack, block: u64, next: u64, previous: u64): void {
    const entry = entryOf(rack, block);
    if (entry) {
      setLink(entry, 1, previous);
      setLink(entry, 0, next);
    } else {
      storePairAt(block, previous, next);
    }
  }

  headBytes(rack: Rack, block: u64): u64 {
    return entryOf(rack, block) ? 0 : 16;
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
    return entry ? peekLink(entry, 0) : peek<u64>(block + 8);
  }

  peekPrevious(rack: Rack, block: u64): u64 {
    const entry = peekEntry(rack, block);
    return entry ? peekLink(entry, 1) : peek<u64>(block);
  }

  checkBlock(rack: Rack, block: u64, quanta: u64, isFree: bool): u64 {
    const word = wordOf(rack, block);
    const entry = isFree ? peekEntry(rack, block) : 0;
    if (entry) checkEntry(rack, block, peek<u16>(word + 2));
    const last = isFree ? quanta - 1 : 0;
    for (let i: u64 = entry ? 2 : 1; i < quanta; i++) {
      const found = peek<u16>(word + 2 * i);
      if (i == last) assert(found == (<u16>quanta | FREE), "a free block's last word is its size");
      else assert(!found, "the words inside a block are 0");
    }
    return u64(entry != 0);
  }

  checkRegion(rack: Rack, region: u64, end: u64, entries: u64): void {
    for (let block = end; block < region + rack.payload; block += bytesOf(rack, 1)) {
      assert(!peek<u16>(wordOf(rack, block)), "the words of what was not handed out are 0");
    }
    let used: u64 = 0;
    for (let index: u64 = 0; index < ENTRIES; index++) {
      used += u64((peek<u16>(entryAt(rack, region, index) + 8) & USED) != 0);
    }
    assert(used == entries, "every out-of-band entry in use belongs to a free block");
  }
}

/** The same as `entryOf`, of a free block, without touching. */
function peekEntry(rack: Rack, block: u64): u64 {
  const word = wordOf(rack, block);
  if (!mayStayClean(rack, block, peek<u16>(word) & ~FREE)) return 0;
  const second = peek<u16>(word + 2);
  return second ? entryAt(rack, block, second & ~FREE) : 0;
}

/** The same as `linkOf`, without touching. */
function peekLink(entry: u64, which: u64): u64 {
  const high = (<u64>peek<u16>(entry + 8) >> (6 * which)) & 63;
  return ((high << 32) | peek<u32>(entry + 4 * which)) << LINK_SHIFT;
}

function checkEntry(rack: Rack, block: u64, second: u16): void {
  const index = second & ~FREE;
  assert(second & FREE && index < <u16>ENTRIES, "a free block's second word is the number of an entry");
  assert(peek<u16>(entryAt(rack, block, index) + 8) & USED, "the entry of a free block is in use");
}
