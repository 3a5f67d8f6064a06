/**
 * Loads and stores of the program and of the models, and clearing. An access takes the faults and
 * frames that its page needs (page-access.ts). The fast path is one comparison (translation.ts).
 *
 * Nothing here checks a whole range beforehand: an access traps at its first unmapped page. A caller
 * that must not change anything before a trap calls `requireMapped`.
 */
import { Counter, Fn } from "../shared/counters";
import { Exception } from "../shared/failure";
import { CONTENT, UNKNOWN, UNMAPPED } from "../shared/page-states";
import { contentOf } from "./contents";
import { add } from "./counters";
import { raise } from "./failure";
import { apply, applyOne } from "./huge";
import { pageBytes, pageMask, pageShift } from "./layout";
import {
  bytesOf,
  checkTranslation,
  readable,
  requireMapped,
  WRITE_ACCESS,
  withBytes,
  writable,
} from "./page-access";
import { enter, leave } from "./paths";
import { endOfRun } from "./runs";
import { Event, isOfFile } from "./states";
import { runOf, stateOf } from "./table";
import { entryAt, generation, hostIn, isKnown, letsBoth, letsRead, letsWrite } from "./translation";
import { zeroesIn } from "./zeroes";

// ---- Scalars ----

// The build inlines the fast path at every place of use (assembly/build/inline.mjs), because a call
// would cost as much as the path itself.

/** Loads an integer, little-endian, from any address. */
export function loadAt<T>(address: u64): T {
  const entry = entryAt(address);
  if (letsRead<T>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    return load<T>(hostIn(entry, address));
  }
  return <T>loadSlowly(address, sizeof<T>());
}

/** The bytes of the range, which may straddle two pages, as an integer. */
function loadSlowly(address: u64, width: u32): u64 {
  const offset = address & pageMask;
  if (offset + width <= pageBytes) return loadBytes(readable(address), width);
  requireMapped(address, width, false);
  const low = <u32>(pageBytes - offset);
  const first = loadBytes(readable(address), low);
  return first | (loadBytes(readable(address + low), width - low) << (8 * low));
}

function loadBytes(at: usize, width: u32): u64 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < width; i++) value |= (<u64>load<u8>(at + i)) << (8 * i);
  return value;
}

/** Stores an integer, little-endian, at any address. */
export function storeAt<T>(address: u64, value: T): void {
  const entry = entryAt(address);
  if (letsWrite<T>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    store<T>(hostIn(entry, address), value);
  } else {
    storeSlowly(address, <u64>value, sizeof<T>());
  }
}

/** Stores the low bytes of a value to the range, which may straddle two pages. */
function storeSlowly(address: u64, value: u64, width: u32): void {
  const offset = address & pageMask;
  if (offset + width <= pageBytes) return storeBytes(writable(address), value, width);
  requireMapped(address, width, true);
  const low = <u32>(pageBytes - offset);
  storeBytes(writable(address), value, low);
  storeBytes(writable(address + low), value >> (8 * low), width - low);
}

function storeBytes(at: usize, value: u64, width: u32): void {
  for (let i: u32 = 0; i < width; i++) store<u8>(at + i, <u8>(value >> (8 * i)));
}

// ---- Words together ----

// Two words next to each other, at a multiple of 16, need one translation; so does a word that is changed.

/** Where the words that `pairAt` read last are, unless they could be left in place. */
const PAIR: usize = memory.data(16, 16);

/** Loads two words. Returns the host address where they can be read until the next access. */
export function pairAt(address: u64): usize {
  const entry = entryAt(address);
  if (letsRead<v128>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    return hostIn(entry, address);
  }
  return pairSlowly(address);
}

function pairSlowly(address: u64): usize {
  const first = loadAt<u64>(address);
  store<u64>(PAIR, first);
  store<u64>(PAIR, loadAt<u64>(address + 8), 8);
  return PAIR;
}

/** Stores two words. */
export function storePairAt(address: u64, first: u64, second: u64): void {
  const entry = entryAt(address);
  if (letsWrite<v128>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    const host = hostIn(entry, address);
    store<u64>(host, first);
    store<u64>(host, second, 8);
  } else {
    storePairSlowly(address, first, second);
  }
}

function storePairSlowly(address: u64, first: u64, second: u64): void {
  storeAt<u64>(address, first);
  storeAt<u64>(address + 8, second);
}

/** Loads a word, and stores it with the `kept` bits as they were and the rest from `changed`. */
export function changeAt(address: u64, kept: u64, changed: u64): void {
  const entry = entryAt(address);
  if (letsBoth<u64>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    const host = hostIn(entry, address);
    store<u64>(host, (load<u64>(host) & kept) | changed);
  } else {
    changeSlowly(address, kept, changed);
  }
}

function changeSlowly(address: u64, kept: u64, changed: u64): void {
  storeAt<u64>(address, (loadAt<u64>(address) & kept) | changed);
}

/** Loads a word. If it is the expected one, stores another, and returns true. */
export function replaceAt(address: u64, expected: u64, value: u64): bool {
  const entry = entryAt(address);
  if (!letsBoth<u64>(entry, address)) return replaceSlowly(address, expected, value);
  if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
  const host = hostIn(entry, address);
  if (load<u64>(host) != expected) return false;
  store<u64>(host, value);
  return true;
}

function replaceSlowly(address: u64, expected: u64, value: u64): bool {
  if (loadAt<u64>(address) != expected) return false;
  storeAt<u64>(address, value);
  return true;
}

// ---- Without touching ----

/** Reads without touching or counting, for validators. The range must be mapped, and may straddle two pages. */
export function peek<T>(address: u64): T {
  const low = <u32>min<u64>(sizeof<T>(), pageBytes - (address & pageMask));
  const first = peekBytes(address, low);
  if (low == sizeof<T>()) return <T>first;
  return <T>(first | (peekBytes(address + low, sizeof<T>() - low) << (8 * low)));
}

/** The bytes of a range within one page. A page without content reads as zero. */
function peekBytes(address: u64, width: u32): u64 {
  const page = address >> pageShift;
  const state = stateOf(page);
  assert(state != UNMAPPED, "a validator reads only what is mapped");
  return state & CONTENT ? loadBytes(contentOf(page, state) + <usize>(address & pageMask), width) : 0;
}

// ---- Host addresses ----

/** Grows whenever an address from `hostOf` may have gone stale. */
export function hostGeneration(): u64 {
  return generation;
}

/**
 * For a model's hottest structures. Touches the page by a read and a write, and returns the host address of
 * its byte. The model may load and store there directly, within the page, while `hostGeneration` stays the same.
 */
export function hostOf(address: u64): usize {
  const entry = entryAt(address);
  if (letsBoth<u8>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    return hostIn(entry, address);
  }
  return hostOfSlowly(address);
}

function hostOfSlowly(address: u64): usize {
  loadAt<u8>(address);
  return writable(address);
}

/**
 * Whether plain loads and stores of so many bytes, 16 to 4,096 at a multiple of 16, change no state, and all are in one
 * granule. The range must not wrap. Nothing is touched.
 */
export function isDirect(address: u64, bytes: u64): bool {
  if (isDefined(ZP_CHECK)) assert(address + (bytes - 16) >= address, "a range that may be direct has an end");
  return letsBoth<v128>(entryAt(address), address + (bytes - 16)); // the entry of another granule has another tag
}

/** Host address of what is direct. It stays so as that of `hostOf` does. */
export function hostOfDirect(address: u64): usize {
  const entry = entryAt(address);
  if (isDefined(ZP_CHECK)) {
    assert(letsBoth<v128>(entry, address), "what is taken for direct is");
    checkTranslation(entry, address);
  }
  return hostIn(entry, address);
}

// ---- Ranges ----

/** Bytes from the address to the end of its page, at most `bytes`. */
function piece(address: u64, bytes: u64): u64 {
  return min(bytes, pageBytes - (address & pageMask));
}

/** Touches every page of the range, by reads or by writes without data. */
export function touch(address: u64, bytes: u64, write: bool): void {
  if (!bytes) return;
  if (isDefined(ZP_CHECK)) requireMapped(address, bytes, write);
  const first = address >> pageShift;
  const end = ((address + bytes - 1) >> pageShift) + 1;
  apply(write ? Event.Touch : Event.Read, first, end - first);
}

/** Sets the bytes of the range to a value, as the program does. */
export function fill(address: u64, value: u8, bytes: u64): void {
  const caller = enter(Fn.Clear);
  if (value) fillBytes(address, value, bytes);
  else fillZero(address, bytes);
  leave(caller);
}

function fillBytes(address: u64, value: u8, bytes: u64): void {
  while (bytes) {
    const n = piece(address, bytes);
    memory.fill(writable(address), value, <usize>n);
    address += n;
    bytes -= n;
  }
}

export function fillZero(address: u64, bytes: u64): void {
  while (bytes) {
    const whole = (address & pageMask) == 0 ? bytes >> pageShift : 0;
    const n = whole ? whole << pageShift : piece(address, bytes);
    if (whole) apply(Event.Zero, address >> pageShift, whole);
    else zeroPiece(address, n);
    address += n;
    bytes -= n;
  }
}

/** The program zeroes part of one page. */
function zeroPiece(address: u64, bytes: u64): void {
  const page = address >> pageShift;
  const state = withBytes(page, applyOne(Event.Write, page));
  if (state == UNMAPPED) raise(Exception.SegmentationFault, WRITE_ACCESS, address);
  if (state & CONTENT) memory.fill(bytesOf(page, state) + <usize>(address & pageMask), 0, <usize>bytes);
}

/** Offset of the first byte of the range that is not the value; `bytes` if all are. Reads the pages up to it. */
export function fillEnd(address: u64, value: u8, bytes: u64): u64 {
  let offset: u64 = 0;
  while (offset < bytes) {
    const at = address + offset;
    const pages =
      value || at & pageMask ? 0 : pagesWithoutBytes(at >> pageShift, (bytes - offset) >> pageShift);
    if (pages) {
      apply(Event.Read, at >> pageShift, pages);
      offset += pages << pageShift;
      continue;
    }
    const n = <u32>piece(at, bytes - offset);
    const same = endOfRun(readable(at), 0, n, value);
    offset += same;
    if (same != n) break;
  }
  return offset;
}

/** Number of equal pages from the first on, at most so many, that read as zero because the machine stores no bytes of them. */
function pagesWithoutBytes(first: u64, most: u64): u64 {
  const state = stateOf(first);
  if (!most || state == UNMAPPED || state & CONTENT || isOfFile(state)) return 0;
  return runOf(first, most);
}

/** Copies bytes. The ranges must not overlap. A copy of a page without content stores no bytes. */
export function copy(destination: u64, source: u64, bytes: u64): void {
  if (isDefined(ZP_CHECK)) {
    const apart = destination + bytes <= source || source + bytes <= destination;
    assert(apart, "what is copied and where it goes do not overlap");
  }
  const caller = enter(Fn.Copy);
  while (bytes) {
    const n = min(piece(source, bytes), piece(destination, bytes));
    copyPiece(destination, source, n);
    destination += n;
    source += n;
    bytes -= n;
  }
  leave(caller);
}

function copyPiece(destination: u64, source: u64, bytes: u64): void {
  const from = readable(source);
  const state = withBytes(source >> pageShift, stateOf(source >> pageShift));
  if (state & CONTENT) {
    memory.copy(writable(destination), from, <usize>bytes);
  } else {
    fillZero(destination, bytes);
  }
  if (state & UNKNOWN) applyOne(Event.Touch, destination >> pageShift);
}

// ---- The host's bytes ----

/** Loads the bytes of a range into the host's memory. */
export function copyOut(host: usize, address: u64, bytes: u64): void {
  while (bytes) {
    const n = piece(address, bytes);
    memory.copy(host, readable(address), <usize>n);
    host += <usize>n;
    address += n;
    bytes -= n;
  }
}

/** Stores bytes of the host's memory into a range. */
export function copyIn(address: u64, host: usize, bytes: u64): void {
  while (bytes) {
    const n = piece(address, bytes);
    memory.copy(writable(address), host, <usize>n);
    host += <usize>n;
    address += n;
    bytes -= n;
  }
}

// ---- Clearing ----

/** Sets the bytes of the range to zero, as an allocator does for calloc. Counts those that were needless. */
export function clear(address: u64, bytes: u64): void {
  if (isDefined(ZP_CHECK)) requireMapped(address, bytes, true);
  const caller = enter(Fn.Clear);
  add(Counter.AllocatorZeroedBytes, bytes);
  while (bytes) {
    const whole = (address & pageMask) == 0 ? bytes >> pageShift : 0;
    const n = whole ? whole << pageShift : piece(address, bytes);
    if (whole) apply(Event.ClearPage, address >> pageShift, whole);
    else clearPiece(address, n);
    address += n;
    bytes -= n;
  }
  leave(caller);
}

/** Clears part of one page. */
function clearPiece(address: u64, bytes: u64): void {
  const entry = entryAt(address);
  if (letsWrite<u8>(entry, address)) {
    if (isDefined(ZP_CHECK)) checkTranslation(entry, address);
    clearBytes(hostIn(entry, address), bytes, isKnown(entry));
    return;
  }
  const page = address >> pageShift;
  const state = withBytes(page, applyOne(Event.ClearPart, page));
  if (state == UNMAPPED) raise(Exception.SegmentationFault, WRITE_ACCESS, address);
  const known = !(state & UNKNOWN);
  if (state & CONTENT) clearBytes(bytesOf(page, state) + <usize>(address & pageMask), bytes, known);
  else if (known) add(Counter.NeedlesslyZeroedBytes, bytes);
}

/** Clears stored bytes. `known`: they are all the page's. */
function clearBytes(at: usize, bytes: u64, known: bool): void {
  const needless = zeroesIn(at, <usize>bytes);
  if (needless != bytes) memory.fill(at, 0, <usize>bytes);
  if (known) add(Counter.NeedlesslyZeroedBytes, needless);
}
