/** Large blocks: runs of their own. */
import { acquire } from "./acquire";
import { keep } from "./cache";
import { HARDENED, MOST_CACHED_UNITS, UNIT } from "./config";
import { extend } from "./growth";
import { refuse } from "./misuse";
import { cut, freeFrom, release } from "./runs";
import { bytesOf, Kind, kindOf, setTag, tagOf, top, unitsFor, unitsOf } from "./units";

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
export function checkRun(run: usize, tag: u32): void {
  if (!HARDENED) return;
  const kind = kindOf(tag);
  if (kind == Kind.Cached || kind == Kind.Free) refuse(run, "free or realloc of a block that is free");
  if (kind != Kind.Used) refuse(run, "free or realloc of a pointer that malloc did not give");
  if (run & (UNIT - 1)) refuse(run, "free or realloc of a pointer into a block");
}

/** Gives a run back. */
export function giveRun(run: usize, tag: u32): void {
  checkRun(run, tag);
  const units = unitsOf(tag);
  if (units <= MOST_CACHED_UNITS) keep(run, units);
  else release(run, units, 0, 0);
}

/** Makes a run longer or shorter where it is. Returns whether it could. */
export function resizeRun(run: usize, tag: u32, bytes: usize): bool {
  if (bytes > MOST_BYTES) return false;
  const units = unitsOf(tag);
  const wanted = unitsFor(bytes);
  if (wanted > units && !growRun(run + bytesOf(units), wanted - units)) return false;
  if (wanted < units) release(run + bytesOf(wanted), units - wanted, 0, 0);
  setTag(run, tagOf(wanted, Kind.Used));
  return true;
}

/** Takes units from an address on, if they are free or were never used. */
function growRun(end: usize, units: u32): bool {
  const after = freeFrom(end);
  if (after >= units) {
    cut(end, after, units);
    return true;
  }
  if (end + bytesOf(after) != top) return false;
  const more = extend(units);
  if (more == end) return true;
  // Others grew the memory meanwhile.
  if (more) release(more, units, 0, 0);
  return false;
}
