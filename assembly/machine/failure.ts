/**
 * Failures and exceptions. A *failure* is as in C: a call returns 0 or -1, and the record says why. An
 * *exception* stands for a signal: the record is written and wasm traps, then the host reads the record
 * and throws. One that is raised in the middle of what an allocator does leaves the machine as no real one ever is: the
 * process would be gone. So an allocator says when it only looks, and an exception at any other time ends the machine.
 *
 *      0           8           16          24          32          40          48
 *      ├───────────┼───────────┼───────────┼───────────┼───────────┼───────────┼────────┐
 *      │ exception │  detail   │  address  │  failure  │ requested │ available │ looked │
 *      └───────────┴───────────┴───────────┴───────────┴───────────┴───────────┴────────┘
 */
import { Exception, RecordField } from "../shared/failure";

export { Exception, Failure } from "../shared/failure";

/** Address of the record: seven u64. */
export const RECORD: usize = memory.data(RecordField.End, 8);

let looks: bool = false;
/** Whether the call is made in the middle of another one, which has changed something before. */
let isInner: bool = false;

/** What follows, up to `act`, changes nothing but what is counted of it. */
export function look(): void {
  looks = !isInner;
}

/** What follows changes something, or another call begins. */
export function act(): void {
  looks = false;
}

/** An allocator begins, or ends, to call itself or another one in the middle of a call. */
export function setInner(inner: bool): void {
  isInner = inner;
}

/** Writes the record and traps. Never returns. */
export function raise(exception: u32, detail: u64, address: u64): void {
  store<u64>(RECORD, exception, RecordField.Exception);
  store<u64>(RECORD, detail, RecordField.Detail);
  store<u64>(RECORD, address, RecordField.Address);
  store<u64>(RECORD, u64(looks), RecordField.Looked);
  looks = false;
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
