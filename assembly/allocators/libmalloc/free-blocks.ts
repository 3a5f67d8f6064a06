/** Tells of the free memory of a rack: of free blocks, of those freed last, and of what was never handed out. */
import { FreeList } from "../../shared/libmalloc";
import { tell } from "../free-blocks";
import { Blocks } from "./blocks";
import { bytesOf, heapEndOf, heapOf, Magazine, magazineOn, Rack } from "./rack";
import { isRegion, peekNextRegion } from "./region";

export function tellRack<B extends Blocks>(blocks: B, rack: Rack): void {
  for (let cpu: u32 = 0; cpu < rack.used; cpu++) {
    const magazine = magazineOn(rack, cpu);
    tellRegions(blocks, rack, magazine, FreeList.Magazine);
    tell(magazine.lastFree, bytesOf(rack, magazine.lastFreeQuanta), FreeList.FreedLast);
    tell(magazine.bump, magazine.bumpEnd - magazine.bump, FreeList.Fresh);
  }
  tellRegions(blocks, rack, rack.depot, FreeList.Depot);
}

function tellRegions<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine, list: u32): void {
  let region = magazine.firstRegion;
  for (let i: u64 = 0; i < magazine.regions; i++) {
    if (!isRegion(rack, region) || !tellBlocks(blocks, rack, magazine, region, list)) return;
    region = peekNextRegion(rack, region);
  }
}

/** Returns false if it is time to stop. */
function tellBlocks<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  region: u64,
  list: u32,
): bool {
  const heapEnd = heapEndOf(rack, region);
  const end = magazine.bumpEnd == heapEnd ? magazine.bump : heapEnd;
  for (let block = heapOf(rack, region); block < end; ) {
    const bytes = bytesOf(rack, blocks.peekQuanta(rack, block));
    // A program has written over what tells the sizes of blocks.
    if (!bytes) return true;
    if (blocks.peekIsFree(rack, block) && !tell(block, bytes, list)) return false;
    block += bytes;
  }
  return true;
}
