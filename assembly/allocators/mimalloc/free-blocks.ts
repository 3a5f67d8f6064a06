/** Tells of the free memory: of free spans, of cached segments, and of the free blocks of pages. */
import { FreeList } from "../../shared/mimalloc";
import { linkAt, tell } from "../free-blocks";
import { SLICE } from "./classes";
import { newest, PAGE, Page, recordAt, Segment } from "./segment";

export function tellFree(): void {
  let at = newest;
  while (at) {
    const segment = at as Segment;
    if (segment.pages) tellSpans(segment);
    else tell(segment.start + SLICE, segment.bytes - SLICE, FreeList.Cached);
    at = segment.next;
  }
}

/** The first slice has the header. */
function tellSpans(segment: Segment): void {
  const end = <u32>(segment.bytes / SLICE);
  for (let index: u32 = 1; index < end; ) {
    const record = recordAt(segment, index);
    if (record.state & PAGE) tellPage(record);
    else tell(record.start, SLICE * record.slices, FreeList.Span);
    index += record.slices;
  }
}

/** A page without blocks is kept for a while, and is free as a whole. */
function tellPage(page: Page): void {
  if (!page.used) {
    tell(page.start, SLICE * page.slices, FreeList.EmptyPage);
    return;
  }
  tellBlocks(page.free, page.blockBytes);
  tellBlocks(page.local, page.blockBytes);
  const fresh = page.first + page.blockBytes * page.capacity;
  tell(fresh, page.blockBytes * (page.reserved - page.capacity), FreeList.Fresh);
}

function tellBlocks(first: u64, bytes: u64): void {
  for (let block = first; block; block = linkAt(block)) if (!tell(block, bytes, FreeList.Page)) return;
}
