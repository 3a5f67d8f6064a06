/**
 * Mappings, for which Linux does not ask how much memory there is. Segments lie where a cursor says, which goes on with every
 * mapping and never goes back, and where the kernel says if they are too large for that.
 *
 *      2 TiB     base      cursor                                  30 TiB
 *      ├───────────┤▒▒▒▒▒ ▒▒▒ ▒┤ ─▶ ──────────────────────────────────┤
 */
import * as kernel from "../../machine/kernel";
import { Place } from "../../machine/kernel";
import { roundUp } from "./classes";
import { base } from "./parameters";
import { noteMapped, noteUnmapped } from "./statistics";

export const SEGMENT: u64 = 32 << 20;
const LARGEST_HINTED: u64 = 1 << 30;
const LAST_HINT: u64 = 30 << 40;

let cursor: u64 = 0;

/** Where so many bytes are asked for; 0 for anywhere. */
function hintFor(bytes: u64, align: u64): u64 {
  const rounded = roundUp(bytes, SEGMENT);
  if (align > SEGMENT || rounded > LARGEST_HINTED) return 0;
  // Beyond the last hint the real one draws anew, which nobody has seen.
  if (!cursor || cursor > LAST_HINT) cursor = base;
  const hint = cursor;
  cursor += rounded;
  return hint;
}

function mapAt(hint: u64, bytes: u64, place: Place): u64 {
  const mapped = kernel.mmap(hint, bytes, place, 1);
  if (mapped) noteMapped(bytes, place != Place.Reserved);
  return mapped;
}

function unmap(address: u64, bytes: u64, place: Place): void {
  if (!bytes) return;
  kernel.munmap(address, bytes);
  const committed = place == Place.Reserved ? 0 : bytes;
  noteUnmapped(bytes, committed, committed);
}

/** Maps at a multiple of `align`, or else more, of which it cuts off what it does not need. Returns the address, or 0. */
export function map(bytes: u64, align: u64, place: Place): u64 {
  const hint = hintFor(bytes, align);
  let mapped = mapAt(hint, bytes, place);
  if (!mapped && hint) mapped = mapAt(0, bytes, place);
  if ((mapped & (align - 1)) == 0) return mapped;
  unmap(mapped, bytes, place);
  const wide = mapAt(0, bytes + align, place);
  if (!wide) return 0;
  const aligned = roundUp(wide, align);
  unmap(wide, aligned - wide, place);
  unmap(aligned + bytes, wide + align - aligned, place);
  return aligned;
}
