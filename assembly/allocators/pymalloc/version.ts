/** What releases of Python do otherwise, as data. */
import { Version } from "../../shared/pymalloc";

const KIB: u64 = 1024;

/** Requests above this many bytes go below. */
export const MOST_BYTES: u64 = 512;

export let arenaBytes: u64 = 0;
export let poolBytes: u64 = 0;
/** Blocks are multiples of so many bytes, as a shift. */
export let stepShift: u64 = 4;
/** Classes of blocks: one for each multiple up to MOST_BYTES. */
export let classes: u32 = 0;
/** A wholly free arena is kept while it is the last of the usable ones. */
export let keepsLast: bool = false;
/** Whose an address is, is asked of a radix tree; else of the page that it is in. */
export let hasAddressMap: bool = false;
/** There is a calloc; else the program has that of the C library. */
export let hasCalloc: bool = false;

/** Bits of an address that the levels of the tree take: those below the root's, and those below the middle's. */
export let middleShift: u64 = 0;
export let rootShift: u64 = 0;

/** `step`: 8 or 16 bytes. */
export function choose(version: i32, step: u64): void {
  const isLarge = version >= Version.V310;
  arenaBytes = isLarge ? 1024 * KIB : 256 * KIB;
  poolBytes = isLarge ? 16 * KIB : 4 * KIB;
  stepShift = step == 8 ? 3 : 4;
  classes = <u32>(MOST_BYTES >> stepShift);
  keepsLast = version >= Version.V39;
  hasAddressMap = isLarge;
  hasCalloc = version > Version.V27;
  middleShift = version == Version.V310 ? 28 : 34;
  rootShift = version == Version.V310 ? 38 : 49;
}

/** Blocks can be multiples of 8 bytes: in patch releases older than those that are modelled. */
export function mayStepBy8(version: i32): bool {
  return version <= Version.V36;
}
