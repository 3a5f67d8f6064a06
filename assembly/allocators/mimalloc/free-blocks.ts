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
  tellBlocks(page, page.free);
  tellBlocks(page, page.local);
  const fresh = page.first + page.blockBytes * page.capacity;
  tell(fresh, page.blockBytes * (page.reserved - page.capacity), FreeList.Fresh);
}

/** No list has more blocks than became free once, wherever a program has led its links. */
function tellBlocks(page: Page, first: u64): void {
  let block = first;
  for (let i: u32 = 0; block && i < page.capacity; i++) {
    tell(block, page.blockBytes, FreeList.Page);
    block = linkAt(block);
  }
}
