/** Tells of the free memory: of free extents, of free regions of slabs, and of what a thread keeps. */
import { FreeList } from "../../shared/jemalloc";
import { tell } from "../free-blocks";
import { arenaAt, HUGE_ARENA, isMade, MAIN } from "./arena";
import * as cache from "./cache";
import { ExtentSet } from "./extent-set";
import * as slabs from "./slabs";

export function tellFree(): void {
  for (let number: u32 = MAIN; number <= HUGE_ARENA; number++) {
    if (!isMade(number)) continue;
    tellSet(arenaAt(number).dirty, FreeList.Dirty);
    tellSet(arenaAt(number).retained, FreeList.Retained);
  }
  slabs.tellFree();
  cache.tellFree();
}

function tellSet(set: ExtentSet, list: u32): void {
  let extent = set.oldest;
  while (extent) {
    tell(extent.base, extent.bytes, list);
    extent = extent.newer;
  }
}
