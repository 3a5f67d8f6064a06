/**
 * Functions that a metered module calls for events which rewritten code cannot count itself. src/meter/meter.ts
 * rewrites the module and links them into it: no globals, no data, no imports but the memory.
 *
 * The module's own memory starts at BASE. Below it the meter keeps its notes (shared/meter.ts), out of the module's
 * reach.
 *
 * A page is noted as cleared, and not as written, when zeroes were written over zeroes: a needless touch, unless
 * another touch follows. A page is unknown if the program touched it without data: clearing it is needed, until all
 * of it is cleared. Addresses passed to these functions are the module's.
 */
import {
  BASE,
  CLEARED,
  COUNTER_BYTES,
  COUNTERS,
  MeterCounter,
  PAGE_BYTES,
  PAGE_SHIFT,
  READ,
  REFUSED,
  SEEN_UNKNOWN,
  UNKNOWN,
  WASM_PAGE_SHIFT,
  WRITTEN,
} from "./shared/meter";

function count(counter: u32, amount: u64): void {
  const address = COUNTERS + COUNTER_BYTES * counter;
  store<u64>(address, load<u64>(address) + amount);
}

/** Bytes of the module's memory. */
function size(): u64 {
  return ((<u64>memory.size()) << WASM_PAGE_SHIFT) - BASE;
}

/** Traps as an access does that is out of bounds: no memory is so large. */
function trapOutOfBounds(): void {
  memory.fill(u32.MAX_VALUE, 0, u32.MAX_VALUE);
}

/** The host's address of `address`. Traps unless all `bytes` from there on lie in the module's memory. */
export function translate(address: u32, bytes: u32): u32 {
  if (<u64>address + bytes > size()) trapOutOfBounds();
  return address + BASE;
}

/** Notes a range, which must lie in memory, in one of the maps. */
export function mark(map: u32, address: u32, bytes: u32): void {
  if (!bytes) return;
  const first = address >> PAGE_SHIFT;
  const last = (address + bytes - 1) >> PAGE_SHIFT;
  // Mostly this is one page, for which the call of memory.fill would cost more.
  for (let page = first; page <= last; page++) store<u8>(map + page, 1);
}

/** Notes that the program touched a range, which must lie in memory, without data. */
export function markUnknown(address: u32, bytes: u32): void {
  mark(UNKNOWN, address, bytes);
  store<u32>(SEEN_UNKNOWN, 1);
}

/** Zero bytes among the eight of `word`. */
function zeroesOf(word: u64): u32 {
  const low: u64 = 0x7f7f7f7f7f7f7f7f;
  return <u32>popcnt(~(((word & low) + low) | word | low));
}

/** Zero bytes among the `bytes` from `start`, which is a host's address. */
function zeroes(start: u32, bytes: u32): u32 {
  const end = start + bytes;
  let address = start;
  let found: u32 = 0;
  for (; end - address >= 32; address += 32) {
    // Memory that is cleared was mostly zero for longer than this.
    const any = load<u64>(address) | load<u64>(address, 8) | load<u64>(address, 16) | load<u64>(address, 24);
    if (!any) found += 32;
    else for (let word: u32 = 0; word < 32; word += 8) found += zeroesOf(load<u64>(address + word));
  }
  for (; end - address >= 8; address += 8) found += zeroesOf(load<u64>(address));
  for (; address < end; address++) found += u32(load<u8>(address) == 0);
  return found;
}

/** The zero bytes in part of a page, which is about to be cleared; none if the contents of the page are unknown. */
function needlessIn(start: u32, part: u32): u32 {
  const unknown = UNKNOWN + (start >> PAGE_SHIFT);
  if (!load<u8>(unknown)) return zeroes(start + BASE, part);
  if (part == PAGE_BYTES) store<u8>(unknown, 0);
  return 0;
}

/** Counts, page by page, the bytes that a clearing of the range would clear needlessly. Call it before the clearing. */
function clear(address: u32, bytes: u32, counter: u32): void {
  count(counter, bytes);
  let needless: u64 = 0;
  for (let done: u32 = 0; done < bytes; ) {
    const start = address + done;
    const part = min(bytes - done, PAGE_BYTES - (start & (PAGE_BYTES - 1)));
    const found = needlessIn(start, part);
    store<u8>((found == part ? CLEARED : WRITTEN) + (start >> PAGE_SHIFT), 1);
    needless += found;
    done += part;
  }
  count(counter + 1, needless);
}

/**
 * Called after a store of zero, with the `bytes`, at most 8, of `old` that it replaced. A store that is part of a
 * longer stretch comes here even if its `old` is 0.
 */
export function zeroedByStore(address: u32, bytes: u32, old: u64): void {
  count(MeterCounter.Stored, bytes);
  const inPage = min(bytes, PAGE_BYTES - (address & (PAGE_BYTES - 1)));
  zeroedInPage(address, inPage, old);
  if (inPage < bytes) zeroedInPage(address + inPage, bytes - inPage, old >> (8 * inPage));
}

function zeroedInPage(address: u32, bytes: u32, old: u64): void {
  const page = address >> PAGE_SHIFT;
  const unstored = 64 - 8 * bytes; // bits
  const found = load<u8>(UNKNOWN + page) ? 0 : zeroesOf(old << unstored) - (8 - bytes);
  store<u8>((found == bytes ? CLEARED : WRITTEN) + page, 1);
  count(MeterCounter.StoredNeedlessly, found);
}

/** Counts the effects of filling a range, which must lie in memory. Call it before the fill. */
export function noteFill(address: u32, value: u32, bytes: u32): void {
  count(MeterCounter.Fills, 1);
  if (value & 0xff) mark(WRITTEN, address, bytes);
  else clear(address, bytes, MeterCounter.Filled);
}

/** In place of memory.fill. */
export function fill(address: u32, value: u32, bytes: u32): void {
  const start = translate(address, bytes);
  noteFill(address, value, bytes);
  memory.fill(start, <u8>value, bytes);
}

/** In place of memory.copy. */
export function copy(to: u32, from: u32, bytes: u32): void {
  const target = translate(to, bytes);
  const source = translate(from, bytes);
  count(MeterCounter.Copies, 1);
  mark(READ, from, bytes);
  mark(WRITTEN, to, bytes);
  memory.copy(target, source, bytes);
}

/** After memory.init. */
export function initialized(address: u32, bytes: u32): void {
  count(MeterCounter.Inits, 1);
  mark(WRITTEN, address, bytes);
}

/** In place of memory.grow. Counts a successful growth by at least one page, and notes whether growth was refused. */
export function grow(pages: u32): u32 {
  const before = memory.grow(pages);
  if (pages) store<u64>(REFUSED, u64(before == -1));
  if (before == -1) return -1;
  if (pages) count(MeterCounter.Grows, 1);
  return <u32>before - (BASE >> WASM_PAGE_SHIFT);
}
