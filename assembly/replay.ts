/** The trace loop over a model, compiled together with it so that an operation costs a direct call. */

import { Contract } from "./allocators/allocator";
import { firstOf, kindOf, MOST_SLOTS, runRecords, Step, secondOf, slotOf } from "./loop";
import { touch } from "./machine/access";
import { setClock, tickClock } from "./machine/clock";
import { act, fail, look, raise } from "./machine/failure";
import { reserve } from "./machine/frames";
import { requireAlive, requireAllAlive } from "./machine/oom";
import { requireMapped } from "./machine/page-access";
import { call, program } from "./machine/paths";
import { isProcess, parentOfRunning } from "./machine/processes";
import * as own from "./own";
import { Fn } from "./shared/counters";
import { Exception, Failure } from "./shared/failure";
import { MOST_PROCESSES, MOST_THREADS, RECORD_BYTES, RecordKind, Touch } from "./shared/records";
import { enterSite } from "./sites";
import { ensureSlots, SLOT_BYTES, slotCount, slots } from "./slots";
import { verifyAfter, verifyBefore } from "./verified";

/** Records that the buffer can hold: so many that a call by the host costs little beside them. */
export const BUFFER_RECORDS: u32 = 4096;

let buffer: usize = 0;
let results: usize = 0;
/** The `Touch` that the host passes with each run. */
let policy: u32 = Touch.None;
let verifying: bool = false;
/** Allocations so far that returned 0 though at least 1 byte was asked for. */
export let failedAllocations: f64 = 0;

/** Address where the host puts records. Made on first use. */
export function bufferAddress(): usize {
  if (!buffer) {
    buffer = reserve(<usize>RECORD_BYTES * BUFFER_RECORDS);
    results = reserve(8 * BUFFER_RECORDS);
  }
  return buffer;
}

/** Address of the results of the last run that kept them: a u64 per record, the address it returned; 0 if it allocates nothing. */
export function resultsAddress(): usize {
  return results;
}

/** Address of the slots: a u64 each, the pointer of a live object; 0 for a free slot. */
export function slotsAddress(): usize {
  return slots;
}

/** Number of slots that have room. */
export function slotsMade(): u32 {
  return slotCount;
}

/** calloc as in the C library: fails if the product overflows 2^64. */
export function calloc<M extends Contract>(model: M, count: u64, size: u64): u64 {
  if ((count | size) >> 32 && size && count > u64.MAX_VALUE / size) {
    fail(Failure.Overflow, u64.MAX_VALUE, 0);
    return 0;
  }
  return model.calloc(count * size);
}

function touchObject(pointer: u64, bytes: u64): void {
  if (policy == Touch.None) return;
  program();
  if (policy == Touch.First) touch(pointer, min(bytes, 1), true);
  else touch(pointer, bytes, true);
}

/** Runs the buffer's records [from, to), `times` over. Keeps their results, and verifies objects, if it is told to. */
export function replay<M extends Contract>(
  from: u32,
  to: u32,
  times: u32,
  touchPolicy: u32,
  keepsResults: bool,
  verify: bool,
): void {
  policy = touchPolicy;
  verifying = verify;
  runRecords(changetype<ModelStep<M>>(0), buffer, keepsResults ? results : 0, from, to, times);
}

class ModelStep<M extends Contract> extends Step {
  run(record: usize): u64 {
    // To name a site takes no time: it is no operation.
    if (kindOf(record) != RecordKind.Site) tickClock();
    if (verifying) verifyBefore(kindOf(record), slotOf(record), heldIn(slotOf(record)));
    const pointer = step(changetype<M>(0), record);
    if (verifying) verifyAfter(kindOf(record), slotOf(record), pointer, firstOf(record), secondOf(record));
    return pointer;
  }
}

function heldIn(slot: u32): u64 {
  return slot < slotCount ? load<u64>(slots + SLOT_BYTES * slot) : 0;
}

/** Runs one record. Returns the pointer it allocated, or 0. */
function step<M extends Contract>(model: M, record: usize): u64 {
  const kind = kindOf(record);
  const slot = slotOf(record);
  if (slot >= slotCount) {
    if (slot >= MOST_SLOTS) raise(Exception.BadOperation, kind, slot);
    ensureSlots(max(slot + 1, 1024));
  }
  const at = slots + SLOT_BYTES * slot;
  const held = load<u64>(at);
  if (kind <= RecordKind.Realloc) {
    return allocate(model, kind, record, at, held);
  }
  if (kind == RecordKind.Free) {
    store<u64>(at, 0);
    call(Fn.Free);
    model.free(held);
  } else if (kind > RecordKind.Read) {
    apart(model, kind, firstOf(record));
  } else if (held) {
    access(record, kind, held);
  }
  return 0;
}

/** Does what concerns no object. */
function apart<M extends Contract>(model: M, kind: i32, number: u64): void {
  if (kind == RecordKind.Mark) return;
  if (kind == RecordKind.Site) {
    enterSite(number);
    return;
  }
  if (kind == RecordKind.Clock) {
    setClock(number);
    return;
  }
  if (kind >= RecordKind.Process) {
    ofProcesses(kind, number);
    return;
  }
  if (kind == RecordKind.Trim) {
    call(Fn.Trim);
    model.trim(number);
    return;
  }
  if (kind > RecordKind.Exit || number - 1 >= <u64>MOST_THREADS) raise(Exception.BadOperation, kind, number);
  if (kind == RecordKind.Thread) thread(model, <u32>number);
  else endThread(model, <u32>number);
}

/** Begins, ends and switches processes. What the trace's reader has checked holds for a machine without others. */
function ofProcesses(kind: i32, number: u64): void {
  const process = <u32>min<u64>(number, MOST_PROCESSES + 1);
  program();
  if (isDefined(ZP_PLACEMENT)) requireAlive(number);
  if (kind == RecordKind.Process && isProcess(process)) own.switchTo(process);
  else if (kind == RecordKind.Fork && own.fork(process) == 0) return;
  else if (kind != RecordKind.End || !endRunning()) raise(Exception.BadOperation, kind, number);
}

/** Ends the running process. What follows in the trace is its parent's, or if that has ended, that of the lowest number. */
function endRunning(): bool {
  if (!isDefined(ZP_PLACEMENT)) return own.exit() != 0;
  const parent = parentOfRunning();
  const heir = own.exit();
  if (!heir) return false;
  requireAlive(parent);
  if (heir != parent) requireAllAlive(heir);
  return true;
}

/** What follows is this thread's. */
export function thread<M extends Contract>(model: M, number: u32): void {
  program();
  model.thread(number);
}

export function endThread<M extends Contract>(model: M, number: u32): void {
  call(Fn.EndThread);
  model.endThread(number);
}

function allocate<M extends Contract>(model: M, kind: i32, record: usize, at: usize, held: u64): u64 {
  const first = firstOf(record);
  const second = secondOf(record);
  const bytes = kind == RecordKind.Malloc ? first : kind == RecordKind.Calloc ? first * second : second;
  const pointer = allocateBy(model, kind, held, first, second);
  if (!pointer) {
    if (bytes) failedAllocations += 1;
    if (kind == RecordKind.Realloc && bytes) return 0; // the old block is still held
  }
  store<u64>(at, pointer);
  if (pointer) touchObject(pointer, bytes);
  return pointer;
}

function allocateBy<M extends Contract>(model: M, kind: i32, held: u64, first: u64, second: u64): u64 {
  if (kind == RecordKind.Malloc) {
    call(Fn.Malloc);
    return model.malloc(first);
  }
  if (kind == RecordKind.Calloc) {
    call(Fn.Calloc);
    return calloc(model, first, second);
  }
  if (kind == RecordKind.Aligned) {
    call(Fn.Aligned);
    return model.aligned(first, second);
  }
  call(Fn.Realloc);
  return model.realloc(held, second);
}

/** The program reads or writes a range of an object it holds. The trace's reader has checked that it lies within. */
function access(record: usize, kind: i32, pointer: u64): void {
  const address = pointer + firstOf(record);
  const bytes = secondOf(record);
  const writes = kind == RecordKind.Write;
  program();
  look();
  requireMapped(address, bytes, writes);
  act();
  touch(address, bytes, writes);
}
