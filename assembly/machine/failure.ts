/**
 * Failures and exceptions. A *failure* is as in C: a call returns 0 or -1, and the record says why. An
 * *exception* stands for a signal: the record is written and wasm traps, then the host reads the record
 * and throws. An exception is raised before anything changes.
 *
 *      0           8           16          24          32          40
 *      ├───────────┼───────────┼───────────┼───────────┼───────────┤
 *      │ exception │  detail   │  address  │  failure  │ requested │ available …
 *      └───────────┴───────────┴───────────┴───────────┴───────────┘
 */
import { Exception, RecordField } from "../shared/failure";

export { Exception, Failure } from "../shared/failure";

/** Address of the record: six u64. */
export const RECORD: usize = memory.data(RecordField.End, 8);

/** Writes the record and traps. Never returns. */
export function raise(exception: u32, detail: u64, address: u64): void {
  store<u64>(RECORD, exception, RecordField.Exception);
  store<u64>(RECORD, detail, RecordField.Detail);
  store<u64>(RECORD, address, RecordField.Address);
  unreachable();
}

/**
 * Called by a failing `assert` of a check build (asconfig.json). Release builds just trap. Both texts are
 * AssemblyScript strings: UTF-16, with their length in bytes in the u32 before them. The message may be null.
 */
export function assertionFailed(message: string | null, file: string | null, line: u32, column: u32): void {
  const texts = ((<u64>changetype<usize>(message)) << 32) | changetype<usize>(file);
  raise(Exception.BrokenInvariant, line, texts);
}

/** Notes why a call is about to fail. In bytes; `requested` saturates at 2^64 - 1. */
export function fail(failure: u32, requested: u64, available: u64): void {
  store<u64>(RECORD, failure, RecordField.Failure);
  store<u64>(RECORD, requested, RecordField.Requested);
  store<u64>(RECORD, available, RecordField.Available);
}
