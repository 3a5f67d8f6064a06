/** Large blocks: runs of their own. */
import { acquire } from "./acquire";
import { flush, keep } from "./cache";
import { HARDENED, MOST_CACHED_UNITS, MOST_SLOT_BYTES, UNIT, UNIT_SHIFT } from "./config";
import { extend, fitsBelowEnd } from "./growth";
import { discard } from "./host";
import { FREED, INSIDE, refuse } from "./misuse";
import { cut, freeFrom, hasFit, release } from "./runs";
import { bytesOf, Kind, kindOf, setTag, tagOf, top, unitsFor, unitsOf } from "./units";

/** Shorter runs are not worth the call: 256 KiB. */
const MIN_DISCARDED_UNITS: u32 = 1 << (18 - UNIT_SHIFT);
const WASM_PAGE: u32 = 65536;

/** More is never to be had. */
const MOST_BYTES: u32 = 0xffff0000;

/** Takes a run for so many bytes. Returns 0 if there is no memory. */
export function takeRun(bytes: usize): usize {
  if (bytes > MOST_BYTES) return 0;
  const units = unitsFor(bytes);
  const run = acquire(units);
  if (run) setTag(run, tagOf(units, Kind.Used));
  return run;
}

/** Traps unless a tag is that of a run in use, and the pointer its first byte. */
function checkRun(run: usize, tag: u32): void {
  const kind = kindOf(tag);
  if (kind == Kind.Used && !(run & (UNIT - 1))) return;
  refuse(run, kind == Kind.Cached || kind == Kind.Free ? FREED : INSIDE);
}

/** The bytes of a run in use. */
export function sizeOfRun(run: usize, tag: u32): usize {
  if (HARDENED) checkRun(run, tag);
  return bytesOf(unitsOf(tag));
}

/** Gives a run back. */
export function giveRun(run: usize, tag: u32): void {
  if (HARDENED) checkRun(run, tag);
  const units = unitsOf(tag);
  if (units <= MOST_CACHED_UNITS) keep(run, units);
  else if (isDefined(ZP_DISCARD) && units >= MIN_DISCARDED_UNITS) discardRun(run, units);
  else release(run, units, 0, 0);
}

/** Gives a run back all zero: its pages by the host, what is left at its ends by clearing. */
function discardRun(run: usize, units: u32): void {
  const end = run + bytesOf(units);
  const from = (run + (WASM_PAGE - 1)) & ~(WASM_PAGE - 1);
  const to = end & ~(WASM_PAGE - 1);
  discard(from, to - from);
  memory.fill(run, 0, from - run);
  memory.fill(to, 0, end - to);
  release(run, units, run, end);
}

/** Makes a run that holds so many bytes longer or shorter where it is. Returns whether it could. */
export function resizeRun(run: usize, held: usize, bytes: usize): bool {
  if (bytes <= MOST_SLOT_BYTES || bytes > MOST_BYTES) return false;
  const units = unitsFor(held);
  const wanted = unitsFor(bytes);
  if (wanted > units && !growRun(run + bytesOf(units), wanted - units, wanted)) return false;
  if (wanted < units) release(run + bytesOf(wanted), units - wanted, 0, 0);
  setTag(run, tagOf(wanted, Kind.Used));
  return true;
}

/** Takes units from an address on, if they are free or were never used. */
function growRun(end: usize, units: u32, wanted: u32): bool {
  const after = freeFrom(end);
  if (after >= units) {
    cut(end, after, units);
    return true;
  }
  if (end != top) return false;
  if (!fitsBelowEnd(units)) {
    flush();
    if (hasFit(wanted)) return false;
  }
  const more = extend(units);
  if (more == end) return true;
  // Others grew the memory meanwhile.
  if (more) release(more, units, 0, 0);
  return false;
}
