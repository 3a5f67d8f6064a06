/**
 * The nano zone (its second version): requests of up to 256 bytes, from 425 on unless it is turned off. Sixteen
 * classes of slots, 16 bytes to 256, have blocks of 16 KiB in regions that lie at an address of their own. A
 * class has the same blocks in each arena (nano-layout.ts). The threads of a CPU take slots from one block of a class until it is full.
 *
 *      free     0         8        16             slot
 *               ├─────────┼────────┼───── … ─────────┤      next: as in the block's word; the last one has BUMP
 *               │  guard  │  next  │                 │      guard: the slot's address and a number
 *               └─────────┴────────┴───── … ─────────┘
 *
 * The real word counts changes where `unused` is here, and blocks are in a random order. A slot with its guard is
 * free. Every other number here is the real one's.
 *
 * What must hold:
 *
 *      a block's free slots == those on its list + unused
 *      liveSlots, liveBytes == those of all slots that were handed out and are not free
 */
import { clear, loadAt, peek, storeAt } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { pageBytes, pageMask, roundToPages } from "../../machine/layout";
import { enter, leave } from "../../machine/paths";
import { FreeList } from "../../shared/libmalloc";
import { linkAt, tell } from "../free-blocks";
import { advise } from "./advice";
import { FREE_NANO, NANO_MALLOC } from "./functions";
import {
  ADVISED,
  ARENA_BLOCKS,
  addressOf,
  BASE,
  BLOCK_BYTES,
  BLOCK_SHIFT,
  BUMP,
  CLASSES,
  CURRENT,
  classFor,
  classOf,
  endOf,
  FULL,
  firstOf,
  freeIn,
  isFresh,
  MOST_REGIONS,
  NEXT_MASK,
  REGION_BLOCKS,
  REGION_BYTES,
  slotBytes,
  slotsOf,
  unusedIn,
  wordAt,
  wordOf,
} from "./nano-layout";
import { clearsFreedTiny, clearsTiny } from "./versions";

export const LARGEST_NANO: u64 = 256;

/** What guards are made with. The real number is random. */
const COOKIE: u64 = 0x5eed_0000_0000_c00c;
/** Of blocks that could be taken, so many are looked at. */
const MOST_LOOKED_AT: u32 = 10;
const NONE: u64 = u64.MAX_VALUE;

/** Regions that are mapped: from BASE on, one behind the other. */
let regions: u64 = 0;
/** For each CPU, the block that slots of each class are taken from, or NONE; the helper has the class. */
const MOST_CPUS: u32 = 64;
const currents = memory.data(<i32>(CLASSES * 8 * MOST_CPUS), 8);
/** Where those of the running thread's CPU are. */
let ownCurrents: usize = currents;
const delegated = memory.data(CLASSES);
/** Live slots, and their bytes; blocks that have had any since they were advised. */
export let liveSlots: u64 = 0;
export let liveBytes: u64 = 0;
let usedBlocks: u64 = 0;

/** Maps the first region, whose first page is used at once. Without room for it there is no nano zone. */
export function start(isOn: bool): void {
  memory.fill(currents, 0xff, CLASSES * 8 * MOST_CPUS); // NONE
  if (isOn && addRegion()) storeAt<u32>(BASE, 0);
}

/** The running thread is on this CPU. */
export function serve(cpu: u32): void {
  ownCurrents = currents + CLASSES * 8 * <usize>cpu;
}

export function isOn(): bool {
  return regions > 0;
}

function addRegion(): bool {
  if (regions == MOST_REGIONS) return false;
  const address = BASE + regions * REGION_BYTES;
  if (!kernel.mmap(address, REGION_BYTES, kernel.Place.Exact, pageBytes)) return false;
  regions++;
  return true;
}

// ---- The block that slots are taken from ----

function currentOf(kind: u32): u64 {
  return load<u64>(ownCurrents + ((<usize>kind) << 3));
}

function setCurrent(kind: u32, block: u64): void {
  store<u64>(ownCurrents + ((<usize>kind) << 3), block);
}

// ---- Allocation ----

/** Takes a slot for a request of at most 256 bytes. Returns 0 when the helper has to take it. */
export function allocate(request: u64, cleared: bool): u64 {
  const kind = classFor(request);
  if (load<u8>(delegated + kind)) return 0;
  const caller = enter(NANO_MALLOC);
  const slot = take(kind);
  if (slot) prepare(slot, slotBytes(kind), cleared);
  leave(caller);
  return slot;
}

function take(kind: u32): u64 {
  let block = currentOf(kind);
  if (block == NONE || (loadAt<u32>(wordAt(block)) & NEXT_MASK) == FULL) {
    block = replaceCurrent(kind, block);
    if (block == NONE) return 0;
  }
  liveSlots++;
  liveBytes += slotBytes(kind);
  return takeFrom(block, kind);
}

/** Takes a slot from a block that has one: the one freed last, or the first that was never handed out. */
function takeFrom(block: u64, kind: u32): u64 {
  const word = loadAt<u32>(wordAt(block));
  const slots = slotsOf(kind);
  const fresh = isFresh(word);
  if (fresh) usedBlocks++;
  const free = fresh ? slots : freeIn(word);
  let unused = fresh ? slots : unusedIn(word);
  let next = word & NEXT_MASK;
  let slot = addressOf(block);
  if (fresh || next == BUMP) {
    if (isDefined(ZP_CHECK)) assert(unused > 0, "a block whose list is empty has slots that were never used");
    slot += (slots - unused) * slotBytes(kind);
    unused--;
    next = BUMP;
  } else {
    slot += (next - 1) * slotBytes(kind);
    next = <u32>loadAt<u64>(slot + 8);
  }
  storeAt<u32>(wordAt(block), free == 1 ? FULL | CURRENT : wordOf(next, free - 1, unused, true));
  return slot;
}

/** Clears what must be clear of a slot that is handed out. */
function prepare(slot: u64, size: u64, cleared: bool): void {
  if (clearsFreedTiny) {
    storeAt<u64>(slot, 0);
    storeAt<u64>(slot + 8, 0);
  } else if (cleared || clearsTiny) clear(slot, size);
  else storeAt<u64>(slot, 0);
}

// ---- Which block ----

/** Takes another block for a class; without one, the helper has the class from now on. Returns it, or NONE. */
function replaceCurrent(kind: u32, old: u64): u64 {
  const block = find(kind, old);
  if (old != NONE) storeAt<u32>(wordAt(old), loadAt<u32>(wordAt(old)) & ~CURRENT);
  setCurrent(kind, block);
  if (block == NONE) store<u8>(delegated + kind, 1);
  return block;
}

function find(kind: u32, old: u64): u64 {
  if (old == NONE) return findInArenas(kind, 0, 0);
  const arena = old & ~(ARENA_BLOCKS - 1);
  const near = findNear(kind, arena, old);
  return near == NONE ? findInArenas(kind, arena & ~(REGION_BLOCKS - 1), arena + ARENA_BLOCKS) : near;
}

/** Of the blocks before and then behind a full one in its arena, the best of those looked at. */
function findNear(kind: u32, arena: u64, old: u64): u64 {
  let best = NONE;
  let rank: u32 = u32.MAX_VALUE;
  let looked: u32 = 0;
  const first = arena + firstOf(kind);
  const end = arena + endOf(kind);
  for (let step: u64 = 1; step < end - first && looked < MOST_LOOKED_AT && rank > 0; step++) {
    const block = step <= old - first ? old - step : first + step;
    const found = rankOf(loadAt<u32>(wordAt(block)), kind);
    if (found == NO_RANK) continue;
    looked++;
    if (found >= rank) continue;
    best = block;
    rank = found;
  }
  return best;
}

const NO_RANK: u32 = u32.MAX_VALUE;

/** How good a block is: best with 20 to 80 % free, then above, then fresh. One that is full, or nearly, is none. */
function rankOf(word: u32, kind: u32): u32 {
  if (word & CURRENT || (word & NEXT_MASK) == FULL) return NO_RANK;
  if (isFresh(word)) return 2;
  const percent = (100 * freeIn(word)) / slotsOf(kind);
  return percent < 20 ? NO_RANK : percent <= 80 ? 0 : 1;
}

/** The first block of a class that is not full, in an arena, those behind it and before it in the region, and others. */
function findInArenas(kind: u32, region: u64, from: u64): u64 {
  for (let i: u64 = 0; i < REGION_BLOCKS; i += ARENA_BLOCKS) {
    const arena = region + ((from - region + i) & (REGION_BLOCKS - 1));
    const found = firstFit(kind, arena);
    if (found != NONE) return found;
  }
  for (let arena = region + REGION_BLOCKS; arena < regions * REGION_BLOCKS; arena += ARENA_BLOCKS) {
    const found = firstFit(kind, arena);
    if (found != NONE) return found;
  }
  return addRegion() ? firstFit(kind, (regions - 1) * REGION_BLOCKS) : NONE;
}

function firstFit(kind: u32, arena: u64): u64 {
  const end = arena + endOf(kind);
  for (let block = arena + firstOf(kind); block < end; block++) {
    const word = loadAt<u32>(wordAt(block));
    if (!(word & CURRENT) && (word & NEXT_MASK) != FULL) return block;
  }
  return NONE;
}

// ---- Freeing ----

/** Whether an address is in a region of the zone. */
export function holds(address: u64): bool {
  return address - BASE < regions * REGION_BYTES;
}

/** Bytes of the live slot that starts at an address in a region; 0 when none does. */
export function sizeAt(address: u64): u64 {
  const block = (address - BASE) >> BLOCK_SHIFT;
  if (!(block & (ARENA_BLOCKS - 1))) return 0;
  const kind = classOf(block);
  const size = slotBytes(kind);
  const offset = address - addressOf(block);
  const word = loadAt<u32>(wordAt(block));
  if (isFresh(word) || offset % size) return 0;
  if (offset / size >= slotsOf(kind) - unusedIn(word)) return 0;
  return loadAt<u64>(address) == (COOKIE ^ address) ? 0 : size;
}

/** Frees the live slot that starts there. Returns false, and does nothing, when none does. */
export function release(address: u64): bool {
  const size = sizeAt(address);
  if (!size) return false;
  const caller = enter(FREE_NANO);
  liveSlots--;
  liveBytes -= size;
  if (clearsFreedTiny && size > 16) clear(address + 16, size - 16);
  give(address, size);
  leave(caller);
  return true;
}

function give(address: u64, size: u64): void {
  const block = (address - BASE) >> BLOCK_SHIFT;
  const kind = classOf(block);
  const word = loadAt<u32>(wordAt(block));
  const isCurrent = (word & CURRENT) != 0;
  const isFull = (word & NEXT_MASK) == FULL;
  storeAt<u64>(address, COOKIE ^ address);
  storeAt<u64>(address + 8, isFull ? BUMP : word & NEXT_MASK);
  const free = freeIn(word) + 1;
  if (4 * free >= 3 * slotsOf(kind)) store<u8>(delegated + kind, 0);
  const slot = <u32>((address - addressOf(block)) / size) + 1;
  if (free < slotsOf(kind) || isCurrent)
    storeAt<u32>(wordAt(block), wordOf(slot, free, isFull ? 0 : unusedIn(word), isCurrent));
  else restart(block);
}

/** Tells the kernel of a block without live slots. */
function restart(block: u64): void {
  usedBlocks--;
  storeAt<u32>(wordAt(block), ADVISED);
  advise(roundToPages(addressOf(block)), (addressOf(block) + BLOCK_BYTES) & ~pageMask);
}

// ---- Sizes ----

/** Bytes of the slot that a request gets. */
export function roundedSize(request: u64): u64 {
  return slotBytes(classFor(request));
}

export function mappedBytes(): u64 {
  return regions * REGION_BYTES;
}

/** Bytes of the blocks that have had live slots since they were advised. */
export function usedBytes(): u64 {
  return usedBlocks * BLOCK_BYTES;
}

/** Tells of free slots, and of blocks and ends of blocks that were never handed out since they were mapped or advised. */
export function tellFree(): void {
  let fresh: u64 = 0;
  for (let block: u64 = 0; block < regions * REGION_BLOCKS; block++) {
    const hasWords = !(block & (ARENA_BLOCKS - 1));
    const word = hasWords ? FULL : peek<u32>(wordAt(block));
    if (isFresh(word)) {
      fresh++;
      continue;
    }
    tell(addressOf(block - fresh), BLOCK_BYTES * fresh, FreeList.Fresh);
    fresh = 0;
    tellSlots(block, classOf(block), word);
  }
  tell(addressOf(regions * REGION_BLOCKS - fresh), BLOCK_BYTES * fresh, FreeList.Fresh);
}

function tellSlots(block: u64, kind: u32, word: u32): void {
  if ((word & NEXT_MASK) == FULL) return;
  const bytes = slotBytes(kind);
  const unused = <u64>unusedIn(word);
  const end = addressOf(block) + bytes * slotsOf(kind);
  tell(end - bytes * unused, bytes * unused, FreeList.Fresh);
  let next = word & NEXT_MASK;
  while (next != BUMP) {
    const slot = addressOf(block) + (next - 1) * bytes;
    if (!tell(slot, bytes, FreeList.Nano)) return;
    next = <u32>linkAt(slot + 8);
  }
}

// ---- Checking ----

/** Asserts what must hold of every block. */
export function check(): void {
  let slots: u64 = 0;
  let bytes: u64 = 0;
  let used: u64 = 0;
  let current: u64 = 0;
  for (let block: u64 = 0; block < regions * REGION_BLOCKS; block++) {
    if (!(block & (ARENA_BLOCKS - 1))) continue;
    const word = peek<u32>(wordAt(block));
    const kind = classOf(block);
    if (word & CURRENT) current++;
    if (isFresh(word)) continue;
    used++;
    const held = slotsOf(kind) - freeIn(word);
    assert(held || word & CURRENT, "a block without live slots is advised");
    checkList(block, kind, word);
    slots += held;
    bytes += held * slotBytes(kind);
  }
  assert(current == countCurrents(), "a block knows whether slots are taken from it");
  assert(slots == liveSlots && bytes == liveBytes, "the live slots are those that are counted");
  assert(used == usedBlocks, "the blocks in use are those that are counted");
}

/** Counts the blocks that slots are taken from. Each is one CPU's, of its class, and knows it. */
function countCurrents(): u64 {
  let count: u64 = 0;
  for (let i: u32 = 0; i < CLASSES * MOST_CPUS; i++) {
    const block = load<u64>(currents + ((<usize>i) << 3));
    if (block == NONE) continue;
    count++;
    assert(classOf(block) == i % CLASSES, "slots of a class are taken from its blocks");
    assert((peek<u32>(wordAt(block)) & CURRENT) != 0, "a block knows whether slots are taken from it");
  }
  return count;
}

/** Walks a block's free list, which ends whatever is in it, because no slot is met more often than there are free ones. */
function checkList(block: u64, kind: u32, word: u32): void {
  const full = (word & NEXT_MASK) == FULL;
  const listed = freeIn(word) - (full ? 0 : unusedIn(word));
  let next = full ? BUMP : word & NEXT_MASK;
  for (let i: u32 = 0; i < listed; i++) {
    assert(next > 0 && next <= slotsOf(kind), "a free list of a block has as many slots as are free");
    const slot = addressOf(block) + (next - 1) * slotBytes(kind);
    assert(peek<u64>(slot) == (COOKIE ^ slot), "a free slot has its guard");
    next = <u32>peek<u64>(slot + 8);
  }
  assert(next == BUMP, "a free list of a block ends");
}
