/** Why the last allocating call returned 0. */
export interface AllocationFailure {
  kind: "memory" | "address-space" | "maps" | "overflow" | "argument";
  /** Bytes the failing request needed. 2^64 or more is given as Infinity. */
  requested: number;
  /** Bytes that were still to be had. */
  available: number;
  /** What to do about it, in a sentence. */
  remedy: string;
}
