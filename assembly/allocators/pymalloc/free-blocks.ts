/** Tells of the free memory of arenas: of the free blocks of pools, of free pools, and of what was never cut. */
import { peek } from "../../machine/access";
import { FreeList } from "../../shared/pymalloc";
import { linkAt, tell } from "../free-blocks";
import * as arenas from "./arenas";
import * as pool from "./pool";
import { poolBytes } from "./version";

export function tellFree(): void {
  for (let i: u64 = 0; i < arenas.count; i++) {
    const arena = arenas.objectAt(i);
    if (peek<u64>(arena + arenas.ADDRESS)) tellArena(arena);
  }
}

function tellArena(arena: u64): void {
  const first = arenas.firstPool(arena);
  const carve = peek<u64>(arena + arenas.CARVE);
  for (let at = first; at < carve; at += poolBytes) tellPool(at);
  tell(carve, first + poolBytes * peek<u32>(arena + arenas.TOTAL) - carve, FreeList.Arena);
}

function tellPool(at: u64): void {
  if (!peek<u32>(at + pool.COUNT)) {
    tell(at, poolBytes, FreeList.FreePool);
    return;
  }
  const bytes = pool.blockBytes(peek<u32>(at + pool.CLASS));
  for (let block = peek<u64>(at + pool.FREE); block; block = linkAt(block)) {
    if (!tell(block, bytes, FreeList.Pool)) return;
  }
  const virgin = <u64>peek<u32>(at + pool.VIRGIN);
  const end = <u64>peek<u32>(at + pool.LAST_VIRGIN) + bytes;
  // The last of the blocks ends somewhere before the pool does.
  if (virgin < end) tell(at + virgin, bytes * ((end - virgin) / bytes), FreeList.Fresh);
}
