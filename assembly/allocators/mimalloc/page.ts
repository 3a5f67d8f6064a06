/**
 * The blocks of a page. They become free a few at a time, lowest first, so that memory is touched as it is needed.
 *
 *      ├ offset ┼ block ┼ block ┼ … ┼ block ┼────────────┤
 *               first                       capacity     reserved
 */
import { loadAt, storeAt } from "../../machine/access";
import { queueOf, SLICE } from "./classes";
import { ALIGNED, Page } from "./segment";

/** Where the blocks of a size begin in a page. */
const OFFSET: u64 = 384;
const OFFSET_FROM: u64 = 8;
const OFFSET_TO: u64 = 1024;
/** What becomes free at a time: so many bytes, but at least so many blocks. */
const EXTENDED_BYTES: u64 = 4096;
const EXTENDED_BLOCKS: u64 = 4;

/** Gives a page that has none its blocks. */
export function initialise(page: Page, blockBytes: u64): void {
  const offset = blockBytes >= OFFSET_FROM && blockBytes <= OFFSET_TO ? OFFSET : 0;
  page.queue = queueOf(blockBytes);
  page.blockBytes = blockBytes;
  page.first = page.start + offset;
  page.free = 0;
  page.local = 0;
  page.used = 0;
  page.capacity = 0;
  page.reserved = <u32>((SLICE * page.slices - offset) / blockBytes);
  page.retire = 0;
  extend(page);
}

/** Makes more blocks free. Returns whether there were any. */
export function extend(page: Page): bool {
  const bytes = page.blockBytes;
  const most = bytes >= EXTENDED_BYTES ? EXTENDED_BLOCKS : max(EXTENDED_BLOCKS, EXTENDED_BYTES / bytes);
  const count = min(<u64>(page.reserved - page.capacity), most);
  if (count == 0) return false;
  const first = page.first + bytes * page.capacity;
  const last = first + bytes * (count - 1);
  for (let block = first; block < last; block += bytes) storeAt<u64>(block, block + bytes);
  storeAt<u64>(last, page.free);
  page.free = first;
  page.capacity += <u32>count;
  return true;
}

/** Takes the first free block, which there is. */
export function take(page: Page): u64 {
  const block = page.free;
  page.free = loadAt<u64>(block);
  page.used++;
  return block;
}

/** Gives a block back. */
export function give(page: Page, block: u64): void {
  storeAt<u64>(block, page.local);
  page.local = block;
  page.used--;
}

/** Makes free what was freed, if nothing else is. Returns whether anything is. */
export function collect(page: Page): bool {
  if (page.free) return true;
  page.free = page.local;
  page.local = 0;
  return page.free != 0;
}

/** Makes free what was freed, before what is. */
export function collectAll(page: Page): void {
  if (!page.local) return;
  let last = page.local;
  for (let next = loadAt<u64>(last); next; next = loadAt<u64>(last)) last = next;
  storeAt<u64>(last, page.free);
  page.free = page.local;
  page.local = 0;
}

/** How far into its block a pointer is. */
export function shiftIn(page: Page, pointer: u64): u64 {
  return page.state & ALIGNED ? (pointer - page.first) % page.blockBytes : 0;
}
