/** Small blocks: slots of spans. */
import { acquire } from "./acquire";
import { classFor, SizeClass } from "./classes";
import { HARDENED } from "./config";
import { FREED, INSIDE, refuse } from "./misuse";
import { holeUnits, takeHole } from "./runs";
import { addRecords, hasRecord, list, makeSpan, NONE, recordUnits, Span, spanAt } from "./spans";

/** Takes a slot for at most MOST_SLOT_BYTES. Returns 0 if there is no memory. */
export function takeSlot(bytes: usize): usize {
  const sizeClass = classFor(bytes);
  const span = spanAt(sizeClass.head);
  return span.free ? takeOf(span) : takeOfNext(sizeClass, span);
}

/** Takes the lowest free slot; there has to be one. */
function takeOf(span: Span): usize {
  const free = span.free;
  span.free = free & (free - 1);
  return span.base + <usize>ctz(free) * span.size;
}

function takeOfNext(sizeClass: SizeClass, full: Span): usize {
  if (full.next != NONE) {
    sizeClass.head = full.next;
    return takeOf(spanAt(full.next));
  }
  const span = newSpan(sizeClass);
  return span ? takeOf(spanAt(span)) : 0;
}

function newSpan(sizeClass: SizeClass): usize {
  if (!hasRecord()) {
    const units = recordUnits();
    const records = acquire(units);
    if (!records) return 0;
    addRecords(records, units);
  }
  let run = takeHole(sizeClass.leastUnits, sizeClass.units);
  if (run) return changetype<usize>(makeSpan(sizeClass, run, holeUnits));
  run = acquire(sizeClass.units);
  return run ? changetype<usize>(makeSpan(sizeClass, run, sizeClass.units)) : 0;
}

/** Gives a slot back. */
export function giveSlot(span: Span, pointer: usize): void {
  const bit = liveBit(span, pointer);
  const free = span.free;
  span.free = free | bit;
  if (!free) list(span);
}

/** Traps unless a slot that is in use begins at a pointer. */
export function checkSlot(span: Span, pointer: usize): void {
  liveBit(span, pointer);
}

/** The bit of a slot that is in use. The product's lower half is below the reciprocal only where a slot begins. */
function liveBit(span: Span, pointer: usize): u64 {
  const product = <u64>(pointer - span.base) * span.reciprocal;
  const index = product >> 32;
  if (HARDENED && (<u32>product >= span.reciprocal || index >= span.slots)) {
    refuse(pointer, INSIDE);
  }
  const bit = (<u64>1) << index;
  if (HARDENED && span.free & bit) refuse(pointer, FREED);
  return bit;
}
