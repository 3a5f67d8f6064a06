/** The figures that malloc_stats_print begins with. They are sums over the arenas. */
import { Statistic } from "../../shared/jemalloc";
import { Arena, arenaAt, HUGE_ARENA, isMade, MAIN } from "./arena";
import { stackBytes } from "./cache";

function figure(arena: Arena, which: u32): u64 {
  const base = arena.base;
  const backed = arena.active + arena.dirty.bytes;
  if (which == Statistic.allocated) return arena.allocated;
  if (which == Statistic.active) return arena.active;
  if (which == Statistic.metadata) return base.allocated + (arena.number == MAIN ? stackBytes : 0);
  if (which == Statistic.resident) return backed + base.resident;
  if (which == Statistic.mapped) return backed + base.mapped;
  return which == Statistic.retained ? arena.retained.bytes : 0;
}

export function statisticOf(which: u32): u64 {
  const huge = isMade(HUGE_ARENA) ? figure(arenaAt(HUGE_ARENA), which) : 0;
  return isMade(MAIN) ? figure(arenaAt(MAIN), which) + huge : 0;
}

/** Bytes of extents that are in use, or free with their pages. */
export function backedBytes(): u64 {
  return statisticOf(Statistic.mapped) - baseBytes(MAIN) - baseBytes(HUGE_ARENA);
}

function baseBytes(number: u32): u64 {
  return isMade(number) ? arenaAt(number).base.mapped : 0;
}
