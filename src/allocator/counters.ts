/**
 * What a sandbox counts. Every figure is exact: the same input gives the same
 * figures on every host. Pages are pages of the simulated machine; bytes are bytes.
 */

import { ALLOCATOR_SYSCALLS, Syscall as Numbers } from "#shared/counters";
import { type NameOf, namesOf, recordOf } from "../base/enums.js";

/**
 * A system call of the simulated kernel that allocators make.
 *
 * @useDeclaredType
 */
export type Syscall = Exclude<NameOf<typeof Numbers>, ProgramCall>;
/** A system call that only programs make. */
export type ProgramCall =
  | "fork"
  | "exit"
  | "madviseDontfork"
  | "madviseDofork"
  | "madviseWipeonfork"
  | "madviseKeeponfork"
  | "madviseCold"
  | "madvisePageout"
  | "madvisePopulateRead"
  | "madvisePopulateWrite"
  | "madviseHugepage"
  | "madviseCollapse";

/** All system calls the simulated kernel knows, in the order the machine counts them. */
export const ALL_SYSCALLS: readonly (Syscall | ProgramCall)[] = namesOf(Numbers);
/** Those that allocators make. */
export const SYSCALLS = ALL_SYSCALLS.slice(0, ALLOCATOR_SYSCALLS) as readonly Syscall[];

/** The kinds of minor faults. */
export const FAULT_KINDS = ["zeroMap", "zeroFill", "copyOnWrite"] as const;

/**
 * - `zeroMap`: the first read of a page; the zero page is mapped
 * - `zeroFill`: the first write of a page; the kernel zeroes a frame for it
 * - `copyOnWrite`: a write to a shared frame, or to the zero page
 *
 * @useDeclaredType
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** All that is counted. NaN for what an allocator that really runs cannot measure. */
export interface Counters {
  /** Allocator calls the program made: malloc, calloc, realloc, free and aligned allocation. */
  calls: number;
  /** Minor faults. `needless` counts those of all kinds that only the allocator's own zeroing caused. */
  faults: Record<FaultKind, number> & { needless: number };
  /** Bytes set to zero. `needless` counts those of `allocator` that already read as zero. */
  zeroed: { kernel: number; allocator: number; needless: number };
  syscalls: Record<Syscall, number>;
  /** Pages that system calls of each kind visited and that were touched before: what makes a call slow. */
  walked: Record<Syscall, number>;
  /** Pages first read, and first written, since they were mapped or discarded. */
  touched: { read: number; written: number };
  /** Gauges, not sums: the state at this moment (and the highest `resident` so far). */
  bytes: {
    /** Mapped address space. */
    virtual: number;
    /** Frames the process owns; the zero page is not counted. */
    resident: number;
    peakResident: number;
    /** What the program holds, as usable sizes. */
    inUse: number;
    /** What the allocator holds from the kernel. */
    system: number;
    /** Free bytes the allocator keeps. */
    cached: number;
  };
}

/** Counters of which nothing is measured: every figure is NaN. */
export function unmeasured(): Counters {
  const none = Number.NaN;
  return {
    calls: none,
    faults: { ...recordOf(FAULT_KINDS, () => none), needless: none },
    zeroed: { kernel: none, allocator: none, needless: none },
    touched: { read: none, written: none },
    syscalls: recordOf(SYSCALLS, () => none),
    walked: recordOf(SYSCALLS, () => none),
    bytes: { virtual: none, resident: none, peakResident: none, inUse: none, system: none, cached: none },
  };
}

/** Minor faults of all kinds. */
export function totalFaults(faults: Readonly<Record<FaultKind, number>>): number {
  return FAULT_KINDS.reduce((sum, kind) => sum + faults[kind], 0);
}

type Tree = { readonly [key: string]: number | Tree };

/** Both trees, figure by figure. */
function combine(one: Tree, other: Tree, figure: (one: number, other: number) => number): Tree {
  return Object.fromEntries(
    Object.entries(one).map(([key, value]) => {
      const its = other[key];
      if (typeof value === "number") return [key, figure(value, its as number)];
      return [key, combine(value, its as Tree, figure)];
    }),
  );
}

/**
 * What happened between two snapshots of one sandbox: every figure of `later` less that of
 * `earlier`. Gauges become changes. `faults.needless` may be negative: a fault that looked needless
 * at `earlier` stops being so when the program uses the page.
 */
export function subtract(later: Counters, earlier: Counters): Counters {
  return combineCounters(later, earlier, (after, before) => after - before);
}

/** Two changes one after another, such as `subtract` gives, as one. */
export function addCounters(one: Counters, other: Counters): Counters {
  return combineCounters(one, other, (its, more) => its + more);
}

function combineCounters(one: Counters, other: Counters, figure: Parameters<typeof combine>[2]): Counters {
  return combine(one as unknown as Tree, other as unknown as Tree, figure) as unknown as Counters;
}
