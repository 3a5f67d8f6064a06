/**
 * The loop over a buffer of records (shared/records.ts). The host fills the buffer, and runs it any number of times.
 * A step does one record: on a model in replay.ts, on a foreign allocator in driver.ts.
 */
import { FIRST_AT, KIND_AT, RECORD_BYTES, SECOND_AT, SLOT_AT } from "./shared/records";

export function kindOf(record: usize): i32 {
  return load<i32>(record, KIND_AT);
}

export function slotOf(record: usize): u32 {
  return load<u32>(record, SLOT_AT);
}

export function firstOf(record: usize): u64 {
  return load<u64>(record, FIRST_AT);
}

export function secondOf(record: usize): u64 {
  return load<u64>(record, SECOND_AT);
}

/** Most objects alive at once. Each has a slot. */
export const MOST_SLOTS: u32 = 1 << 26;

/** Runs one record at an address, and returns the pointer that it allocated, or 0. A class without fields. */
export abstract class Step {
  abstract run(record: usize): u64;
}

// Of the last run: records done in whole rounds, where a round begins, and the record in progress.
let doneInRounds: f64 = 0;
let began: usize = 0;
let position: usize = 0;

/** Records that the last run did, even if it trapped. */
export function replayed(): f64 {
  return doneInRounds + <f64>((position - began) / <usize>RECORD_BYTES);
}

/** Runs the buffer's records [from, to) `times` times, and puts what each returned into `results`, unless that is 0. */
export function runRecords<S extends Step>(
  step: S,
  buffer: usize,
  results: usize,
  from: u32,
  to: u32,
  times: u32,
): void {
  doneInRounds = 0;
  began = buffer + <usize>RECORD_BYTES * from;
  position = began;
  for (let round: u32 = 0; round < times; round++) {
    runOnce(step, buffer, results, buffer + <usize>RECORD_BYTES * to);
    doneInRounds += to - from;
    position = began;
  }
}

function runOnce<S extends Step>(step: S, buffer: usize, results: usize, end: usize): void {
  for (let record = position; record < end; record += <usize>RECORD_BYTES) {
    position = record;
    const returned = step.run(record);
    if (results) store<u64>(results + (record - buffer) / (<usize>RECORD_BYTES / 8), returned);
  }
  position = end;
}
