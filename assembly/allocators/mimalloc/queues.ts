/**
 * Queues of pages: one for each class, whose front page blocks are taken from; one of pages of one large block; and one of
 * pages without a free block, which come back when one is freed. A page that becomes empty stays for some sweeps if it is
 * the only one of its queue.
 *
 *      class 9    front ─▶ page ─▶ page ─▶ page ◀─ back
 *                   │ no free block           ▲ a block is freed
 *                   └─────────▶ full ─────────┘
 */
import { enter, leave } from "../../machine/paths";
import { classOf, FULL_QUEUE, LARGEST_CLASS, LARGEST_SMALL_PAGE, QUEUES, SMALL, sizeOf } from "./classes";
import { COLLECT_RETIRED, PAGE_FREE } from "./functions";
import { collect, collectAll, extend } from "./page";
import { ALIGNED, FULL, Page } from "./segment";
import { givePage } from "./segments";

/** Sweeps that an empty page stays for. */
const SWEEPS_SMALL: u32 = 9;
const SWEEPS: u32 = 3;

@unmanaged
class Queue {
  front: Page | null;
  back: Page | null;
}

const QUEUE_BYTES: usize = 8;
const ALL: usize = memory.data(<i32>(QUEUE_BYTES * QUEUES), 4);
/** The classes that empty pages may be kept in: [lowest, highest]. */
let lowest: u32 = QUEUES;
let highest: u32 = 0;

function queueAt(index: u32): Queue {
  return changetype<Queue>(ALL + QUEUE_BYTES * index);
}

export function frontOf(index: u32): Page | null {
  return queueAt(index).front;
}

// ---- Small requests ----

const WORD: u64 = 8;
const LAST_SMALL: u32 = classOf(SMALL);
/** By words of a request: the front page of its class, or one that has nothing. */
const DIRECT: usize = memory.data(<i32>(4 * (SMALL / WORD + 1)), 4);
const NOTHING: Page = changetype<Page>(memory.data(<i32>offsetof<Page>(), 8));

export function start(): void {
  for (let index: u32 = 0; index <= LAST_SMALL; index++) setDirect(index);
}

/** The front page of the class for a small request. If there is none, a page without a free block. */
export function frontFor(bytes: u64): Page {
  return load<Page>(DIRECT + 4 * ((<usize>bytes + (<usize>WORD - 1)) / <usize>WORD));
}

/** The queue of a class has another front. */
function setDirect(index: u32): void {
  if (index > LAST_SMALL) return;
  const front = frontOf(index);
  const page = front ? front : NOTHING;
  for (let bytes = sizeOf(index); classOf(bytes) == index; bytes -= WORD) {
    store<Page>(DIRECT + 4 * <usize>(bytes / WORD), page);
    if (bytes == 0) break;
  }
}

// ---- Queues ----

/** The number of the queue that a page is in. */
function numberFor(page: Page): u32 {
  return page.state & FULL ? FULL_QUEUE : page.queue;
}

function setFront(index: u32, page: Page | null): void {
  queueAt(index).front = page;
  setDirect(index);
}

export function pushFront(page: Page): void {
  const index = numberFor(page);
  const front = frontOf(index);
  page.previous = null;
  page.next = front;
  if (front) front.previous = page;
  else queueAt(index).back = page;
  setFront(index, page);
}

function pushBack(page: Page): void {
  const index = numberFor(page);
  const queue = queueAt(index);
  const back = queue.back;
  page.next = null;
  page.previous = back;
  queue.back = page;
  if (back) back.next = page;
  else setFront(index, page);
}

function remove(page: Page): void {
  const index = numberFor(page);
  const next = changetype<Page | null>(page.next);
  const previous = changetype<Page | null>(page.previous);
  if (next) next.previous = previous;
  else queueAt(index).back = previous;
  if (previous) previous.next = next;
  else setFront(index, next);
}

/** The first page of a class that has a free block, or room for one. Those before it are full. Null if there is none. */
export function findFree(index: u32): Page | null {
  for (let page = frontOf(index); page; page = frontOf(index)) {
    if (collect(page) || extend(page)) {
      page.retire = 0;
      return page;
    }
    remove(page);
    page.state |= FULL;
    pushBack(page);
  }
  return null;
}

/** A block was freed in a page that was full. */
export function leaveFull(page: Page): void {
  remove(page);
  page.state &= ~FULL;
  pushBack(page);
}

/** A page has become empty: it stays for some sweeps, or is freed. */
export function retire(page: Page): void {
  page.state &= ~ALIGNED;
  const isOnly = !page.next && !page.previous && !(page.state & FULL);
  if (!isOnly || page.blockBytes > LARGEST_CLASS) {
    free(page);
    return;
  }
  page.retire = page.blockBytes <= LARGEST_SMALL_PAGE ? SWEEPS_SMALL : SWEEPS;
  lowest = min(lowest, page.queue);
  highest = max(highest, page.queue);
}

function free(page: Page): void {
  const caller = enter(PAGE_FREE);
  remove(page);
  givePage(page);
  leave(caller);
}

/** Looks at the empty pages that were kept, and frees those that were for long; all of them if it is forced. */
export function sweep(isForced: bool): void {
  if (lowest > highest) return;
  const caller = enter(COLLECT_RETIRED);
  const from = lowest;
  const to = highest;
  lowest = QUEUES;
  highest = 0;
  for (let index = from; index <= to; index++) {
    const page = frontOf(index);
    if (page) age(page, isForced);
  }
  leave(caller);
}

/** One sweep more has seen a page that was kept. */
function age(page: Page, isForced: bool): void {
  if (page.used) page.retire = 0;
  if (page.retire == 0) return;
  page.retire--;
  if (page.retire == 0 || isForced) {
    free(page);
    return;
  }
  lowest = min(lowest, page.queue);
  highest = max(highest, page.queue);
}

/** Frees all empty pages, and makes free what was freed. `isForced`: before what is. */
export function collectPages(isForced: bool): void {
  for (let index: u32 = 0; index < QUEUES; index++) {
    let page = frontOf(index);
    while (page) {
      const next = changetype<Page | null>(page.next);
      if (isForced) collectAll(page);
      else collect(page);
      if (page.used == 0) free(page);
      page = next;
    }
  }
}

/** How many pages are in queues. For validators: asserts that each is where it says, and that the links agree. */
export function check(): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < QUEUES; index++) {
    const queue = queueAt(index);
    let previous: Page | null = null;
    let at = queue.front;
    while (at) {
      const page = at as Page;
      at = changetype<Page | null>(page.next);
      assert(numberFor(page) == index, "a page is in the queue that it says");
      assert(changetype<Page | null>(page.previous) == previous, "a queue links back");
      if (page.retire) assert(index >= lowest && index <= highest, "sweeps see all pages that were kept");
      previous = page;
      count++;
    }
    assert(queue.back == previous, "a queue ends with its last page");
    if (index > 0 && index <= LAST_SMALL && classOf(sizeOf(index)) == index) {
      assert(
        frontFor(sizeOf(index)) == (queue.front ? queue.front : NOTHING),
        "small requests know the front of their class",
      );
    }
  }
  return count;
}
