/**
 * The place of the meter's notes in a metered memory: below BASE, where the module's own memory starts.
 *
 *      0          1 MiB        2 MiB        3 MiB        4 MiB      BASE      host's address
 *      ├───────────┼────────────┼────────────┼────────────┼──────────┼────────────────────────
 *      │ read, by  │ written,   │ cleared,   │ unknown,   │ counters │ the module's memory, as
 *      │ page      │ by page    │ by page    │ by page    │          │ the module sees it
 *      └───────────┴────────────┴────────────┴────────────┴──────────┴────────────────────────
 *
 * Each map has a byte per page of 4 KiB, which is 1 once the event has happened: 2^20 bytes cover 32 bits of address.
 */
export const PAGE_SHIFT = 12;
export const PAGE_BYTES = 1 << PAGE_SHIFT;
/** 64 KiB: core specification. */
export const WASM_PAGE_SHIFT = 16;

const MAP_BYTES = 1 << 20;
export const READ = 0;
export const WRITTEN = MAP_BYTES;
export const CLEARED = 2 * MAP_BYTES;
export const UNKNOWN = 3 * MAP_BYTES;
export const COUNTERS = 4 * MAP_BYTES;
/** A multiple of 64 KiB. */
export const BASE = COUNTERS + (1 << WASM_PAGE_SHIFT);

export const COUNTER_BYTES = 8;
/** The counters at COUNTERS, in this order. */
export enum MeterCounter {
  // Instructions. Rewritten code itself counts the first two.
  Loads,
  Stores,
  Fills,
  Copies,
  Inits,
  Grows,
  /** Bytes that fills set to zero, and those of them that were zero before. */
  Filled,
  FilledNeedlessly,
  /** The same for stores that were looked at one by one. */
  Stored,
  StoredNeedlessly,
  /** Bytes of all other stores of zero, which replaced zeroes. Rewritten code itself counts them. */
  StoredOverZeroes,
  /** Not a counter: 1 if the last memory.grow failed. */
  Refused,
  /** Not a counter: 1 once any page is unknown. 4 bytes. */
  SeenUnknown,
  /** Not a counter: 1 while a function runs that clears by stores of zero. 4 bytes. */
  Clearing,
  Count,
}

export const STORED_OVER_ZEROES = COUNTERS + COUNTER_BYTES * MeterCounter.StoredOverZeroes;
export const REFUSED = COUNTERS + COUNTER_BYTES * MeterCounter.Refused;
export const SEEN_UNKNOWN = COUNTERS + COUNTER_BYTES * MeterCounter.SeenUnknown;
export const CLEARING = COUNTERS + COUNTER_BYTES * MeterCounter.Clearing;
