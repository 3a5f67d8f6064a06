/**
 * Units of memory, and the table with a tag for each. Units make up *extents*: what the heap's memory is divided into,
 * with nothing between. All that is known of an extent is here and in the records of spans, never in the extent itself,
 * so that free memory is not touched.
 *
 *      bottom                                                                   top              end
 *      ├──────┬─────────┬──────────┬────────────┬──────┬──────────┬─────────────┤- - - - - - - - ┤
 *      │ own  │ span    │ run      │ free run   │ span │ cached   │ run         │ never used     │
 *      └──────┴─────────┴──────────┴────────────┴──────┴──────────┴─────────────┴- - - - - - - - ┘
 *
 * A tag is the address of the extent's span, or units << 3 | kind, or a link, an address | Kind.Link. By place:
 *
 *      extent      first unit      between                  last
 *      span        its span        its span                 its span       every unit leads to its span
 *      run         units, Used     nothing                  nothing        so a pointer into it is told from one to it
 *      cached      units, Cached   nothing                  nothing        cache.ts knows where it is
 *      own, alien  units, Own      nothing                  nothing        the heap's own, or memory that others got
 *      free run    units, Free     next, previous, nothing  units, Free    so a neighbour finds it from either end
 *
 * "Nothing" is 0 or a link that was left there. So are the tags before `bottom` and at `top`, which are there.
 */
import { UNIT, UNIT_SHIFT } from "./config";

/** The low three bits of a tag. A span's address has none of them. */
export enum Kind {
  None = 0,
  Used = 1,
  Cached = 2,
  Free = 3,
  Own = 4,
  Link = 5,
}

export const KIND_BITS: u32 = 7;
const UNITS_SHIFT: u32 = 3;
const TAG_SHIFT: u32 = 2;
const TAG_BYTES: u32 = 1 << TAG_SHIFT;
/** Shorter runs have no room for their links. */
export const MIN_RUN_UNITS: u32 = 4;

/** Where the tag of address 0 would be: it may wrap. */
let origin: usize = 0;
/** The first address of the heap, at a unit. */
export let bottom: usize = 0;
/** Where the extents end. The last of them is not free. */
export let top: usize = 0;
/** Memory from here on and from the top on was never handed out, or is zero again. */
let used: usize = 0;
/** The table has room for a top up to here. */
export let coveredEnd: usize = 0;

function placeOf(address: usize): usize {
  return origin + ((address >> UNIT_SHIFT) << TAG_SHIFT);
}

/** The tag of the unit at an address. */
export function tagAt(address: usize): u32 {
  return load<u32>(placeOf(address));
}

export function setTag(address: usize, tag: u32): void {
  store<u32>(placeOf(address), tag);
}

/** Tags the first and the last unit of an extent. */
export function setTags(address: usize, units: u32, tag: u32): void {
  const place = placeOf(address);
  store<u32>(place, tag);
  store<u32>(place + ((units - 1) << TAG_SHIFT), tag);
}

/** The tag of an extent's last unit. */
export function lastTagOf(address: usize, units: u32): u32 {
  return load<u32>(placeOf(address) + ((units - 1) << TAG_SHIFT));
}

/** The tag of the unit before an address, which begins a unit. */
export function tagBefore(address: usize): u32 {
  return load<u32>(placeOf(address) - TAG_BYTES);
}

/** The address of a unit, or 0, that is kept in the tag of an extent's unit. */
export function linkIn(extent: usize, unit: u32): usize {
  return load<usize>(placeOf(extent) + (unit << TAG_SHIFT)) & ~KIND_BITS;
}

export function setLink(extent: usize, unit: u32, address: usize): void {
  store<usize>(placeOf(extent) + (unit << TAG_SHIFT), address | Kind.Link);
}

export function tagOf(units: u32, kind: u32): u32 {
  return (units << UNITS_SHIFT) | kind;
}

export function kindOf(tag: u32): u32 {
  return tag & KIND_BITS;
}

export function unitsOf(tag: u32): u32 {
  return tag >> UNITS_SHIFT;
}

export function bytesOf(units: u32): usize {
  return units << UNIT_SHIFT;
}

/** Units that hold so many bytes, at most 4 GiB less a unit. */
export function unitsFor(bytes: usize): u32 {
  return <u32>((bytes + (UNIT - 1)) >> UNIT_SHIFT);
}

/** Ends the extents lower: the last of them was free, and [zeroFrom, zeroTo) of it is zero. */
export function lowerTop(address: usize, zeroFrom: usize, zeroTo: usize): void {
  const dirtyEnd = usedEnd();
  used = zeroFrom < zeroTo && zeroTo == dirtyEnd ? zeroFrom : dirtyEnd;
  top = address;
}

/** Moves where extents end. The tag there has to be there. */
export function setTop(address: usize): void {
  top = address;
}

/** From here on memory was never handed out, or is zero again. */
export function usedEnd(): usize {
  return max(used, top);
}

/** Bytes of a table for extents from `bottom` up to an address: with the tags before and after them. */
export function tableBytes(end: usize): usize {
  return (((end - bottom) >> UNIT_SHIFT) + 2) << TAG_SHIFT;
}

/** Begins with no extents. */
export function begin(address: usize): void {
  bottom = address;
  top = address;
}

/**
 * Goes on with a table of so many bytes at another place. Its memory is all zero from `zeroFrom` on.
 * Returns the old one's place, or 0 if this is the first.
 */
export function moveTable(table: usize, bytes: usize, zeroFrom: usize): usize {
  const old = origin ? placeOf(bottom) - TAG_BYTES : 0;
  const copied = old ? tableBytes(min(top, coveredEnd)) : 0;
  const copiedEnd = table + copied;
  if (copied) memory.copy(table, old, copied);
  const dirtyEnd = min(max(zeroFrom, copiedEnd), table + bytes);
  memory.fill(copiedEnd, 0, dirtyEnd - copiedEnd);
  origin = table + TAG_BYTES - ((bottom >> UNIT_SHIFT) << TAG_SHIFT);
  const units = <u64>((bytes >> TAG_SHIFT) - 2);
  coveredEnd = <usize>min((units << UNIT_SHIFT) + bottom, <u64>(usize.MAX_VALUE - UNIT + 1));
  return old;
}
