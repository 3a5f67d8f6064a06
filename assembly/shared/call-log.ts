/** The layout of the log of system calls (machine/call-log.ts). */

/** Calls that the log holds. */
export const LOG_CALLS: u32 = 1024;
/** Arguments of a call. */
export const LOG_ARGUMENTS: u32 = 4;

/** Byte offsets of the fields of a logged call: u64 each. */
export enum LogField {
  /** A `Syscall`. */
  Call = 0,
  Arguments = 8,
  Result = 40,
  End = 48,
}
