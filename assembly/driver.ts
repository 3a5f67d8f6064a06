/**
 * The trace loop over a foreign allocator, in a memory of its own, so that the allocator has its memory
 * to itself.
 *
 *      buffer     BUFFER_RECORDS records (loop.ts)
 *      results    one u64 per record: the address it returned, or 0
 *      slots      to the end of memory, which grows for them
 *
 *      slot       0          4        8        12      16
 *                 ├──────────┼────────┼────────┼───────┤
 *                 │ pointer  │ block  │ bytes  │ align │    of one live object; pointer 0: none
 *                 └──────────┴────────┴────────┴───────┘
 *
 * Every pointer that the allocator returns is checked before it is used: it must lie in the memory and
 * be aligned. A `verifying` run also fills every object with a pattern, and later checks the pattern.
 */
import * as face from "./face";
import { firstOf, kindOf, MOST_SLOTS, replayed, runRecords, Step, secondOf, slotOf } from "./loop";
import { PLAIN_ALIGN, SLOT_BYTES, TrapCause } from "./shared/driver";
import { RECORD_BYTES, RecordKind, Touch } from "./shared/records";

export { alignBy, block, configure } from "./face";
export { replayed } from "./loop";

/** A function of patterns.ts. */
declare function memoryBytes(): u64;
declare function touch(address: u32, bytes: u32, write: bool): void;
declare function writePattern(address: u32, bytes: u32, seed: u32): void;
declare function patternEnd(address: u32, bytes: u32, seed: u32): u32;
declare function fillEnd(address: u32, value: u32, bytes: u32): u32;

const BUFFER_RECORDS: u32 = 4096;

const BUFFER = memory.data(RECORD_BYTES * BUFFER_RECORDS, 16);
const RESULTS = memory.data(8 * BUFFER_RECORDS, 16);

let slotCount: u32 = 0;
let verifying: bool = false;
let policy: u32 = Touch.None;
/** Whether new objects are touched or filled. Most runs do neither. */
let attentive: bool = false;
/** The memory's size when it was last asked for. */
let knownBytes: u64 = 0;
/** Records done that were no calls. */
let others: f64 = 0;
let doneBefore: f64 = 0;

let failures: f64 = 0;
let doneBeforeFirst: f64 = 0;
/** Of the last trap: its cause, the pointer, and a byte count or an offset. */
export let trapCause: u32 = TrapCause.None;
export let trapPointer: u32 = 0;
export let trapDetail: u32 = 0;

export function bufferAddress(): usize {
  return BUFFER;
}

export function bufferRecords(): u32 {
  return BUFFER_RECORDS;
}

export function resultsAddress(): usize {
  return RESULTS;
}

/** Address of the slots: `slotsMade()` of SLOT_BYTES each, of which the first u32 is the pointer. */
export function slotsAddress(): usize {
  return __heap_base;
}

/** Number of slots that have room. */
export function slotsMade(): u32 {
  return slotCount;
}

function raise(cause: TrapCause, pointer: u32, detail: u32): void {
  trapCause = cause;
  trapPointer = pointer;
  trapDetail = detail;
  unreachable();
}

/** Bytes that the program asked for, of all objects in slots. */
export function liveBytes(): f64 {
  let bytes: f64 = 0;
  const end = __heap_base + SLOT_BYTES * slotCount;
  for (let slot = __heap_base; slot < end; slot += SLOT_BYTES) {
    if (load<u32>(slot)) bytes += load<u32>(slot, 8);
  }
  return bytes;
}

/** Records that all replays did, including a last one that trapped. */
export function done(): f64 {
  return doneBefore + replayed();
}

/** Allocations of all replays that returned 0 though at least 1 byte was asked for. */
export function failedAllocations(): f64 {
  return failures;
}

/** Records that all replays did before the first failed allocation. */
export function doneBeforeFailure(): f64 {
  return doneBeforeFirst;
}

/** Calls of the allocator by all replays. */
export function calls(): f64 {
  return done() - others;
}

// ---- Single calls, for the host, which keeps the sizes and checks its arguments. ----

export function malloc(bytes: u32): u32 {
  return face.malloc(bytes);
}

export function calloc(count: u32, size: u32): u32 {
  return face.calloc(count, size);
}

export function aligned(align: u32, bytes: u32): u32 {
  return face.aligned(align, bytes);
}

export function resizeNothing(bytes: u32): u32 {
  return face.resizeNothing(bytes);
}

export function resize(pointer: u32, block: u32, old: u32, align: u32, bytes: u32): u32 {
  return face.resize(pointer, block, old, align, bytes);
}

export function release(block: u32, bytes: u32, align: u32): void {
  face.release(block, bytes, align);
}

/** Traps unless a new object lies in memory and has the alignment that its size needs. */
export function checkObject(pointer: u32, bytes: u32, align: u32): void {
  checkPointer(pointer, bytes, align);
}

// ---- Checks ----

function checkPointer(pointer: u32, bytes: u32, align: u32): void {
  if (<u64>pointer + bytes > knownBytes) checkRange(pointer, bytes);
  if (pointer & (align - 1)) checkAlignment(pointer, bytes, align);
}

/** Traps unless the range lies in the module's memory, which may have grown since its size was asked for. */
function checkRange(address: u32, bytes: u32): void {
  knownBytes = memoryBytes();
  if (<u64>address + bytes > knownBytes) raise(TrapCause.OutsideMemory, address, bytes);
}

/** Traps if the pointer is misaligned. An object smaller than the plain alignment needs only that of its size. */
function checkAlignment(pointer: u32, bytes: u32, align: u32): void {
  let natural = align;
  if (align == PLAIN_ALIGN) while (natural > bytes) natural >>= 1;
  if (natural && pointer & (natural - 1)) raise(TrapCause.Misaligned, pointer, natural);
}

// ---- The loop ----

/** Runs the buffer's records [from, to), `times` over. Keeps their results if it is told to. */
export function replay(
  from: u32,
  to: u32,
  times: u32,
  touchPolicy: u32,
  keepsResults: bool,
  verify: bool,
): void {
  doneBefore += replayed();
  policy = touchPolicy;
  verifying = verify;
  attentive = verify || touchPolicy != Touch.None;
  runRecords(changetype<DriverStep>(0), BUFFER, keepsResults ? RESULTS : 0, from, to, times);
}

class DriverStep extends Step {
  run(record: usize): u64 {
    return step(record);
  }
}

/** Runs one record. Returns the pointer it allocated, or 0. */
function step(record: usize): u32 {
  const kind = kindOf(record);
  const index = slotOf(record);
  if (index >= slotCount) ensureSlots(index);
  const slot = __heap_base + SLOT_BYTES * index;
  if (kind == RecordKind.Malloc) {
    const bytes = firstOf(record);
    const pointer = bytes <= u32.MAX_VALUE ? face.malloc(<u32>bytes) : 0;
    return hold(slot, pointer, pointer, bytes, PLAIN_ALIGN);
  }
  if (kind == RecordKind.Free) {
    const pointer = load<u32>(slot);
    if (pointer) free(slot, pointer);
    return 0;
  }
  return rarer(record, kind, slot);
}

function rarer(record: usize, kind: i32, slot: usize): u32 {
  const first = firstOf(record);
  const second = secondOf(record);
  if (kind == RecordKind.Calloc) return callocate(slot, first, second);
  if (kind == RecordKind.Realloc) return realloc(slot, second);
  if (kind == RecordKind.Aligned) return allocateAligned(slot, first, second);
  others += 1;
  if (kind <= RecordKind.Read) access(kind, load<u32>(slot), <u32>first, <u32>second);
  // A module has one thread, no clock, and nobody to give memory back to; nothing is counted by site.
  else if (kind > RecordKind.Site) raise(TrapCause.BadOperation, kind, 0);
  return 0;
}

/** Makes room for an object's slot. Slots are at the end of memory, so growing moves none. */
function ensureSlots(index: u32): void {
  if (index >= MOST_SLOTS) raise(TrapCause.BadOperation, index, 0);
  const count = max(index + 1, max(1024, 2 * slotCount));
  const pages = <i32>((__heap_base + SLOT_BYTES * count + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) raise(TrapCause.HostOutOfMemory, 0, 0);
  slotCount = count;
}

/** Counts an allocation that got no memory. Returns 0. */
function fail(): u32 {
  if (!failures) doneBeforeFirst = done();
  failures += 1;
  return 0;
}

/** Checks a new object and puts it into its slot. If there is no object, counts a failure. */
function hold(slot: usize, pointer: u32, block: u32, bytes: u64, align: u32): u32 {
  store<u32>(slot, pointer);
  if (!pointer) return bytes ? fail() : 0;
  checkPointer(pointer, <u32>bytes, align);
  store<u32>(slot, block, 4);
  store<u32>(slot, <u32>bytes, 8);
  store<u32>(slot, align, 12);
  if (attentive) attend(slot, pointer, <u32>bytes);
  return pointer;
}

function callocate(slot: usize, count: u64, size: u64): u32 {
  const fits = max(count, size) <= u32.MAX_VALUE;
  const pointer = fits ? face.calloc(<u32>count, <u32>size) : 0;
  const bytes = count * size;
  if (pointer && bytes > u32.MAX_VALUE) raise(TrapCause.Overflowed, pointer, <u32>bytes);
  if (pointer && verifying) verifyZero(pointer, <u32>bytes);
  return hold(slot, pointer, pointer, fits ? bytes : u64.MAX_VALUE, PLAIN_ALIGN);
}

function allocateAligned(slot: usize, align: u64, bytes: u64): u32 {
  const fits = max(align, bytes) <= u32.MAX_VALUE;
  const pointer = fits ? face.aligned(<u32>align, <u32>bytes) : 0;
  return hold(slot, pointer, face.block, bytes, max(<u32>align, PLAIN_ALIGN));
}

/** Resizes the slot's object. An empty slot gets one. A failed resize keeps the old object. */
function realloc(slot: usize, bytes: u64): u32 {
  const held = load<u32>(slot);
  const fits = bytes <= u32.MAX_VALUE;
  if (!held) {
    const made = fits ? face.resizeNothing(<u32>bytes) : 0;
    return hold(slot, made, made, bytes, PLAIN_ALIGN);
  }
  const old = load<u32>(slot, 8);
  const align = load<u32>(slot, 12);
  if (verifying) verify(slot, held, old);
  const pointer = fits ? face.resize(held, load<u32>(slot, 4), old, align, <u32>bytes) : 0;
  if (!pointer && bytes) return fail();
  if (pointer && verifying) verify(slot, pointer, min(old, <u32>bytes));
  // C does not promise that a block keeps its alignment when it moves.
  hold(slot, pointer, face.block, bytes, PLAIN_ALIGN);
  store<u32>(slot, align, 12);
  return pointer;
}

function free(slot: usize, pointer: u32): void {
  const bytes = load<u32>(slot, 8);
  if (verifying) verify(slot, pointer, bytes);
  store<u32>(slot, 0);
  face.release(load<u32>(slot, 4), bytes, load<u32>(slot, 12));
}

/** The program reads or writes a range of an object it holds. The trace's reader has checked that it lies within. */
function access(kind: i32, pointer: u32, offset: u32, bytes: u32): void {
  if (!pointer) return;
  checkRange(pointer + offset, bytes);
  touch(pointer + offset, bytes, kind == RecordKind.Write);
}

// ---- The contents of objects ----

function attend(slot: usize, pointer: u32, bytes: u32): void {
  if (verifying) writePattern(pointer, bytes, <u32>slot);
  if (policy != Touch.None) touch(pointer, policy == Touch.First ? min(bytes, 1) : bytes, true);
}

function verify(slot: usize, pointer: u32, bytes: u32): void {
  checkRange(pointer, bytes);
  const end = patternEnd(pointer, bytes, <u32>slot);
  if (end != bytes) raise(TrapCause.Overwritten, pointer, end);
}

function verifyZero(pointer: u32, bytes: u32): void {
  checkRange(pointer, bytes);
  const end = fillEnd(pointer, 0, bytes);
  if (end != bytes) raise(TrapCause.NotZero, pointer, end);
}
