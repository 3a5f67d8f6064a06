/** The functions of C. A request that cannot be met returns 0 and changes nothing. */
import { giveRun, resizeRun, sizeOfRun, takeRun } from "./blocks";
import { clear, clearMany } from "./bytes";
import { makeClasses } from "./classes";
import { ALIGN, HARDENED, MOST_SLOT_BYTES, UNIT } from "./config";
import { start } from "./growth";
import { INSIDE, OUTSIDE, refuse } from "./misuse";
import { release, zeroFrom, zeroTo } from "./runs";
import { checkSlot, giveSlot, takeSlot } from "./slots";
import { NONE, spanAt, startSpans } from "./spans";
import { bottom, bytesOf, KIND_BITS, Kind, setTag, tagAt, tagOf, top, unitsFor, unitsOf } from "./units";

/** Requests below get a slot: none before the heap has begun. */
let slotLimit: usize = 0;

/** Begins the heap, if it has not begun. Returns false if there is no memory for it. */
export function begin(): bool {
  if (slotLimit) return true;
  if (!start()) return false;
  startSpans();
  makeClasses(NONE);
  slotLimit = MOST_SLOT_BYTES + 1;
  return true;
}

/** Unlike all others of 0 bytes, too, a block's pointer is its own. */
export function malloc(bytes: usize): usize {
  return bytes < slotLimit ? takeSlot(bytes) : mallocLarge(bytes);
}

function mallocLarge(bytes: usize): usize {
  if (slotLimit) return takeRun(bytes);
  return begin() ? malloc(bytes) : 0;
}

export function free(pointer: usize): void {
  if (!pointer) return;
  const tag = tagOfBlock(pointer);
  if (tag & KIND_BITS) giveRun(pointer, tag);
  else giveSlot(spanAt(tag), pointer);
}

/** The tag of the unit that a pointer is in. Traps if no block can be there. */
function tagOfBlock(pointer: usize): u32 {
  if (HARDENED && pointer - bottom >= top - bottom) refuse(pointer, OUTSIDE);
  const tag = tagAt(pointer);
  if (HARDENED && !tag) refuse(pointer, INSIDE);
  return tag;
}

/** The bytes of a block, which are the program's. Traps if it is none. */
function sizeOf(pointer: usize): usize {
  const tag = tagOfBlock(pointer);
  if (tag & KIND_BITS) return sizeOfRun(pointer, tag);
  checkSlot(spanAt(tag), pointer);
  return spanAt(tag).size;
}

/** Clears no more than is not known to be zero: see the README. */
export function calloc(count: usize, size: usize): usize {
  const product = <u64>count * size;
  if (product > u32.MAX_VALUE) return 0;
  const bytes = <usize>product;
  const block = malloc(bytes);
  if (!block) return 0;
  if (bytes <= MOST_SLOT_BYTES) clear(block, (bytes + (ALIGN - 1)) & ~(ALIGN - 1));
  else clearAround(block, block + bytes);
  return block;
}

/** Clears a run's bytes but for its zero stretch. */
function clearAround(block: usize, end: usize): void {
  const from = min(zeroFrom, end);
  const to = min(zeroTo, end);
  if (from >= to) {
    clearMany(block, end - block);
    return;
  }
  clearMany(block, from - block);
  clearMany(to, end - to);
}

/** 0 bytes are as good as any: the block stays one. */
export function realloc(pointer: usize, bytes: usize): usize {
  if (!pointer) return malloc(bytes);
  const held = sizeOf(pointer);
  if (held <= MOST_SLOT_BYTES ? fitsSlot(bytes, held) : resizeRun(pointer, held, bytes)) return pointer;
  const moved = malloc(bytes);
  // Without memory to move to, a block that shrinks stays where it is, as long as it was.
  if (!moved) return bytes <= held ? pointer : 0;
  memory.copy(moved, pointer, min(held, bytes));
  free(pointer);
  return moved;
}

/** Whether a slot is right for a request: at most twice as long. */
function fitsSlot(bytes: usize, held: usize): bool {
  return bytes <= held && bytes >= held >> 1;
}

export function aligned_alloc(align: usize, bytes: usize): usize {
  if (!align || align & (align - 1)) return 0;
  return memalign(align, bytes);
}

/** The alignment is a power of two. */
export function memalign(align: usize, bytes: usize): usize {
  if (align <= ALIGN) return malloc(bytes);
  // The slot of a multiple of an alignment is aligned to it, and every run is to a unit.
  const padded = (bytes + (align - 1)) & ~(align - 1);
  if (padded < bytes) return 0;
  if (align <= UNIT) return malloc(max(padded, align));
  return alignedRun(align, max(bytes, MOST_SLOT_BYTES + 1));
}

/** Takes a run that is longer by the alignment, and gives back what is before and behind. */
function alignedRun(align: usize, bytes: usize): usize {
  if (bytes + align < bytes) return 0;
  const run = malloc(bytes + align - UNIT);
  if (!run) return 0;
  const units = unitsOf(tagAt(run));
  const block = (run + (align - 1)) & ~(align - 1);
  const wanted = unitsFor(bytes);
  const end = block + bytesOf(wanted);
  const runEnd = run + bytesOf(units);
  setTag(block, tagOf(wanted, Kind.Used));
  if (block > run) release(run, unitsFor(block - run), 0, 0);
  if (end < runEnd) release(end, unitsFor(runEnd - end), 0, 0);
  return block;
}

// As wasi-libc's and emscripten's errno.h number them.
const EINVAL = 28;
const ENOMEM = 48;

export function posix_memalign(result: usize, align: usize, bytes: usize): i32 {
  if (align < sizeof<usize>() || align & (align - 1)) return EINVAL;
  const block = memalign(align, bytes);
  if (!block) return ENOMEM;
  store<usize>(result, block);
  return 0;
}

export function malloc_usable_size(pointer: usize): usize {
  return pointer ? sizeOf(pointer) : 0;
}
