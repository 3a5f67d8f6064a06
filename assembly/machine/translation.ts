/**
 * The translation cache: where the bytes of a page are in linear memory. Two direct-mapped tables,
 * one for reads and one for writes, and in front of each the page used last.
 *
 *      entry   63            32 31            0
 *              ├───────────────┼──────────────┤
 *              │ page / 16,384 │ host address │     host address 0: empty
 *              └───────────────┴──────────────┘
 *
 * An entry stands only for a page with CONTENT whose next access of that kind would change nothing:
 * READ set for reads; WRITTEN, and neither SHARED, LAZY nor CLEARED, for writes. Whoever changes
 * that calls `drop`.
 */
const ENTRY_SHIFT: u64 = 14;
const ENTRIES: u32 = 1 << 14;
const ENTRY_MASK: u64 = ENTRIES - 1;

const READS: usize = memory.data(8 * ENTRIES, 16);
const WRITES: usize = memory.data(8 * ENTRIES, 16);

/** No address is within a page of this. */
const NOWHERE: u64 = 1 << 63;

/** Page used last: its first address, and where its bytes are. */
export let readBase: u64 = NOWHERE;
export let readHost: usize = 0;
export let writeBase: u64 = NOWHERE;
export let writeHost: usize = 0;

function find(table: usize, page: u64): usize {
  const entry = load<u64>(table + ((<usize>page & <usize>ENTRY_MASK) << 3));
  return entry >> 32 == page >> ENTRY_SHIFT ? <usize>entry : 0;
}

function keep(table: usize, page: u64, host: usize): void {
  const entry = ((page >> ENTRY_SHIFT) << 32) | <u64>host;
  store<u64>(table + ((<usize>page & <usize>ENTRY_MASK) << 3), entry);
}

function forget(table: usize, page: u64): void {
  if (find(table, page)) store<u64>(table + ((<usize>page & <usize>ENTRY_MASK) << 3), 0);
}

/** Host address of the page's bytes for reading, or 0 when not cached. */
export function findRead(page: u64): usize {
  return find(READS, page);
}

/** Host address of the page's bytes for writing, or 0 when not cached. */
export function findWrite(page: u64): usize {
  return find(WRITES, page);
}

export function keepRead(page: u64, host: usize): void {
  keep(READS, page, host);
}

export function keepWrite(page: u64, host: usize): void {
  keep(WRITES, page, host);
}

/** Makes a cached page, by its first address, the one used last. */
export function useForReads(base: u64, host: usize): void {
  readBase = base;
  readHost = host;
}

/** Makes a cached page, by its first address, the one used last. */
export function useForWrites(base: u64, host: usize): void {
  writeBase = base;
  writeHost = host;
}

/** Grows whenever a host address that somebody holds may have gone stale. */
export let generation: u64 = 1;

/** Forgets a page. */
export function drop(page: u64): void {
  generation++;
  forget(READS, page);
  forget(WRITES, page);
  readBase = NOWHERE;
  writeBase = NOWHERE;
}
