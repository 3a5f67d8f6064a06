/** What the kernel is told of how a range will be used. */
import { Fn, Syscall } from "../shared/counters";
import { Kernel, Protection, RegionFlag } from "../shared/kernel";
import * as areas from "./areas";
import { logCall } from "./call-log";
import { collapse } from "./collapse";
import * as huge from "./huge";
import { apply } from "./huge";
import { ADDRESS_LIMIT, kernelKind, pageBytes, pageShift, roundToPages } from "./layout";
import { writableEnd } from "./limits";
import { firstBeyond } from "./mapped";
import { back, firstOfFile, punchMapped } from "./mappings";
import { isAligned, isMapped, isUserRange, pagesIn } from "./ranges";
import { areAreasLeft, SPARE_TO_CUT } from "./room";
import { current } from "./spaces";
import { Event } from "./states";
import { enterCall, leaveCall } from "./syscall";
import { firstUnmapped } from "./table";

/**
 * Tells the kernel how a range will be used, by one of the calls that it counts apart. Returns 0, or -1: if
 * part of it is not mapped too, but then Linux has heard it for the rest. Where there are no huge pages, advice about them
 * changes nothing; the real kernel keeps areas that heard it apart from others.
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
  return call >= Syscall.MadviseDontfork && call <= Syscall.MadviseCollapse;
}

function populates(call: Syscall): bool {
  return call == Syscall.MadvisePopulateRead || call == Syscall.MadvisePopulateWrite;
}

/** Whether the advice is kept: about what a child gets, what is read ahead, or huge pages where there are any. */
function isKept(call: Syscall): bool {
  if (call >= Syscall.MadviseDontfork && call <= Syscall.MadviseKeeponfork) return true;
  if (isOfHugePages(call)) return isDefined(ZP_HUGE) && huge.areOn();
  return call == Syscall.MadviseNormal || call == Syscall.MadviseRandom;
}

function isOfHugePages(call: Syscall): bool {
  return call == Syscall.MadviseHugepage || call == Syscall.MadviseNohugepage;
}

/** Whether the advice is about memory of the process alone: where it comes to a mapping of a file, Linux goes no further. */
function isOfMemory(call: Syscall): bool {
  return call == Syscall.MadviseFree || call == Syscall.MadviseWipeonfork;
}

function isKnownAdvice(call: Syscall): bool {
  const isDarwin = kernelKind == Kernel.Darwin;
  if (call >= Syscall.MadviseDontfork || call == Syscall.MadviseNohugepage) return !isDarwin;
  return isDarwin || call < Syscall.MadviseFreeReusable;
}

function advise(address: u64, bytes: u64, call: Syscall): i32 {
  if (!isKnownAdvice(call)) return -1;
  if (!isAligned(address) || !bytes || bytes > ADDRESS_LIMIT) return -1;
  bytes = roundToPages(bytes);
  if (!isUserRange(address, bytes)) return -1;
  let isWhole = isMapped(address, bytes);
  if (!isWhole && kernelKind == Kernel.Darwin) return -1;
  if (isDefined(ZP_FILES)) {
    const end = isOfMemory(call) ? firstOfFile(address, address + bytes) : address + bytes;
    if (end < address + bytes) isWhole = false;
    bytes = end - address;
    if (!bytes) return -1;
  }
  if (call == Syscall.MadviseRemove)
    return isDefined(ZP_FILES) && punchMapped(address, bytes) && isWhole ? 0 : -1;
  if (isKept(call)) return setFlag(address, address + bytes, call) && isWhole ? 0 : -1;
  if (populates(call)) return populate(address, bytes, call) && isWhole ? 0 : -1;
  const first = address >> pageShift;
  if (call == Syscall.MadviseCollapse)
    return isDefined(ZP_HUGE) && huge.areOn() && isWhole && collapse(first, pagesIn(bytes)) ? 0 : -1;
  if (isDefined(ZP_HUGE) && call == Syscall.MadviseCold) huge.cool(first, pagesIn(bytes));
  if (call == Syscall.MadvisePageout) apply(Event.Reclaim, first, pagesIn(bytes));
  if (call == Syscall.MadviseDontneed && kernelKind == Kernel.Linux) discard(address, bytes);
  if (call == Syscall.MadviseFree || call == Syscall.MadviseFreeReusable)
    apply(Event.Free, first, pagesIn(bytes));
  if (call == Syscall.MadviseFreeReuse) apply(Event.Reuse, first, pagesIn(bytes));
  if (call == Syscall.MadviseCanReuse) apply(Event.Walk, first, pagesIn(bytes));
  return isWhole ? 0 : -1;
}

/** Takes back the pages. Those of mappings of files show what the file has again. */
function discard(address: u64, bytes: u64): void {
  apply(Event.Discard, address >> pageShift, pagesIn(bytes));
  if (isDefined(ZP_FILES)) back(address, address + bytes);
}

/** Faults in the pages up to the first that is not mapped, as reads or writes would. Returns whether all of them may be so used. */
function populate(address: u64, bytes: u64, call: Syscall): bool {
  const writes = call == Syscall.MadvisePopulateWrite;
  const first = address >> pageShift;
  const end = firstUnmapped(first, pagesIn(bytes));
  if (areas.firstProtected(address, end << pageShift, writes) < end << pageShift) return false;
  if (isDefined(ZP_FILES) && firstBeyond(address, end << pageShift) < end << pageShift) return false;
  apply(writes ? Event.Populate : Event.Read, first, end - first);
  return true;
}

// ---- Protection ----

/**
 * Sets what the program may do with a range (Linux): `Protection`. Pages stay as they are, and those that are its own can
 * be written again without a fault. Returns 0, or -1 if part of the range is not mapped, and what lies above stays as it
 * is, or Linux keeps too few areas. The machine itself, and models, look at no protection.
 */
export function protect(address: u64, bytes: u64, protection: u32): i32 {
  const caller = enterCall(Fn.Mprotect, Syscall.Mprotect);
  const result = setProtection(address, roundToPages(bytes), protection);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Mprotect, address, bytes, protection, 0, result);
  leaveCall(caller, Syscall.Mprotect);
  return result;
}

/** The same as part of a call. */
export function setProtection(address: u64, bytes: u64, protection: u32): i32 {
  if (kernelKind != Kernel.Linux || !isAligned(address) || !isUserRange(address, bytes)) return -1;
  let mapped = firstUnmapped(address >> pageShift, pagesIn(bytes)) << pageShift;
  if (isDefined(ZP_PLACEMENT) && protection == Protection.ReadWrite) mapped = writableEnd(address, mapped);
  if (mapped == address) return bytes ? -1 : 0;
  let added: u32 = 0;
  if (protection == Protection.None) added = RegionFlag.NoAccess | RegionFlag.Uncharged;
  else if (protection == Protection.Read) added = RegionFlag.ReadOnly | RegionFlag.Uncharged;
  const kept = ~(added ? areas.MAY_NOT_WRITE : areas.MAY_NOT_WRITE | RegionFlag.Uncharged);
  if (areas.wouldChange(address, mapped, kept, added) && !areAreasLeft(SPARE_TO_CUT, bytes)) return -1;
  current.isProtected = true;
  if (isDefined(ZP_HUGE)) cutHuge(address, mapped, kept, added);
  areas.setFlags(address, mapped, kept, added);
  return mapped == address + bytes ? 0 : -1;
}

// ---- What is kept ----

/** The flags that kept advice is about. */
function flagsOf(call: Syscall): u32 {
  if (isOfHugePages(call)) return RegionFlag.HugePages | RegionFlag.SmallPages;
  if (call == Syscall.MadviseNormal || call == Syscall.MadviseRandom) return RegionFlag.Random;
  return call <= Syscall.MadviseDofork ? RegionFlag.DontFork : RegionFlag.WipeOnFork;
}

/** Sets or clears the flags that the advice is about. Returns whether Linux keeps enough areas. */
function setFlag(start: u64, end: u64, call: Syscall): bool {
  const kept = ~flagsOf(call);
  const added = setBy(call);
  if (areas.wouldChange(start, end, kept, added) && !areAreasLeft(SPARE_TO_CUT, end - start)) return false;
  if (isDefined(ZP_HUGE)) cutHuge(start, end, kept, added);
  areas.setFlags(start, end, kept, added);
  return true;
}

/** Those of them that it sets; it clears the others. */
function setBy(call: Syscall): u32 {
  switch (call) {
    case Syscall.MadviseNohugepage:
      return RegionFlag.SmallPages;
    case Syscall.MadviseHugepage:
      return RegionFlag.HugePages;
    case Syscall.MadviseDofork:
    case Syscall.MadviseKeeponfork:
    case Syscall.MadviseNormal:
      return 0;
    default:
      return flagsOf(call);
  }
}

/** An area that is cut is not across huge pages. */
function cutHuge(start: u64, end: u64, kept: u32, added: u32): void {
  if (areas.wouldChange(start, start + pageBytes, kept, added)) huge.cutAt(start);
  if (areas.wouldChange(end - pageBytes, end, kept, added)) huge.cutAt(end);
}
