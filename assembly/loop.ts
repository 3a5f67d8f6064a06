/**
 * The loop over a buffer of records, which the host fills and runs as often as it likes. What a record
 * does is the step's: over a model in replay.ts, over a foreign allocator in driver.ts.
 *
 *      record   0      4      8        16       24
 *               ├──────┼──────┼────────┼────────┤
 *               │ kind │ slot │ first  │ second │    src/trace/records.ts
 *               └──────┴──────┴────────┴────────┘
 */
export const RECORD_BYTES: usize = 24;

export enum Kind {
  Malloc,
  Calloc,
  Aligned,
  Realloc,
  Free,
  Write,
  Read,
}

export function kindOf(record: usize): i32 {
  return load<i32>(record);
}

export function slotOf(record: usize): u32 {
  return load<u32>(record, 4);
}

export function firstOf(record: usize): u64 {
  return load<u64>(record, 8);
}

export function secondOf(record: usize): u64 {
  return load<u64>(record, 16);
}

/** What the program touches of every object it gets, where the trace does not say. */
export enum Touch {
  None,
  FirstByte,
  /** A byte of every page and every byte come to the same here: pages are what is counted. */
  EveryPage,
  WholeObject,
}

/** Objects alive at once that fit: a slot each. */
export const MOST_SLOTS: u32 = 1 << 26;

/** Runs one record at an address, and returns the pointer that it allocated, or 0. A class without fields. */
export abstract class Step {
  abstract run(record: usize): u64;
}

// Of the last run: records done in whole rounds, where a round begins, and where the one in progress is.
let doneInRounds: f64 = 0;
let began: usize = 0;
let position: usize = 0;

/** Records that the last run did, also when it trapped. */
export function replayed(): f64 {
  return doneInRounds + <f64>((position - began) / RECORD_BYTES);
}

/** Runs the buffer's records [from, to), `times` over, and puts what each returned into `results`. */
export function runRecords<S extends Step>(
  step: S,
  buffer: usize,
  results: usize,
  from: u32,
  to: u32,
  times: u32,
): void {
  doneInRounds = 0;
  began = buffer + RECORD_BYTES * from;
  position = began;
  for (let round: u32 = 0; round < times; round++) {
    runOnce(step, buffer, results, from, to);
    doneInRounds += to - from;
    position = began;
  }
}

/** A function with one variable, so that little has to be kept somewhere during the allocator's calls. */
function runOnce<S extends Step>(step: S, buffer: usize, results: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    position = buffer + RECORD_BYTES * i;
    store<u64>(results + 8 * i, step.run(buffer + RECORD_BYTES * i));
  }
}
