/** What Linux has numbers for, as the simulated kernel is told it. */
import {
  COLD,
  COLLAPSE,
  DOFORK,
  DONTFORK,
  DONTNEED,
  FREE,
  HUGEPAGE,
  KEEPONFORK,
  NOHUGEPAGE,
  NORMAL,
  PAGEOUT,
  POPULATE_READ,
  POPULATE_WRITE,
  RANDOM,
  REMOVE,
  WIPEONFORK,
} from "../reference/interface.js";

/** Advice (include/uapi/asm-generic/mman-common.h). Random scripts draw from it in this order. */
export const ADVICE: ReadonlyMap<number, number> = new Map([
  [4, DONTNEED],
  [8, FREE],
  [0, NORMAL],
  [1, RANDOM],
  [9, REMOVE],
  [10, DONTFORK],
  [11, DOFORK],
  [18, WIPEONFORK],
  [19, KEEPONFORK],
  [20, COLD],
  [21, PAGEOUT],
  [22, POPULATE_READ],
  [23, POPULATE_WRITE],
  [14, HUGEPAGE],
  [15, NOHUGEPAGE],
  [25, COLLAPSE],
]);

/** Protection by the bits PROT_READ and PROT_WRITE: none, read, and what may be written, which may be read too. */
export const PROTECTION = [0, 1, 1, 2] as const;
