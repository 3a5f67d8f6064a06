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
import { Exception, RecordField } from "../shared/failure";

export { Exception, Failure } from "../shared/failure";

/** Start of the record: six u64. */
export const RECORD: usize = memory.data(RecordField.End, 8);

/** Writes the record and traps. Never returns. */
export function raise(exception: u32, detail: u64, address: u64): void {
  store<u64>(RECORD, exception, RecordField.Exception);
  store<u64>(RECORD, detail, RecordField.Detail);
  store<u64>(RECORD, address, RecordField.Address);
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
  store<u64>(RECORD, failure, RecordField.Failure);
  store<u64>(RECORD, requested, RecordField.Requested);
  store<u64>(RECORD, available, RecordField.Available);
}
