/** The machine's failures and exceptions (machine/failure.ts), and what its validator finds. */

export enum Exception {
  None,
  /** detail: 0 for a read, 1 for a write, and 2 more where it is mapped but protected; address: the first such byte. */
  SegmentationFault,
  /** A touch exceeded the physical memory. address: the bytes that it needed. */
  OutOfMemory,
  /** The host does not grow this module's memory. */
  HostOutOfMemory,
  /** detail: the model's number of the message; address: the pointer. */
  AllocatorAbort,
  /** An assertion failed. detail: its line; address: its message and its file, see `assertionFailed`. */
  BrokenInvariant,
  /** A trace operation is invalid. detail: its kind; address: its invalid value. */
  BadOperation,
  /** Of a verified replay: detail: the offset of a byte that is not the program's any more; address: the object. */
  Overwritten,
  /** detail: the offset of a byte of calloc's that is not zero; address: the object. */
  NotZero,
  /** detail: what the address is no multiple of; address: the object. */
  Misaligned,
  /** calloc gave an object though count times size is too large. address: the object. */
  Overflowed,
  /** An access beyond the end of a file that is mapped. detail: 0 for a read, 1 for a write; address: the first such byte. */
  BusError,
  /**
   * Memory ended, and a process is killed for it: the running one, which the host has to end; or another one was, of which
   * a trace goes on. detail: its number; address: the bytes that it had.
   */
  Killed,
}

/** Why a call failed, as in C, with 0 or -1. */
export enum Failure {
  None,
  Memory,
  AddressSpace,
  Overflow,
  Argument,
  /** Linux keeps no more areas. */
  Maps,
}

/** Offsets of the record's fields, each a u64. */
export enum RecordField {
  Exception = 0,
  Detail = 8,
  Address = 16,
  Failure = 24,
  Requested = 32,
  Available = 40,
  /** Of an exception: 1 if the call has changed nothing, so that the machine may go on. */
  Looked = 48,
  End = 56,
}

/** What check() found broken. */
export enum Broken {
  Nothing,
  RegionTree,
  RegionsAgainstTable,
  VirtualPages,
  ResidentPages,
  StoredContents,
  Sharings,
  PageState,
  ZeroFrame,
  Areas,
  Spaces,
  Files,
  Promises,
}
