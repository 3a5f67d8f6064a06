/** The fields of mallinfo2 and of malloc_stats, over all arenas. */
import { Statistic } from "../../shared/glibc";
import * as arenas from "./arenas";
import * as bins from "./bins";
import * as fastbins from "./fastbins";
import * as heap from "./heap";

export function statistic(which: u32): u64 {
  switch (which) {
    case Statistic.Hblks:
      return heap.mappings;
    case Statistic.Hblkhd:
      return heap.mappedBytes + heap.mappedDrift;
    case Statistic.Usmblks:
      return 0;
    case Statistic.MaxMaps:
      return heap.mostMappings;
    case Statistic.MaxMapBytes:
      return heap.mostMappedBytes;
    default:
      return ofArenas(which);
  }
}

/** The sum of all arenas; but of the bytes that malloc_trim could give back, only those of the main one. */
function ofArenas(which: u32): u64 {
  const before = arenas.enterFirst();
  let sum: u64 = 0;
  do sum += ofEntered(which);
  while (which != Statistic.Keepcost && arenas.enterNext());
  arenas.leave(before);
  return sum;
}

/** Bytes of the entered arena that are not free. Chunks of a tcache are not, here. */
export function usedInEntered(): u64 {
  return ofEntered(Statistic.Uordblks);
}

function ofEntered(which: u32): u64 {
  if (which == Statistic.Arena) return heap.heapBytes;
  if (which == Statistic.Keepcost) return heap.topSize();
  fastbins.tally();
  bins.tally();
  const free = heap.topSize() + fastbins.bytes + bins.bytes;
  switch (which) {
    case Statistic.Ordblks:
      return 1 + bins.chunks;
    case Statistic.Smblks:
      return fastbins.chunks;
    case Statistic.Fsmblks:
      return fastbins.bytes;
    case Statistic.Uordblks:
      return heap.heapBytes - free;
    default:
      return free;
  }
}
