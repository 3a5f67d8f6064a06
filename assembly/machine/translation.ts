/**
 * The translation cache: where the bytes of an address are in linear memory. It is one direct-mapped table.
 * An entry covers a granule, 4 KiB of address space, whatever the machine's page size is.
 *
 *      entry     63                 12 11 10 9      0   0          31
 *                ├────────────────────┼──┼──┼────────┤  ├────────────┤
 *                │ granule            │ W│ R│ 0      │  │ addend     │   16 bytes with padding
 *                └────────────────────┴──┴──┴────────┘  └────────────┘
 *                address >> 12         1: refused        host address - address
 *
 * One comparison, of the granule and the alignment together, lets an access through. An entry stands only
 * for a page with CONTENT, which is never CLEARED. It refuses reads unless READ is set, and writes unless
 * WRITTEN is set and neither SHARED nor LAZY is. So an access that it lets through changes no state. Code
 * that takes such a right away calls `drop`.
 */
import { CONTENT, LAZY, READ, SHARED, WRITTEN } from "../shared/page-states";
import { pageBytes, pageShift } from "./layout";

const GRANULE_SHIFT: u32 = 12;
const GRANULE_BYTES: u64 = 1 << GRANULE_SHIFT;
const REFUSES_READS: u64 = 1 << 10;
const REFUSES_WRITES: u64 = 1 << 11;

const ENTRY_SHIFT: u32 = 4;
const ENTRIES: u32 = 1 << 14;
const TABLE: usize = memory.data(ENTRIES << ENTRY_SHIFT, 16);
/** The tag of an empty entry. Zeroes are empty too, except in entry 0, where they would stand for granule 0. */
const NOWHERE: u64 = u64.MAX_VALUE;

/** Empties entry 0, the only one that zeroes do not make empty. */
export function start(): void {
  store<u64>(TABLE, NOWHERE);
}

/** Entry for an address. */
export function entryAt(address: u64): usize {
  return TABLE + (<usize>(address >> (GRANULE_SHIFT - ENTRY_SHIFT)) & ((ENTRIES - 1) << ENTRY_SHIFT));
}

function granuleAndAlignment<T>(address: u64): u64 {
  return address & (~(GRANULE_BYTES - 1) | (sizeof<T>() - 1));
}

/** Whether the entry lets an aligned read through. */
export function letsRead<T>(entry: usize, address: u64): bool {
  return (load<u64>(entry) & ~REFUSES_WRITES) == granuleAndAlignment<T>(address);
}

/** Whether the entry lets an aligned write through. */
export function letsWrite<T>(entry: usize, address: u64): bool {
  return (load<u64>(entry) & ~REFUSES_READS) == granuleAndAlignment<T>(address);
}

/** Host address of an address that the entry lets through. */
export function hostIn(entry: usize, address: u64): usize {
  return load<u32>(entry, 8) + <u32>address;
}

/** First word of the entry for an address whose page is in this state. */
function tagFor(address: u64, state: u32): u64 {
  let tag = address & ~(GRANULE_BYTES - 1);
  if (!(state & READ)) tag |= REFUSES_READS;
  if ((state & (WRITTEN | SHARED | LAZY)) != WRITTEN) tag |= REFUSES_WRITES;
  return tag;
}

/** Keeps the host address of an address, whose page has CONTENT and is in this state. */
export function keep(address: u64, host: usize, state: u32): void {
  const entry = entryAt(address);
  store<u64>(entry, tagFor(address, state));
  store<u32>(entry, <u32>host - <u32>address, 8);
  if (isDefined(ZP_CHECK)) checkEntry(entry, address, host, state);
}

/** Grows whenever a host address that a model holds may have gone stale. */
export let generation: u64 = 1;

/** Forgets a page. */
export function drop(page: u64): void {
  generation++;
  const end = (page + 1) << pageShift;
  for (let address = end - pageBytes; address < end; address += GRANULE_BYTES) {
    const entry = entryAt(address);
    if (((load<u64>(entry) ^ address) & ~(GRANULE_BYTES - 1)) == 0) store<u64>(entry, NOWHERE);
  }
}

// ---- Checking ----

export const FIRST_ENTRY: usize = TABLE;
export const ENTRY_BYTES: usize = 1 << ENTRY_SHIFT;
export const ENTRIES_END: usize = TABLE + (ENTRIES << ENTRY_SHIFT);

/** Whether the entry is not empty. */
export function isTaken(entry: usize): bool {
  const tag = load<u64>(entry);
  return tag != NOWHERE && (tag != 0 || entry == TABLE);
}

/** First address that a taken entry stands for. */
export function addressIn(entry: usize): u64 {
  return load<u64>(entry) & ~(GRANULE_BYTES - 1);
}

/** Asserts that an entry is right for a page in this state, with the bytes of `address` at `host`. */
export function checkEntry(entry: usize, address: u64, host: usize, state: u32): void {
  const tag = load<u64>(entry);
  assert(entryAt(address) == entry, "an entry stands for an address that looks there");
  assert((state & CONTENT) != 0, "an entry stands for a page that has bytes");
  assert(hostIn(entry, address) == host, "an entry leads to the bytes of its page");
  assert((tag | tagFor(address, state)) == tag, "an entry lets through what changes nothing else");
}
