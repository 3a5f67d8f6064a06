/**
 * Growth of the memory. From `top` to `end` lies memory that was never handed out; what of it our own memory.grow gave
 * is zero. What was there before the heap, and what others' memory.grow gave, is nobody's to trust: the first is used as
 * memory of unknown contents, the second not at all.
 *
 *      bottom                  top            fresh                end
 *      ├───────────────────────┼──────────────┼────────────────────┤
 *      │ extents               │ unknown      │ zero               │     fresh ≤ top once the first memory is used up
 *
 * Growing costs the host some 2 to 100 µs, nearly whatever the size: steps are a share of the heap.
 */
import { clearMany } from "./bytes";
import { STEP_SHIFT, UNIT } from "./config";
import {
  firstMemoryEnd,
  growMemory,
  heapBase,
  MOST_PAGES,
  memoryEnd,
  pagesFor,
  WASM_PAGE_SHIFT,
} from "./host";
import { noteZero, release } from "./runs";
import {
  begin,
  bottom,
  bytesOf,
  coveredEnd,
  Kind,
  lowerTop,
  moveTable,
  setTag,
  setTop,
  tableBytes,
  tagOf,
  top,
  unitsFor,
  usedEnd,
} from "./units";

/** A new table has room for that share more than is needed. */
const TABLE_SHIFT: u32 = 2;
/** The first table has room for so many bytes. */
const FIRST_TABLE_COVERS: u32 = 256 * 1024;
const MAX_END: u64 = (<u64>MOST_PAGES) << WASM_PAGE_SHIFT;

/** Where the memory ends, as far as the heap knows; 0 before it begins. */
export let end: usize = 0;
/** Where memory that our own growth gave begins. */
let fresh: usize = 0;
/** Bytes of others between bottom and end. */
export let alienBytes: usize = 0;
let tableUnits: u32 = 0;

/** Begins the heap behind the module's statics. Returns false if there is no memory for its table. */
export function start(): bool {
  end = firstMemoryEnd();
  fresh = end;
  begin((heapBase() + (UNIT - 1)) & ~(UNIT - 1));
  const units = unitsFor(tableBytes(bottom + FIRST_TABLE_COVERS));
  if (bottom + bytesOf(units) > end && !grow(bottom + bytesOf(units))) return false;
  placeTable(units);
  return true;
}

/** The first address from `top` on that is known to be zero, and whatever follows. */
export function freshFrom(): usize {
  return max(usedEnd(), fresh);
}

/** Clears what is not known to be zero from the top on. */
export function clearTop(): void {
  clearMany(top, freshFrom() - top);
  lowerTop(top, top, usedEnd());
  fresh = top;
}

/** Moves the table to the top. */
function placeTable(units: u32): void {
  const place = top;
  const old = moveTable(place, bytesOf(units), freshFrom());
  setTop(place + bytesOf(units));
  setTag(place, tagOf(units, Kind.Own));
  if (old) release(old, tableUnits, 0, 0);
  tableUnits = units;
}

/** Units of the table that has to take the place of this one if extents are to end at an address; 0 if this will do. */
function tableUnitsFor(newTop: usize): u32 {
  if (newTop <= coveredEnd) return 0;
  const extents = newTop - bottom;
  const spare = min(extents >> TABLE_SHIFT, usize.MAX_VALUE - newTop);
  return unitsFor(tableBytes(newTop + spare));
}

/**
 * Takes units at the top. The memory grows if it has to. Returns the run, or
 * 0 if the host refuses. The caller sets the tag of its first unit.
 */
export function extend(units: u32): usize {
  const newTop = <u64>top + bytesOf(units);
  if (newTop >= MAX_END) return 0;
  const table = tableUnitsFor(<usize>newTop);
  const needed = newTop + bytesOf(table);
  if (needed <= end) return carve(units, table);
  // Others may have grown the memory: the place is looked for again.
  return needed <= MAX_END && grow(<usize>needed) ? extend(units) : 0;
}

/** Whether so much lies at the top that was in use before. */
export function wasUsed(units: u32): bool {
  return <u64>top + bytesOf(units) <= usedEnd();
}

/** Whether extend would not grow the memory. */
export function fitsBelowEnd(units: u32): bool {
  const newTop = <u64>top + bytesOf(units);
  return newTop < MAX_END && newTop + bytesOf(tableUnitsFor(<usize>newTop)) <= end;
}

function carve(units: u32, table: u32): usize {
  if (table) placeTable(table);
  const run = top;
  const from = freshFrom();
  setTop(run + bytesOf(units));
  noteZero(from, top);
  return run;
}

/** Grows the memory, so that it ends at an address or beyond, if nobody else grew it meanwhile. Then the caller looks again. */
function grow(needed: usize): bool {
  if (memoryEnd() != end) return passAlien();
  const exact = pagesFor(needed - end);
  const share = <i32>((end - bottom) >> (STEP_SHIFT + WASM_PAGE_SHIFT));
  const most = <i32>(MOST_PAGES - <u32>(end >> WASM_PAGE_SHIFT));
  const step = min(max(exact, share), most);
  if (!growMemory(step) && (step <= exact || !growMemory(exact))) return false;
  end = memoryEnd();
  return true;
}

/** Goes on behind memory that others got. What is left below it becomes a free run. */
function passAlien(): bool {
  const alien = end;
  const alienEnd = memoryEnd();
  const units = tableUnitsFor(alienEnd);
  if (<u64>alienEnd + bytesOf(units) > MAX_END || !growMemory(pagesFor(bytesOf(units)))) return false;
  const left = top;
  const leftFrom = freshFrom();
  end = memoryEnd();
  alienBytes += alienEnd - alien;
  setTop(alienEnd);
  if (units) placeTable(units);
  setTag(alien, tagOf(unitsFor(alienEnd - alien), Kind.Own));
  if (left < alien) release(left, unitsFor(alien - left), leftFrom, alien);
  return true;
}
