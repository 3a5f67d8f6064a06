/**
 * How much may be written of what is mapped. Linux looks when a mapping is made, grows, becomes writable, or is given to a
 * child. What is refused is noted as a failure.
 *
 *      data         what may be written      RLIMIT_DATA              of each space
 *      promised     all but Uncharged        overcommit mode 2        of all spaces together
 *
 *      promised bytes <= commitLimit
 *
 * Both are counted when somebody asks, so that nothing can drift. Of the kernel's slack for root and for each process there
 * is none here. Only modules with ZP_PLACEMENT have limits, and in most of these none is set: then `areSet` is all that
 * anybody looks at.
 */
import { Failure } from "../shared/failure";
import { Overcommit, RegionFlag } from "../shared/kernel";
import * as areas from "./areas";
import { fail } from "./failure";
import { USER_END } from "./layout";
import { flagsOf } from "./regions";
import { isWithinMemory, promiseAll } from "./room";
import { current, enter, enterNumber, numberAbove } from "./spaces";

/** What is no data, and what nobody was promised: what is written to a shared mapping is the file's. */
const NOT_DATA: u32 = areas.MAY_NOT_WRITE | RegionFlag.Shared;
export const NOT_PROMISED: u32 = RegionFlag.Uncharged | RegionFlag.Shared;
/** What a region has that is only reserved. The machine knows it apart where somebody looks. */
export const RESERVED: u32 = RegionFlag.NoAccess | RegionFlag.Uncharged;

/** In bytes; 0 for none. */
let dataLimit: u64 = 0;
let commitLimit: u64 = 0;
/** Whether there is one. */
export let areSet: bool = false;

/** Sets RLIMIT_DATA, 0 for none; `Overcommit`, and what it promises at most in mode Never. Before the machine starts. */
export function set(dataBytes: u64, overcommit: u32, commitBytes: u64): void {
  if (overcommit != Overcommit.Heuristic) promiseAll();
  if (overcommit == Overcommit.Never) commitLimit = commitBytes;
  dataLimit = dataBytes;
  areSet = (dataLimit | commitLimit) != 0;
}

// ---- Each limit ----

/** Whether `more` fits beside what is there. */
function isWithin(more: u64, there: u64, limit: u64): bool {
  if (more <= limit && there + more <= limit) return true;
  fail(Failure.Memory, more, limit - min(limit, there));
  return false;
}

function isWithinData(more: u64): bool {
  return !dataLimit || !more || isWithin(more, areas.bytesWithout(0, USER_END, NOT_DATA), dataLimit);
}

function mayPromise(more: u64): bool {
  return !commitLimit || !more || isWithin(more, promisedBytes(), commitLimit);
}

function promisedBytes(): u64 {
  const space = current;
  let bytes: u64 = 0;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    bytes += areas.bytesWithout(0, USER_END, NOT_PROMISED);
  }
  enter(space);
  return bytes;
}

// ---- Both ----

/** Whether so many bytes more may be written, and be promised. */
export function mayWrite(data: u64, promised: u64): bool {
  return isWithinData(data) && mayPromise(promised);
}

/** Whether a mapping may grow that has these flags. */
export function mayGrow(more: u64, flags: u32): bool {
  return mayWrite(flags & NOT_DATA ? 0 : more, flags & NOT_PROMISED ? 0 : more);
}

/** Where in [start, end), which is mapped, an area begins that may not become writable; `end` if all may. */
export function writableEnd(start: u64, end: u64): u64 {
  let data: u64 = 0;
  let promised: u64 = 0;
  while (start < end) {
    const to = min(areas.endOf(start), end);
    const flags = flagsOf(start);
    if (!(flags & RegionFlag.Shared)) {
      if (flags & areas.MAY_NOT_WRITE) data += to - start;
      if (flags & RegionFlag.Uncharged) {
        promised += to - start;
        if (!isWithinMemory(to - start)) break;
      }
      if (!mayWrite(data, promised)) break;
    }
    start = to;
  }
  return start;
}

/** Whether a child may have what the current space was promised, but for what it does not get. */
export function mayFork(): bool {
  return mayPromise(areas.bytesWithout(0, USER_END, NOT_PROMISED | RegionFlag.DontFork));
}

/** Whether no more is promised than may be. */
export function areKept(): bool {
  return !commitLimit || promisedBytes() <= commitLimit;
}
