/** The key figures of sys._debugmallocstats: a walk over all pools, which touches nothing. */
import { peek } from "../../machine/access";
import { Statistic } from "../../shared/pymalloc";
import * as arenas from "./arenas";
import * as pool from "./pool";
import { liveBytes } from "./small";
import { arenaBytes, poolBytes } from "./version";

let available: u64 = 0;
let unusedPools: u64 = 0;
let usedPools: u64 = 0;
let quantization: u64 = 0;
let alignment: u64 = 0;

export function statistic(which: u32): u64 {
  tally();
  switch (which) {
    case Statistic.ArenasAllocatedTotal:
      return arenas.made;
    case Statistic.ArenasReclaimed:
      return arenas.made - arenas.current;
    case Statistic.ArenasHighwaterMark:
      return arenas.most;
    case Statistic.ArenasAllocatedCurrent:
      return arenas.current;
    case Statistic.AllocatedBlocks:
      return liveBytes;
    case Statistic.AvailableBlocks:
      return available;
    case Statistic.UnusedPools:
      return unusedPools * poolBytes;
    case Statistic.PoolHeaders:
      return usedPools * pool.HEADER_BYTES;
    case Statistic.Quantization:
      return quantization;
    default:
      return alignment;
  }
}

function tally(): void {
  available = unusedPools = usedPools = quantization = alignment = 0;
  for (let i: u64 = 0; i < arenas.count; i++) {
    const arena = arenas.objectAt(i);
    if (peek<u64>(arena + arenas.ADDRESS)) tallyArena(arena);
  }
}

function tallyArena(arena: u64): void {
  unusedPools += peek<u32>(arena + arenas.FREE);
  const first = arenas.firstPool(arena);
  alignment += arenaBytes - poolBytes * peek<u32>(arena + arenas.TOTAL);
  const end = peek<u64>(arena + arenas.CARVE);
  for (let at = first; at < end; at += poolBytes) tallyPool(at);
}

function tallyPool(at: u64): void {
  const handedOut = <u64>peek<u32>(at + pool.COUNT);
  if (!handedOut) return;
  const bytes = pool.blockBytes(peek<u32>(at + pool.CLASS));
  const room = poolBytes - pool.HEADER_BYTES;
  usedPools++;
  available += (room / bytes - handedOut) * bytes;
  quantization += room % bytes;
}
