/**
 * The validator of tiny, small and medium blocks: walks every region and every free list of every rack, and
 * asserts what rack.ts, region.ts and the two forms of blocks say must hold. It touches nothing. A list's
 * links lie in freed blocks, so a program that writes there is found out here too. Every walk ends, whatever
 * the heap holds: blocks follow each other upwards, and lists are linked both ways.
 */
import { checkAdvice } from "./advice";
import { Blocks } from "./blocks";
import {
  bytesOf,
  firstFilled,
  headOf,
  heapEndOf,
  heapOf,
  isFilled,
  listOf,
  Magazine,
  magazineOn,
  NO_LIST,
  Rack,
  regionOf,
} from "./rack";
import {
  checkTable,
  checkTrailer,
  isRegion,
  peekBytesUsed,
  peekIsOf,
  peekNextRegion,
  peekPreviousRegion,
} from "./region";
import { checkPlace } from "./region-order";

/** Live blocks that the walks have met, and their bytes. */
export let liveBlocks: u64 = 0;
export let liveBytes: u64 = 0;
/** Bytes of regions that neither live blocks nor metadata have. */
export let freeBytes: u64 = 0;

/** Bytes that the rack's regions count as in use, and their blocks do not have. */
let countedTwice: u64 = 0;

/** Before the first rack. */
export function begin(): void {
  liveBlocks = 0;
  liveBytes = 0;
  freeBytes = 0;
}

export function checkRack<B extends Blocks>(blocks: B, rack: Rack): void {
  let regions = rack.depot.regions;
  for (let cpu: u32 = 0; cpu < rack.used; cpu++) regions += magazineOn(rack, cpu).regions;
  assert(regions == rack.regions, "every region is a magazine's or the depot's");
  checkTable(rack);
  countedTwice = 0;
  for (let cpu: u32 = 0; cpu < rack.used; cpu++) checkMagazine(blocks, rack, magazineOn(rack, cpu));
  checkMagazine(blocks, rack, rack.depot);
  assert(
    countedTwice == rack.countedTwice,
    "the bytes in use are those of the blocks, and what counts twice",
  );
  for (let cpu: u32 = 0; cpu < rack.used; cpu++) {
    checkBump(rack, magazineOn(rack, cpu));
    checkLastFree(blocks, rack, magazineOn(rack, cpu));
  }
  checkDepot(rack);
}

function checkMagazine<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): void {
  const free = walkRegions(blocks, rack, magazine);
  const listed = walkLists(blocks, rack, magazine);
  assert(listed == free, "every free block is on a list");
}

// ---- Regions ----

/** Walks a magazine's regions. Returns how many free blocks they have. */
function walkRegions<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): u64 {
  let regions: u64 = 0;
  let used: u64 = 0;
  let free: u64 = 0;
  let previous: u64 = 0;
  for (let region = magazine.firstRegion; region; region = peekNextRegion(rack, region)) {
    assert(isRegion(rack, region), "a magazine's regions are in the table");
    assert(peekPreviousRegion(rack, region) == previous, "a magazine's regions are linked both ways");
    assert(peekIsOf(rack, magazine, region), "a region says which magazine it belongs to");
    checkTrailer(rack, region);
    free += walkBlocks(blocks, rack, magazine, region);
    used += peekBytesUsed(rack, region);
    regions++;
    previous = region;
  }
  assert(magazine.lastRegion == previous, "a magazine's last region is where its list ends");
  assert(magazine.regions == regions, "a magazine has as many regions as it counts");
  assert(magazine.bytesInObjects == used, "a magazine's bytes in objects are those of its regions");
  return free;
}

/** Walks a region's blocks. Returns how many are free. */
function walkBlocks<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine, region: u64): u64 {
  const heapEnd = heapEndOf(rack, region);
  const end = magazine.bumpEnd == heapEnd ? magazine.bump : heapEnd;
  let live: u64 = 0;
  let free: u64 = 0;
  let used: u64 = 0;
  let entries: u64 = 0;
  let isFree: bool = false;
  for (let block = heapOf(rack, region); block < end; ) {
    const wasFree = isFree;
    const quanta = blocks.peekQuanta(rack, block);
    const next = block + bytesOf(rack, quanta);
    assert(quanta && next <= end, "a region's blocks follow each other to its end");
    isFree = blocks.peekIsFree(rack, block);
    assert(!(isFree && wasFree), "free neighbours are one block");
    entries += blocks.checkBlock(rack, block, quanta, isFree);
    if (isFree && blocks.remembersAdvice()) checkAdvice(rack, block, quanta);
    free += u64(isFree);
    live += u64(!isFree);
    if (!isFree) used += next - block;
    block = next;
  }
  assert(peekBytesUsed(rack, region) >= used, "a region's bytes in use are those of its blocks or more");
  countedTwice += peekBytesUsed(rack, region) - used;
  blocks.checkRegion(rack, region, end, entries);
  liveBlocks += live;
  liveBytes += used;
  freeBytes += rack.payload - used;
  return free;
}

// ---- Free lists ----

/** Walks a magazine's free lists. Returns how many blocks are on them. */
function walkLists<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): u64 {
  let listed: u64 = 0;
  for (let list: u64 = 0; list < rack.lists; list++) {
    const head = headOf(magazine, list);
    assert(isFilled(magazine, list) == (head != 0), "the bitmap says which lists have blocks");
    let previous: u64 = 0;
    for (let block = head; block; block = blocks.peekNext(rack, block)) {
      checkListed(blocks, rack, magazine, list, block);
      assert(blocks.peekPrevious(rack, block) == previous, "a free list is linked both ways");
      if (rack.listEnds) checkPlace(rack, list, block, previous, blocks.peekNext(rack, block));
      previous = block;
      listed++;
    }
  }
  assert(firstFilled(magazine, rack.lists) == NO_LIST, "there is no list beyond the last");
  return listed;
}

function checkListed<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  list: u64,
  block: u64,
): void {
  const quanta = quantaAt(blocks, rack, block);
  const isOwn = quanta && peekIsOf(rack, magazine, regionOf(rack, block));
  assert(isOwn && blocks.peekIsFree(rack, block), "a free list leads to free blocks of its magazine");
  assert(listOf(rack, quanta) == list, "a free block is on the list of its size");
}

/** Quanta of the block that starts at the address, which may be any number; 0 when none does. */
function quantaAt<B extends Blocks>(blocks: B, rack: Rack, address: u64): u64 {
  const region = regionOf(rack, address);
  if (!isRegion(rack, region)) return 0;
  if (address - heapOf(rack, region) >= rack.payload || address & (bytesOf(rack, 1) - 1)) return 0;
  return blocks.peekQuanta(rack, address);
}

// ---- The magazine's edges ----

function checkBump(rack: Rack, magazine: Magazine): void {
  assert(magazine.bump <= magazine.bumpEnd, "what was never handed out ends behind its start");
  if (!magazine.bumpEnd) return;
  const heap = magazine.bumpEnd - rack.payload;
  const region = heap - rack.heap;
  const isOwn = isRegion(rack, region) && peekIsOf(rack, magazine, region);
  assert(isOwn && magazine.bump >= heap, "what was never handed out is the end of a region of the magazine");
}

/** The block freed last is not live for the program. */
function checkLastFree<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): void {
  const block = magazine.lastFree;
  const quanta = magazine.lastFreeQuanta;
  assert((block != 0) == (quanta != 0), "the block freed last has a size");
  if (!block) return;
  // Its region may have gone to the depot since, and from there to another magazine.
  assert(quantaAt(blocks, rack, block) == quanta, "the block freed last is in a region");
  assert(!blocks.peekIsFree(rack, block), "the block freed last is still marked as live");
  assert(quanta < rack.lastFreeLimit, "the block freed last is small enough");
  const bytes = bytesOf(rack, quanta);
  liveBlocks--;
  liveBytes -= bytes;
  freeBytes += bytes;
}

/** Its regions are linked soundly: `checkMagazine` has seen to that. */
function checkDepot(rack: Rack): void {
  assert(!rack.depot.bumpEnd, "nothing is handed out of the depot");
  assert(!rack.depot.lastFree, "the depot keeps no block freed last");
  assert(rack.hasDepot || !rack.depot.regions, "regions are in the depot only if there is one");
  let empty: u64 = 0;
  for (let region = rack.depot.firstRegion; region; region = peekNextRegion(rack, region)) {
    empty += u64(!peekBytesUsed(rack, region));
  }
  assert(
    rack.wasRelieved || !empty || empty < rack.crowded,
    "a crowded depot unmaps the regions that become empty",
  );
}
