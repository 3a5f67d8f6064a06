/**
 * The translation cache: where the bytes of an address are in linear memory. It is one direct-mapped table.
 * An entry covers a granule, 4 KiB of address space, whatever the machine's page size is.
 *
 *      entry     0            8            16           24       28
 *                ├────────────┼────────────┼────────────┼────────┼────────┐
 *                │ for reads  │ for writes │ for both   │ addend │ known  │
 *                └────────────┴────────────┴────────────┴────────┴────────┘
 *                address of the granule, or NOWHERE     host address - address; not UNKNOWN
 *
 * One comparison with memory, of the granule and the alignment together, lets an access through. An entry stands
 * only for a page with CONTENT, which is never CLEARED. It refuses reads unless READ is set, and writes unless
 * WRITTEN is set and neither SHARED nor LAZY is. So an access that it lets through changes no state. Code
 * that takes such a right away, or makes bytes unknown, calls `drop`.
 */
import { CONTENT, LAZY, READ, SHARED, UNKNOWN, WRITTEN } from "../shared/page-states";
import { pageBytes, pageShift } from "./layout";

const GRANULE_SHIFT: u32 = 12;
const GRANULE_BYTES: u64 = 1 << GRANULE_SHIFT;

const ENTRY_SHIFT: u32 = 5;
const ENTRIES: u32 = 1 << 14;
const TABLE: usize = memory.data(ENTRIES << ENTRY_SHIFT, 32);
const READS: usize = TABLE;
const WRITES: usize = TABLE + 8;
const BOTH: usize = TABLE + 16;
const ADDEND: usize = TABLE + 24;
const KNOWN: usize = TABLE + 28;
/** The tag of what is refused. Zeroes refuse too, except in entry 0, where they would stand for granule 0. */
const NOWHERE: u64 = u64.MAX_VALUE;

/** Empties entry 0, the only one that zeroes do not make empty. */
export function start(): void {
  empty(0);
}

/** Offset in the table of the entry for an address. Constants that loads add cost nothing. */
export function entryAt(address: u64): usize {
  return <usize>(address >> (GRANULE_SHIFT - ENTRY_SHIFT)) & ((ENTRIES - 1) << ENTRY_SHIFT);
}

function granuleAndAlignment<T>(address: u64): u64 {
  return address & (~(GRANULE_BYTES - 1) | (sizeof<T>() - 1));
}

/** Whether the entry lets an aligned read through. */
export function letsRead<T>(entry: usize, address: u64): bool {
  return load<u64>(entry, READS) == granuleAndAlignment<T>(address);
}

/** Whether the entry lets an aligned write through. */
export function letsWrite<T>(entry: usize, address: u64): bool {
  return load<u64>(entry, WRITES) == granuleAndAlignment<T>(address);
}

/** Whether the entry lets both aligned reads and writes through. */
export function letsBoth<T>(entry: usize, address: u64): bool {
  return load<u64>(entry, BOTH) == granuleAndAlignment<T>(address);
}

/** Host address of an address that the entry lets through. */
export function hostIn(entry: usize, address: u64): usize {
  return load<u32>(entry, ADDEND) + <u32>address;
}

/** Whether the bytes of the page of a taken entry are known. */
export function isKnown(entry: usize): bool {
  return load<u32>(entry, KNOWN) != 0;
}

/** Lets through what changes nothing on a page that has CONTENT and is in this state. */
function setTags(entry: usize, granule: u64, state: u32): void {
  const reads = (state & READ) != 0;
  const writes = (state & (WRITTEN | SHARED | LAZY)) == WRITTEN;
  store<u64>(entry, reads ? granule : NOWHERE, READS);
  store<u64>(entry, writes ? granule : NOWHERE, WRITES);
  store<u64>(entry, reads && writes ? granule : NOWHERE, BOTH);
}

function empty(entry: usize): void {
  setTags(entry, NOWHERE, 0);
}

/** The entries that were kept since all were forgotten, unless they are more than MOST_KEPT. */
const MOST_KEPT: usize = 1024;
const KEPT: usize = memory.data(4 * <i32>MOST_KEPT, 4);
let kept: usize = 0;

/** Keeps the host address of an address, whose page has CONTENT and is in this state. */
export function keep(address: u64, host: usize, state: u32): void {
  const entry = entryAt(address);
  if (kept < MOST_KEPT) store<u32>(KEPT + 4 * kept, <u32>entry);
  kept++;
  setTags(entry, address & ~(GRANULE_BYTES - 1), state);
  store<u32>(entry, <u32>host - <u32>address, ADDEND);
  store<u32>(entry, u32(!(state & UNKNOWN)), KNOWN);
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
    if (load<u64>(entry, READS) == address || load<u64>(entry, WRITES) == address) empty(entry);
  }
}

/** Forgets all pages: they are another space's, or are now shared. */
export function dropAll(): void {
  generation++;
  if (kept > MOST_KEPT) {
    memory.fill(TABLE, 0, ENTRIES << ENTRY_SHIFT);
    empty(0);
  } else {
    for (let i: usize = 0; i < kept; i++) empty(load<u32>(KEPT + 4 * i));
  }
  kept = 0;
}

// ---- Checking ----

export const FIRST_ENTRY: usize = 0;
export const ENTRY_BYTES: usize = 1 << ENTRY_SHIFT;
export const ENTRIES_END: usize = ENTRIES << ENTRY_SHIFT;

/** First address that the entry stands for; NOWHERE if it is empty. */
export function addressIn(entry: usize): u64 {
  const reads = load<u64>(entry, READS);
  const writes = load<u64>(entry, WRITES);
  const address = reads == NOWHERE ? writes : reads;
  return address || !entry ? address : NOWHERE;
}

/** Whether the entry is not empty. */
export function isTaken(entry: usize): bool {
  return addressIn(entry) != NOWHERE;
}

/** Asserts that an entry is right for a page in this state, with the bytes of `address` at `host`. */
export function checkEntry(entry: usize, address: u64, host: usize, state: u32): void {
  const granule = address & ~(GRANULE_BYTES - 1);
  const reads = load<u64>(entry, READS) == granule;
  const writes = load<u64>(entry, WRITES) == granule;
  assert(entryAt(address) == entry, "an entry stands for an address that looks there");
  assert((state & CONTENT) != 0, "an entry stands for a page that has bytes");
  assert(isKnown(entry) == !(state & UNKNOWN), "an entry says whether the bytes of its page are known");
  assert(hostIn(entry, address) == host, "an entry leads to the bytes of its page");
  const mayWrite = (state & (WRITTEN | SHARED | LAZY)) == WRITTEN;
  assert(
    (!reads || state & READ) && (!writes || mayWrite),
    "an entry lets through what changes nothing else",
  );
  assert(
    (load<u64>(entry, BOTH) == granule) == (reads && writes),
    "an entry lets both through if it lets each",
  );
}
