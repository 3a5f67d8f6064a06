/**
 * What this half knows of assembly/meter.ts, which draws the memory of a metered module: maps with a byte for every
 * page, counters behind them, and from BASE on the module's own memory. Whatever has to agree with it is in this file.
 */

/** Bits of an address below the number of its page. */
export const PAGE_SHIFT = 12;
/** Pages of an operating system, which a meter counts. */
export const PAGE_BYTES = 1 << PAGE_SHIFT;

/** Where things are in a metered memory. Addresses of the host's. */
export interface Layout {
  /** Maps, of a byte for every page: 1 once it was read, written, or needlessly cleared, or is not known. */
  READ: number;
  WRITTEN: number;
  CLEARED: number;
  UNKNOWN: number;
  COUNTERS: number;
  /** The counter of bytes of zero that stores wrote over zeroes, and nothing else looked at. */
  NEEDLESSLY_STORED: number;
  /** 1 once any page is unknown; of 4 bytes. */
  SEEN_UNKNOWN: number;
  /** Where the module's memory starts. A multiple of 64 KiB. */
  BASE: number;
}

/** The constants that it exports. */
export function readLayout({ exports }: WebAssembly.Instance): Layout {
  const value = (name: keyof Layout) => (exports[name] as WebAssembly.Global).value as number;
  return {
    READ: value("READ"),
    WRITTEN: value("WRITTEN"),
    CLEARED: value("CLEARED"),
    UNKNOWN: value("UNKNOWN"),
    COUNTERS: value("COUNTERS"),
    NEEDLESSLY_STORED: value("NEEDLESSLY_STORED"),
    SEEN_UNKNOWN: value("SEEN_UNKNOWN"),
    BASE: value("BASE"),
  };
}

/** The functions that it exports and rewritten code calls. */
export const HOOKS = ["translate", "zeroedByStore", "fill", "copy", "initialized", "grow"] as const;
export type HookName = (typeof HOOKS)[number];

/** What is counted, in its order. */
const COUNTERS = [
  "loads",
  "stores",
  "fills",
  "copies",
  "inits",
  "grows",
  "filled",
  "filledNeedlessly",
  "stored",
  "storedNeedlessly",
  "storedOverZeroes",
  "refused",
] as const;
export type Counter = (typeof COUNTERS)[number];

const COUNTER_BYTES = 8;

/** The host's address of a counter, of 8 bytes. */
export function counterAddress({ COUNTERS: start }: Layout, counter: Counter): number {
  return start + COUNTER_BYTES * COUNTERS.indexOf(counter);
}
