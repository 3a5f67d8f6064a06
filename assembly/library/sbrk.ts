/**
 * sbrk for programs of emscripten. Emscripten's own begins at __heap_base, where the heap is. This one has areas of its
 * own: the first begins where memory ends at the first call, and grows with the memory until somebody else grows it.
 * Then the next one begins behind. So two calls' memory need not be contiguous, as with every sbrk that others call too.
 *
 *      start            the break        end
 *      ├────────────────┼────────────────┤
 *      │ handed out     │ to be had      │
 */
import { begin as beginHeap } from "../heap/heap";
import { growMemory, MOST_PAGES, memoryEnd, pagesFor, WASM_PAGE_SHIFT } from "../heap/host";

const REFUSED: usize = -1;

/** The break, in memory: emscripten's JavaScript reads it there. */
const BREAK = memory.data(sizeof<usize>(), 8);
let start: usize = 0;
let end: usize = 0;

function begin(): void {
  if (end) return;
  // The heap has what there is of memory when it begins.
  beginHeap();
  start = end = memoryEnd();
  store<usize>(BREAK, start);
}

/** The address of the break. */
export function emscripten_get_sbrk_ptr(): usize {
  begin();
  return BREAK;
}

/** Moves the break by bytes. Returns where it was, or the beginning of a new area; -1 if there is no memory. */
export function sbrk(increment: isize): usize {
  begin();
  const old = load<usize>(BREAK);
  if (moveWithin(<i64>old + increment)) return old;
  if (increment < 0) return REFUSED;
  const from = memoryEnd();
  if (!growFor(from, increment)) return REFUSED;
  start = from;
  store<usize>(BREAK, from + increment);
  return from;
}

/** Moves the break to an address of its area, or where that can grow to. Returns -1 if it cannot. */
export function brk(address: usize): i32 {
  begin();
  return moveWithin(address) ? 0 : -1;
}

function moveWithin(to: i64): bool {
  if (to < <i64>start) return false;
  if (to > <i64>end && (end != memoryEnd() || !growFor(end, <u64>to - end))) return false;
  store<usize>(BREAK, <usize>to);
  return true;
}

/** Grows the memory by so many bytes or more, which makes them the end of an area. */
function growFor(from: usize, bytes: u64): bool {
  if (<u64>from + bytes > (<u64>MOST_PAGES) << WASM_PAGE_SHIFT || !growMemory(pagesFor(<usize>bytes)))
    return false;
  end = memoryEnd();
  return true;
}
