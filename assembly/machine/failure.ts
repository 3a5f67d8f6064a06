/**
 * How the machine says no. A *failure* is the C answer: a call returns 0 or -1, and the record says
 * why. An *exception* is what would have been a signal: the record is written and wasm traps; the
 * host reads the record and throws. Whoever raises does so before changing anything.
 *
 *      0           8           16          24          32          40
 *      ├───────────┼───────────┼───────────┼───────────┼───────────┤
 *      │ exception │  detail   │  address  │  failure  │ requested │ available …
 *      └───────────┴───────────┴───────────┴───────────┴───────────┘
 */
export enum Exception {
  None,
  /** detail: 0 read, 1 write; address: first unmapped byte. */
  SegmentationFault,
  /** The physical memory limit was reached on a touch. */
  OutOfMemory,
  /** The host refuses to grow this module's memory. */
  HostOutOfMemory,
  /** detail: the model's own number of the message; address: the pointer. */
  AllocatorAbort,
  /** An assertion does not hold. detail: its line; address: of its message and its file, see `assertionFailed`. */
  BrokenInvariant,
  /** A trace operation that makes no sense here; detail: which. */
  BadOperation,
}

export enum Failure {
  None,
  Memory,
  AddressSpace,
  Overflow,
  Argument,
}

/** Start of the record: six u64. */
export const RECORD: usize = memory.data(48, 8);

/** Writes the record and traps. Never returns. */
export function raise(exception: u32, detail: u64, address: u64): void {
  store<u64>(RECORD, exception);
  store<u64>(RECORD, detail, 8);
  store<u64>(RECORD, address, 16);
  unreachable();
}

/**
 * Where a failing `assert` of a check build goes (asconfig.json). Release builds trap without a word. Both texts are
 * AssemblyScript strings: UTF-16, their bytes counted in the u32 before them. The message may be null.
 */
export function assertionFailed(message: string | null, file: string | null, line: u32, column: u32): void {
  const texts = ((<u64>changetype<usize>(message)) << 32) | changetype<usize>(file);
  raise(Exception.BrokenInvariant, line, texts);
}

/** Notes why a call is about to return its C failure. Bytes; `requested` saturates at 2^64 - 1. */
export function fail(failure: u32, requested: u64, available: u64): void {
  store<u64>(RECORD, failure, 24);
  store<u64>(RECORD, requested, 32);
  store<u64>(RECORD, available, 40);
}
