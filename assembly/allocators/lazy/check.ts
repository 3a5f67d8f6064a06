/**
 * The validator of small blocks. It walks every region's free list and every class's list of regions, and
 * asserts the invariants of small.ts. It touches nothing. The links are in freed blocks, so it also finds a
 * program's write to one. Every walk ends: a free list has no more blocks than were cut, and a list of
 * regions is linked both ways.
 */
import { peek } from "../../machine/access";
import * as regions from "./regions";
import { REGION_BYTES } from "./regions";
import {
  BUMP,
  bytesOf,
  CLASS,
  CLASSES,
  FREE,
  FREE_KEY,
  firstBlock,
  firstRoomy,
  LIVE,
  liveBytes,
  NEXT,
  PREVIOUS,
} from "./small";

export function check(): void {
  regions.check();
  let live: u64 = 0;
  let roomy: u32 = 0;
  for (let slot: u32 = 0; slot < regions.SLOTS; slot++) {
    const region = regions.regionIn(slot);
    if (!region) continue;
    live += checkRegion(region);
    roomy += u32(hasRoom(region));
  }
  assert(live == liveBytes, "the live bytes are those of the live blocks");
  let listed: u32 = 0;
  for (let index: u32 = 1; index < CLASSES; index++) listed += checkRoomy(index);
  assert(listed == roomy, "every region with room is in the list of its class");
}

/** Returns the bytes of a region's live blocks. */
function checkRegion(region: u64): u64 {
  const index = peek<u32>(region + CLASS);
  assert(index > 0 && index < CLASSES, "a region has a class");
  const size = bytesOf(index);
  const first = region + firstBlock(index);
  const bump = peek<u64>(region + BUMP);
  assert(bump >= first && bump <= region + REGION_BYTES, "blocks are cut from within the region");
  assert((bump - first) % size == 0, "blocks are cut one after the other");
  const cut = (bump - first) / size;
  const live = <u64>peek<u32>(region + LIVE);
  assert(live > 0, "a region without live blocks is given back");
  assert(live + walkFree(region, cut) == cut, "every block that was cut is live or on the free list");
  return live * size;
}

/** Walks a region's free list. Returns how many blocks are on it. */
function walkFree(region: u64, cut: u64): u64 {
  const index = peek<u32>(region + CLASS);
  const first = region + firstBlock(index);
  let blocks: u64 = 0;
  for (let block = peek<u64>(region + FREE); block; block = peek<u64>(block)) {
    const isIn = block >= first && block < peek<u64>(region + BUMP);
    assert(isIn && (block - first) % bytesOf(index) == 0, "a free list leads to blocks of its region");
    assert(peek<u64>(block + 8) == (block ^ FREE_KEY), "a block on a free list has the key");
    blocks++;
    assert(blocks <= cut, "a free list has no more blocks than were cut");
  }
  return blocks;
}

function hasRoom(region: u64): bool {
  const size = bytesOf(peek<u32>(region + CLASS));
  return peek<u64>(region + FREE) != 0 || peek<u64>(region + BUMP) + size <= region + REGION_BYTES;
}

/** Walks the list of a class's regions. Returns how many there are. */
function checkRoomy(index: u32): u32 {
  let listed: u32 = 0;
  let previous: u64 = 0;
  for (let region = firstRoomy(index); region; region = peek<u64>(region + NEXT)) {
    assert(regions.isRegion(region) && hasRoom(region), "a class lists regions that have room");
    assert(peek<u32>(region + CLASS) == index, "a region is in the list of its class");
    assert(peek<u64>(region + PREVIOUS) == previous, "a class's regions are linked both ways");
    previous = region;
    listed++;
  }
  return listed;
}
