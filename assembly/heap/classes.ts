/**
 * Size classes: 16 bytes, then by the alignment up to 128, then eight to a doubling. A class has the list of its spans
 * that have free slots.
 *
 *      class    16  32  48  64  80  96  112  128  144 … 256  288 … 512  576 … 1024
 *      step            16 (or 8)                 16         32         64
 */
import { ALIGN, ALIGN_SHIFT, MOST_SLOT_BYTES, SPAN_BYTES, UNIT, UNIT_SHIFT } from "./config";
import { MIN_RUN_UNITS } from "./units";

@unmanaged
export class SizeClass {
  /** The list of spans (spans.ts). */
  head: usize;
  /** Bytes of a slot. */
  size: u32;
  /** 2^32 / size, rounded up. */
  reciprocal: u32;
  /** Of a span, as a rule. */
  units: u16;
  /** The fewest units of a span that fills a hole. */
  leastUnits: u16;
}

const SIZE_CLASS_BYTES: u32 = 16;
const MIN_SLOT_BYTES: u32 = 16;
/** A span's free slots are the bits of a word. */
const MOST_SLOTS: u32 = 64;
const MIN_SLOTS: u32 = 4;
/** Of a span, at most so much is left over behind its slots: its bytes shifted right by this. */
const REST_SHIFT: u32 = 5;
/** The same of a span that fills a hole. */
const HOLE_REST_SHIFT: u32 = 3;
const LEAST_SLOTS: u32 = 2;
export const MOST_CLASSES: u32 = 64;

const CLASSES = memory.data(MOST_CLASSES * SIZE_CLASS_BYTES, 8);
/** Numbers of classes, by size in steps of the alignment. */
const NUMBERS = memory.data((MOST_SLOT_BYTES >> ALIGN_SHIFT) + 1, 1);
export let classCount: u32 = 0;

export function classAt(number: u32): SizeClass {
  return changetype<SizeClass>(CLASSES + number * SIZE_CLASS_BYTES);
}

export function numberOf(sizeClass: SizeClass): u32 {
  return <u32>(changetype<usize>(sizeClass) - CLASSES) / SIZE_CLASS_BYTES;
}

/** @param bytes At most MOST_SLOT_BYTES. */
export function classFor(bytes: usize): SizeClass {
  return classAt(load<u8>(NUMBERS + ((bytes + (ALIGN - 1)) >> ALIGN_SHIFT)));
}

/** Makes the classes. Their lists are to be `none`. */
export function makeClasses(none: usize): void {
  let filled: u32 = 0;
  for (let size = MIN_SLOT_BYTES; size <= MOST_SLOT_BYTES; ) {
    const sizeClass = classAt(classCount);
    sizeClass.head = none;
    sizeClass.size = size;
    sizeClass.reciprocal = <u32>((((<u64>1) << 32) + size - 1) / size);
    setSpan(sizeClass, size);
    for (; filled <= size >> ALIGN_SHIFT; filled++) store<u8>(NUMBERS + filled, classCount);
    classCount++;
    size += max(ALIGN, (1 << (31 - clz(size))) >> 3);
  }
}

/** Chooses the shortest span of at least MIN_SLOTS, SPAN_BYTES or MOST_SLOTS that leaves little over. */
function setSpan(sizeClass: SizeClass, size: u32): void {
  const bytes = min(max(SPAN_BYTES, MIN_SLOTS * size), MOST_SLOTS * size);
  let units = (bytes + (UNIT - 1)) >> UNIT_SHIFT;
  while (restOf(units, size) > (units << UNIT_SHIFT) >> REST_SHIFT) units++;
  sizeClass.units = <u16>units;
  sizeClass.leastUnits = <u16>leastUnits(units, size);
}

/** The shortest span worth while. */
function leastUnits(most: u32, size: u32): u32 {
  for (let units = MIN_RUN_UNITS; units < most; units++) {
    if (
      restOf(units, size) <= (units << UNIT_SHIFT) >> HOLE_REST_SHIFT &&
      slotsOf(units, size) >= LEAST_SLOTS
    )
      return units;
  }
  return most;
}

export function slotsOf(units: u32, size: u32): u32 {
  return min((units << UNIT_SHIFT) / size, MOST_SLOTS);
}

function restOf(units: u32, size: u32): u32 {
  return (units << UNIT_SHIFT) - slotsOf(units, size) * size;
}
