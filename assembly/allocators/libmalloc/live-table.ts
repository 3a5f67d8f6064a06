/**
 * The live large blocks: an open-addressed table with linear probing, in mappings of its own in
 * simulated memory, so that its writes touch its own pages and never the blocks.
 *
 *      entry    0          8          16         24
 *               ├──────────┼──────────┼──────────┤
 *               │ address  │  size    │ madvised │     address 0: empty
 *               └──────────┴──────────┴──────────┘
 *
 * What must hold:
 *
 *      count == entries, bytes == Σ their sizes
 *      from an address's home to its entry no slot is empty
 *      a quarter of the slots is used at most
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { isMapped, map, mappedBytes, mappingStart, munmap } from "../../machine/kernel";
import { ADDRESS_LIMIT, pageBytes, pageMask, pageShift, roundToPages } from "../../machine/layout";

const ENTRY_BYTES: u64 = 24;

let table: u64 = 0;
let slots: u64 = 0;
/** Live entries, and the sum of their sizes. */
export let count: u64 = 0;
export let bytes: u64 = 0;

/** Bytes the table itself holds from the kernel. */
export function tableBytes(): u64 {
  return roundToPages(slots * ENTRY_BYTES);
}

function entryAt(slot: u64): u64 {
  return table + slot * ENTRY_BYTES;
}

function homeOf(address: u64): u64 {
  return (address >> pageShift) % slots;
}

function after(slot: u64): u64 {
  return slot + 1 == slots ? 0 : slot + 1;
}

/** Slot that holds the address, or the empty one where it would go. */
function probe(address: u64): u64 {
  let slot = homeOf(address);
  let found = loadAt<u64>(entryAt(slot));
  while (found && found != address) {
    slot = after(slot);
    found = loadAt<u64>(entryAt(slot));
  }
  return slot;
}

/** Address of the entry for a block, or 0. */
export function find(address: u64): u64 {
  if (!slots || !address) return 0;
  const entry = entryAt(probe(address));
  return loadAt<u64>(entry) ? entry : 0;
}

export function sizeOf(entry: u64): u64 {
  return loadAt<u64>(entry + 8);
}

/** Makes room for one more. Returns false when the kernel gives no memory. */
export function ensureRoom(): bool {
  if ((count + 1) * 4 <= slots) return true;
  const grown = slots ? 2 * slots + 1 : pageBytes / ENTRY_BYTES - 1;
  const fresh = map(grown * ENTRY_BYTES);
  if (!fresh) return false;
  const old = table;
  const oldSlots = slots;
  table = fresh;
  slots = grown;
  for (let slot: u64 = 0; slot < oldSlots; slot++) {
    const entry = old + slot * ENTRY_BYTES;
    const address = loadAt<u64>(entry);
    if (address) put(address, sizeOf(entry));
  }
  if (old) munmap(old, oldSlots * ENTRY_BYTES);
  return true;
}

function put(address: u64, size: u64): void {
  const entry = entryAt(probe(address));
  storeAt<u64>(entry, address);
  storeAt<u64>(entry + 8, size);
  storeAt<u64>(entry + 16, 0);
}

/** Adds a block. There must be room. */
export function insert(address: u64, size: u64): void {
  if (isDefined(ZP_CHECK)) assert((count + 1) * 4 <= slots, "there is room for one more live block");
  put(address, size);
  count++;
  bytes += size;
}

/** Changes the size of the block whose entry this is. */
export function resize(entry: u64, size: u64): void {
  bytes += size - sizeOf(entry);
  storeAt<u64>(entry + 8, size);
}

/** Removes an entry, and puts the rest of its probe run where a search finds it. */
export function remove(entry: u64): void {
  if (isDefined(ZP_CHECK)) assert(count > 0, "a live block that is removed was counted");
  count--;
  bytes -= sizeOf(entry);
  storeAt<u64>(entry, 0);
  let slot = after((entry - table) / ENTRY_BYTES);
  let address = loadAt<u64>(entryAt(slot));
  while (address) {
    const size = sizeOf(entryAt(slot));
    storeAt<u64>(entryAt(slot), 0);
    put(address, size);
    slot = after(slot);
    address = loadAt<u64>(entryAt(slot));
  }
}

// ---- Checking ----

/** Asserts what must hold, and that every live block is mapped. */
export function check(): void {
  const isOwn = !slots || (mappingStart(table) == table && mappedBytes(table) == tableBytes());
  assert(isOwn, "the table of live blocks is a mapping of its own");
  let entries: u64 = 0;
  let total: u64 = 0;
  for (let slot: u64 = 0; slot < slots; slot++) {
    if (!peek<u64>(entryAt(slot))) continue;
    checkEntry(slot);
    entries++;
    total += peek<u64>(entryAt(slot) + 8);
  }
  assert(entries == count, "there are as many live blocks as are counted");
  assert(total == bytes, "the live bytes are those of the live blocks");
  assert(count * 4 <= slots, "a quarter of the table is used at most");
}

function checkEntry(slot: u64): void {
  const address = peek<u64>(entryAt(slot));
  const size = peek<u64>(entryAt(slot) + 8);
  assert(peekSlot(address) == slot, "a search of the table ends at the live block it looks for");
  assert(!peek<u64>(entryAt(slot) + 16), "a live block's pages are not reusable");
  const isRange = size && !((address | size) & pageMask) && max(address, size) < ADDRESS_LIMIT;
  assert(isRange && isMapped(address, size), "a live block is whole pages that are mapped");
}

/** The same as `probe`, without touching, and with an end in a full table. */
function peekSlot(address: u64): u64 {
  let slot = homeOf(address);
  for (let seen: u64 = 0; seen < slots; seen++) {
    const found = peek<u64>(entryAt(slot));
    if (!found || found == address) break;
    slot = after(slot);
  }
  return slot;
}

/** Whether a live block starts at the address. */
export function peekHolds(address: u64): bool {
  return slots != 0 && peek<u64>(entryAt(peekSlot(address))) == address;
}
