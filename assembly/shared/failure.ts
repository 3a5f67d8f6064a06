/** What the machine writes down when it says no (machine/failure.ts), and what its validator finds. */

export enum Exception {
  None,
  /** detail: 0 read, 1 write; address: first unmapped byte. */
  SegmentationFault,
  /** The physical memory limit was reached on a touch. address: bytes that were touched. */
  OutOfMemory,
  /** The host refuses to grow this module's memory. */
  HostOutOfMemory,
  /** detail: the model's own number of the message; address: the pointer. */
  AllocatorAbort,
  /** An assertion does not hold. detail: its line; address: of its message and its file, see `assertionFailed`. */
  BrokenInvariant,
  /** A trace operation that makes no sense here. detail: its kind; address: what about it. */
  BadOperation,
}

/** Why a call returned its C failure. */
export enum Failure {
  None,
  Memory,
  AddressSpace,
  Overflow,
  Argument,
}

/** Where the record's fields are, each a u64. */
export enum RecordField {
  Exception = 0,
  Detail = 8,
  Address = 16,
  Failure = 24,
  Requested = 32,
  Available = 40,
  End = 48,
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
}
