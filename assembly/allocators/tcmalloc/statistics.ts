/** What mallinfo, GetNumericProperty and malloc_stats say. */
import { Figure, Statistic } from "../../shared/tcmalloc";
import * as central from "./central";
import { PAGE } from "./classes";
import { normalPages, returnedPages } from "./free-spans";
import * as metadata from "./metadata";
import { pages as heapPages } from "./page-heap";
import { bytes as threadBytes } from "./thread-cache";

/** How many figures follow, and the figures of malloc_stats. */
const FIGURES: usize = memory.data(8 * (1 + <i32>Figure.Count), 8);

export function statisticOf(which: u32): u64 {
  if (which == Statistic.arena || which == Statistic.heap_size) return PAGE * heapPages;
  if (which == Statistic.fsmblks) return cachedBytes();
  if (which == Statistic.uordblks || which == Statistic.current_allocated_bytes) return blockBytes();
  if (which == Statistic.fordblks) return PAGE * (normalPages + returnedPages);
  if (which == Statistic.pageheap_free_bytes) return PAGE * normalPages;
  if (which == Statistic.pageheap_unmapped_bytes) return PAGE * returnedPages;
  if (which == Statistic.central_cache_free_bytes) return central.freeBytes();
  if (which == Statistic.transfer_cache_free_bytes) return central.batchBytes();
  return which == Statistic.thread_cache_free_bytes ? <u64>threadBytes : metadata.bytes;
}

/** Free bytes of classes: in spans, in batches, and in the thread's cache. */
function cachedBytes(): u64 {
  return central.freeBytes() + central.batchBytes() + <u64>threadBytes;
}

/** Bytes of the blocks that the program has, and of those that others have since before main. */
export function blockBytes(): u64 {
  return PAGE * (heapPages - normalPages - returnedPages) - cachedBytes();
}

/** Free bytes that have their pages. */
export function freeBytes(): u64 {
  return PAGE * normalPages + cachedBytes();
}

function note(which: Figure, figure: u64): void {
  store<u64>(FIGURES + 8 * (1 + <usize>which), figure);
}

/** Returns the address of the figures of malloc_stats, and of how many there are before. */
export function figures(): usize {
  const virtual = PAGE * heapPages + metadata.bytes;
  store<u64>(FIGURES, Figure.Count);
  note(Figure.InUse, blockBytes());
  note(Figure.PageHeap, PAGE * normalPages);
  note(Figure.Central, central.freeBytes());
  note(Figure.Transfer, central.batchBytes());
  note(Figure.Thread, <u64>threadBytes);
  note(Figure.Metadata, metadata.bytes);
  note(Figure.Actual, virtual - PAGE * returnedPages);
  note(Figure.Released, PAGE * returnedPages);
  note(Figure.Virtual, virtual);
  note(Figure.Spans, metadata.spans.live);
  note(Figure.Heaps, metadata.caches.live);
  note(Figure.PageSize, PAGE);
  return FIGURES;
}
