/**
 * Every event, in one table of u64. The order is known to `src/instance.ts`.
 *
 * The first group are page events: a transition of a page (see states.ts) names them by bit,
 * so bit n of a transition's effects is counter n.
 */
export enum Counter {
  // Page events, in pages.
  ZeroMap,
  ZeroFill,
  CopyOnWrite,
  KernelZeroedPages,
  FramesTaken,
  FramesGiven,
  TouchedRead,
  TouchedWritten,
  /** Faults that zeroing caused, and those of them that an access by others has justified since. */
  ClearingFaults,
  JustifiedFaults,
  /** Whole pages the allocator cleared that were known to be zero. */
  NeedlesslyClearedPages,
  /** Pages touched before that a system call visited. */
  PagesWalked,
  // Bytes.
  AllocatorZeroedBytes,
  /** Needlessly zeroed bytes outside NeedlesslyClearedPages. */
  NeedlesslyZeroedBytes,
  // Gauges: pages.
  PeakResidentPages,
  VirtualPages,
  // System calls.
  Mmap,
  Munmap,
  Mremap,
  Brk,
  MadviseDontneed,
  MadviseFree,
  MadviseFreeReusable,
  MadviseFreeReuse,
  MadviseCanReuse,
  Mincore,
  VmCopy,
  /** PagesWalked again, for each kind of system call. */
  WalkedByMmap,
  Count = WalkedByMmap + 11,
}

/** The table, of whole vectors. */
export const COUNTERS_BYTES: usize = (8 * <usize>Counter.Count + 15) & ~15;
export const COUNTERS: usize = memory.data(COUNTERS_BYTES, 16);

/** Bytes of the table up to the system calls. */
export const EVENTS_BYTES: usize = (8 * <usize>Counter.Mmap) & ~15;

/** Something was counted since `booked`; and a system call was made. */
export let hasEvents: bool = false;
export let hasCalls: bool = false;

export function booked(): void {
  hasEvents = false;
  hasCalls = false;
}

export function counter(which: u32): u64 {
  return load<u64>(COUNTERS + 8 * which);
}

export function add(which: u32, amount: u64): void {
  const at = COUNTERS + 8 * which;
  store<u64>(at, load<u64>(at) + amount);
  hasEvents = true;
}

/** Counts a system call, or pages it visited. */
export function addCall(which: u32, amount: u64): void {
  add(which, amount);
  hasCalls = true;
}

export function set(which: u32, value: u64): void {
  store<u64>(COUNTERS + 8 * which, value);
}

/** Frames the process owns now. */
export function residentPages(): u64 {
  return counter(Counter.FramesTaken) - counter(Counter.FramesGiven);
}

/**
 * Starts counting anew: what happened so far was start-up. Gauges stay, and so does the balance of
 * frames taken and given.
 */
export function restart(): void {
  const resident = residentPages();
  const virtual = counter(Counter.VirtualPages);
  memory.fill(COUNTERS, 0, COUNTERS_BYTES);
  set(Counter.FramesTaken, resident);
  set(Counter.PeakResidentPages, resident);
  set(Counter.VirtualPages, virtual);
}
