/** What the kernel is told of how a range will be used. */
import { Fn, Syscall } from "../shared/counters";
import { Kernel, RegionFlag } from "../shared/kernel";
import * as areas from "./areas";
import { logCall } from "./call-log";
import { apply } from "./events";
import { ADDRESS_LIMIT, kernelKind, pageShift, roundToPages } from "./layout";
import { isAligned, isMapped, isUserRange, pagesIn } from "./ranges";
import { areAreasLeft, SPARE_TO_CUT } from "./room";
import { Event } from "./states";
import { enterCall, leaveCall } from "./syscall";

/**
 * Tells the kernel how a range will be used, by one of the calls that it counts apart. Returns 0, or -1: if
 * part of it is not mapped too, but then Linux has heard it for the rest. That there shall be no huge pages changes
 * nothing, as there are none; the real kernel keeps areas that heard it apart from others.
 */
export function madvise(address: u64, bytes: u64, call: Syscall): i32 {
  if (isDefined(ZP_CHECK)) assert(isAdvice(call), "there is no other advice");
  const caller = enterCall(Fn.Madvise, call);
  const result = advise(address, bytes, call);
  if (isDefined(ZP_CHECK)) logCall(call, address, bytes, 0, 0, result);
  leaveCall(caller, call);
  return result;
}

function isAdvice(call: Syscall): bool {
  if (call >= Syscall.MadviseDontneed && call <= Syscall.MadviseCanReuse) return true;
  return isOfFork(call);
}

/** Whether the advice is about what a child gets. */
function isOfFork(call: Syscall): bool {
  return call >= Syscall.MadviseDontfork && call <= Syscall.MadviseKeeponfork;
}

function isKnownAdvice(call: Syscall): bool {
  const isDarwin = kernelKind == Kernel.Darwin;
  if (isOfFork(call) || call == Syscall.MadviseNohugepage) return !isDarwin;
  return isDarwin || call < Syscall.MadviseFreeReusable;
}

function advise(address: u64, bytes: u64, call: Syscall): i32 {
  if (!isKnownAdvice(call)) return -1;
  if (!isAligned(address) || !bytes || bytes > ADDRESS_LIMIT) return -1;
  bytes = roundToPages(bytes);
  if (!isUserRange(address, bytes)) return -1;
  const isWhole = isMapped(address, bytes);
  if (!isWhole && kernelKind == Kernel.Darwin) return -1;
  if (isOfFork(call)) return setFlag(address, address + bytes, call) && isWhole ? 0 : -1;
  const first = address >> pageShift;
  if (call == Syscall.MadviseDontneed && kernelKind == Kernel.Linux)
    apply(Event.Discard, first, pagesIn(bytes));
  if (call == Syscall.MadviseFree || call == Syscall.MadviseFreeReusable)
    apply(Event.Free, first, pagesIn(bytes));
  if (call == Syscall.MadviseFreeReuse) apply(Event.Reuse, first, pagesIn(bytes));
  if (call == Syscall.MadviseCanReuse) apply(Event.Walk, first, pagesIn(bytes));
  return isWhole ? 0 : -1;
}

/** Sets or clears the flag that the advice is about. Returns whether Linux keeps enough areas. */
function setFlag(start: u64, end: u64, call: Syscall): bool {
  const flag: u32 = call <= Syscall.MadviseDofork ? RegionFlag.DontFork : RegionFlag.WipeOnFork;
  const isSet = call == Syscall.MadviseDontfork || call == Syscall.MadviseWipeonfork;
  const added = isSet ? flag : 0;
  if (areas.wouldChange(start, end, ~flag, added) && !areAreasLeft(SPARE_TO_CUT, end - start)) return false;
  areas.setFlags(start, end, ~flag, added);
  return true;
}
