/**
 * The bins of free chunks: circular lists through the chunks. Bin 1 is the unsorted one. Bins 2 to 63
 * hold one small size each, first in first out. Bins 64 to 126 hold a range of sizes each, largest
 * first; the first chunk of each size is also in a second list, of the distinct sizes.
 *
 *      bin header ◀──▶ largest ◀──▶ equal ◀──▶ smaller ◀──▶ smallest ◀──▶ (bin header)
 *                         ◀──────────────────────▶ ◀──────────▶            distinct sizes
 *
 * The headers are part of the arena: in the C library's data, which a process has touched before main, or in the
 * first page of the arena's first heap, which stays touched. So they live outside simulated memory. But chunks link to
 * them, so they have the addresses that they have there: calloc clears such links.
 *
 * Every free chunk that is in neither fastbins nor tcache is in one bin. No two such chunks are
 * neighbours, and none is next to the top.
 */

import { loadAt, pairAt, replaceAt, storeAt, storePairAt } from "../../machine/access";
import { Message } from "../../shared/glibc";
import { MIN_LARGE, sizeOf } from "./chunk";
import { discardInside } from "./heap";
import { stop } from "./messages";
import * as parameters from "./parameters";
import * as version from "./version";

/** Bins are numbered from 1 to below this. */
export const BINS: u32 = 127;
/** The header of bin n has the address headers + 16 n, like a chunk. */
let headers: u64 = 0;
export const HEADERS_BYTES: u32 = 16 * 128;
/** Where the links of the main arena's headers are in linear memory, the next one first. */
const MAIN_LINKS: usize = memory.data(HEADERS_BYTES, 16);
/** From a header's address, of which the low bits are enough, to its links. */
let toLinks: usize = 0;

/** The header of the unsorted bin. */
export let unsorted: u64 = 0;

/**
 * One bit for each bin: set when a chunk enters, cleared when a search finds the bin empty. It is set
 * for every bin that holds a chunk, but for the unsorted one.
 */
let binmapLow: u64 = 0;
let binmapHigh: u64 = 0;

/** The rest of the chunk that a small request split last, which small requests prefer. May be a chunk no more. */
export let lastRemainder: u64 = 0;

export function setLastRemainder(chunk: u64): void {
  lastRemainder = chunk;
}

/** What an arena has of its own here. */
@unmanaged
export class BinsOfArena {
  headers: u64;
  binmapLow: u64;
  binmapHigh: u64;
  lastRemainder: u64;
  toLinks: usize;

  save(): void {
    this.headers = headers;
    this.binmapLow = binmapLow;
    this.binmapHigh = binmapHigh;
    this.lastRemainder = lastRemainder;
    this.toLinks = toLinks;
  }

  restore(): void {
    headers = this.headers;
    unsorted = binAt(1);
    binmapLow = this.binmapLow;
    binmapHigh = this.binmapHigh;
    lastRemainder = this.lastRemainder;
    toLinks = this.toLinks;
  }
}

/** Begins with empty bins, whose headers have these addresses. `linksAt`: HEADERS_BYTES of linear memory for their links. */
export function begin(address: u64, linksAt: usize): void {
  binmapLow = 0;
  binmapHigh = 0;
  lastRemainder = 0;
  place(address, linksAt);
}

/** Begins with the bins of the main arena. */
export function start(): void {
  place(parameters.libc + version.binsInLibc, MAIN_LINKS);
}

function place(address: u64, linksAt: usize): void {
  headers = address;
  toLinks = linksAt - <usize>address;
  unsorted = binAt(1);
  for (let number: u32 = 1; number < BINS; number++) {
    const bin = binAt(number);
    setNext(bin, bin);
    setPrevious(bin, bin);
  }
}

// ---- Links ----

/** It is the header of a bin, not a chunk. */
export function isHeader(chunk: u64): bool {
  return chunk - headers < HEADERS_BYTES;
}

function linksOf(header: u64): usize {
  return toLinks + <usize>header;
}

export function nextOf(chunk: u64): u64 {
  return isHeader(chunk) ? load<u64>(linksOf(chunk)) : loadAt<u64>(chunk + 16);
}

export function previousOf(chunk: u64): u64 {
  return isHeader(chunk) ? load<u64>(linksOf(chunk), 8) : loadAt<u64>(chunk + 24);
}

export function setNext(chunk: u64, next: u64): void {
  if (isHeader(chunk)) store<u64>(linksOf(chunk), next);
  else storeAt<u64>(chunk + 16, next);
}

export function setPrevious(chunk: u64, previous: u64): void {
  if (isHeader(chunk)) store<u64>(linksOf(chunk), previous, 8);
  else storeAt<u64>(chunk + 24, previous);
}

/** Links the chunk to another one, if it is linked to the expected one. Returns whether it was. */
function replaceNext(chunk: u64, expected: u64, next: u64): bool {
  if (!isHeader(chunk)) return replaceAt(chunk + 16, expected, next);
  if (load<u64>(linksOf(chunk)) != expected) return false;
  store<u64>(linksOf(chunk), next);
  return true;
}

function replacePrevious(chunk: u64, expected: u64, previous: u64): bool {
  if (!isHeader(chunk)) return replaceAt(chunk + 24, expected, previous);
  if (load<u64>(linksOf(chunk), 8) != expected) return false;
  store<u64>(linksOf(chunk), previous, 8);
  return true;
}

/** Where the links of a chunk, which is no header, can be read until the next access: the next one first. */
export function linksIn(chunk: u64): usize {
  return pairAt(chunk + 16);
}

function nextSizeOf(chunk: u64): u64 {
  return loadAt<u64>(chunk + 32);
}

function previousSizeOf(chunk: u64): u64 {
  return loadAt<u64>(chunk + 40);
}

function setSizes(chunk: u64, next: u64, previous: u64): void {
  storePairAt(chunk + 32, next, previous);
}

function setNextSize(chunk: u64, next: u64): void {
  storeAt<u64>(chunk + 32, next);
}

function setPreviousSize(chunk: u64, previous: u64): void {
  storeAt<u64>(chunk + 40, previous);
}

// ---- Which bin ----

/** Number of the bin for chunks of this size. */
export function binNumber(size: u64): u32 {
  if (size < MIN_LARGE) return <u32>(size >> 4);
  if (size >> 6 <= 48) return 48 + <u32>(size >> 6);
  if (size >> 9 <= 20) return 91 + <u32>(size >> 9);
  if (size >> 12 <= 10) return 110 + <u32>(size >> 12);
  if (size >> 15 <= 4) return 119 + <u32>(size >> 15);
  if (size >> 18 <= 2) return 124 + <u32>(size >> 18);
  return 126;
}

export function binAt(number: u32): u64 {
  if (isDefined(ZP_CHECK)) assert(number < BINS, "there is a bin of that number");
  return headers + ((<u64>number) << 4);
}

export function isMarked(number: u32): bool {
  return nextMarked(number) == number;
}

function mark(number: u32): void {
  if (isDefined(ZP_CHECK)) assert(number < BINS, "there is a bin of that number");
  if (number < 64) binmapLow |= (<u64>1) << number;
  else binmapHigh |= (<u64>1) << (number - 64);
}

function unmark(number: u32): void {
  if (number < 64) binmapLow &= ~((<u64>1) << number);
  else binmapHigh &= ~((<u64>1) << (number - 64));
}

/** Lowest bin from `number` on whose bit is set; 0 when there is none. */
function nextMarked(number: u32): u32 {
  if (number < 64) {
    const low = binmapLow & (u64.MAX_VALUE << number);
    if (low) return <u32>ctz(low);
    number = 64;
  }
  if (number >= 128) return 0;
  const high = binmapHigh & (u64.MAX_VALUE << (number - 64));
  return high ? 64 + <u32>ctz(high) : 0;
}

/** Lowest bin from `number` on that holds a chunk; 0 when there is none. */
export function firstFilled(number: u32): u64 {
  for (let at = nextMarked(number); at; at = nextMarked(at + 1)) {
    const bin = binAt(at);
    if (previousOf(bin) != bin) return bin;
    unmark(at);
  }
  return 0;
}

// ---- Adding ----

function insertBetween(before: u64, chunk: u64, after: u64): void {
  storePairAt(chunk + 16, after, before);
  setNext(before, chunk);
  setPrevious(after, chunk);
}

/** Puts a free chunk at the head of the unsorted bin. */
export function addUnsorted(chunk: u64, size: u64): void {
  const first = load<u64>(linksOf(unsorted));
  if (!replacePrevious(first, unsorted, chunk)) stop(Message.UnsortedCorruptedFree, chunk);
  if (size >= MIN_LARGE) {
    setSizes(chunk, 0, 0);
  }
  storePairAt(chunk + 16, first, unsorted);
  store<u64>(linksOf(unsorted), chunk);
}

/** Puts a chunk that has just been freed at the head of its small bin. */
export function addSmall(chunk: u64, size: u64): void {
  const number = binNumber(size);
  const bin = binAt(number);
  const first = nextOf(bin);
  if (previousOf(first) != bin) stop(Message.SmallCorruptedFree, chunk);
  mark(number);
  insertBetween(bin, chunk, first);
}

/** Puts a free chunk into the bin of its size. */
export function addToBin(chunk: u64, size: u64): void {
  const number = binNumber(size);
  const bin = binAt(number);
  mark(number);
  if (size < MIN_LARGE) insertBetween(bin, chunk, nextOf(bin));
  else addToLargeBin(bin, chunk, size);
}

function addToLargeBin(bin: u64, chunk: u64, size: u64): void {
  const largest = nextOf(bin);
  if (largest == bin) {
    setSizes(chunk, chunk, chunk);
    insertBetween(bin, chunk, bin);
    return;
  }
  const smallest = previousOf(bin);
  if (size < sizeOf(smallest)) {
    setSizes(chunk, largest, previousSizeOf(largest));
    linkSizes(chunk);
    insertBetween(smallest, chunk, bin);
    return;
  }
  let at = largest;
  while (size < sizeOf(at)) at = nextSizeOf(at);
  if (size == sizeOf(at)) {
    insertBetween(at, chunk, nextOf(at)); // behind the first of its size, which is in the list of sizes
    return;
  }
  setSizes(chunk, at, previousSizeOf(at));
  if (nextSizeOf(previousSizeOf(at)) != at) stop(Message.LargeListSizes, chunk);
  linkSizes(chunk);
  const before = previousOf(at);
  if (nextOf(before) != at) stop(Message.LargeList, chunk);
  insertBetween(before, chunk, at);
}

/** Links the chunk's neighbours in the list of distinct sizes to the chunk. */
function linkSizes(chunk: u64): void {
  setPreviousSize(nextSizeOf(chunk), chunk);
  setNextSize(previousSizeOf(chunk), chunk);
}

// ---- Taking out ----

/** Takes the last chunk out of the unsorted bin or a small one. `before`: the chunk, or header, before it. */
export function removeLast(bin: u64, before: u64): void {
  setPrevious(bin, before);
  setNext(before, bin);
}

/** Takes a free chunk out of the bin it is in. `size`: what its header says. */
export function unlink(chunk: u64, size: u64): void {
  if (size != loadAt<u64>(chunk + size)) stop(Message.CorruptedSize, chunk);
  const links = linksIn(chunk);
  const next = load<u64>(links);
  const previous = load<u64>(links, 8);
  const isSound = previousOf(next) == chunk && replaceNext(previous, chunk, next);
  if (!isSound) stop(Message.CorruptedList, chunk);
  setPrevious(next, previous);
  if (size >= MIN_LARGE && nextSizeOf(chunk)) unlinkSize(chunk, next);
}

/** Takes a chunk out of the list of distinct sizes. The next chunk of its size, if there is one, replaces it. */
function unlinkSize(chunk: u64, next: u64): void {
  const larger = previousSizeOf(chunk);
  const smaller = nextSizeOf(chunk);
  if (previousSizeOf(smaller) != chunk || nextSizeOf(larger) != chunk)
    stop(Message.CorruptedLargeList, chunk);
  if (!isHeader(next) && nextSizeOf(next) == 0) {
    if (smaller == chunk) {
      setSizes(next, next, next);
    } else {
      setSizes(next, smaller, larger);
      setPreviousSize(smaller, next);
      setNextSize(larger, next);
    }
  } else {
    setPreviousSize(smaller, larger);
    setNextSize(larger, smaller);
  }
}

/** The smallest chunk of a large bin that holds `size`; of equal chunks the second. 0 when none does. */
export function smallestFitting(bin: u64, size: u64): u64 {
  const largest = nextOf(bin);
  if (largest == bin || sizeOf(largest) < size) return 0;
  let chunk = previousSizeOf(largest); // the smallest
  while (sizeOf(chunk) < size) chunk = previousSizeOf(chunk);
  if (chunk != previousOf(bin) && sizeOf(chunk) == sizeOf(nextOf(chunk))) return nextOf(chunk);
  return chunk;
}

// ---- Trimming ----

/** The bin of this size, and those of larger ones, are searched for whole pages. */
const MIN_DISCARDED: u64 = 4096;

/** Discards the whole pages inside free chunks. Returns whether there were any. */
export function discardPages(): bool {
  let any = discardPagesOf(unsorted);
  for (let number = binNumber(MIN_DISCARDED); number < BINS; number++) {
    if (discardPagesOf(binAt(number))) any = true;
  }
  return any;
}

function discardPagesOf(bin: u64): bool {
  let any = false;
  for (let chunk = previousOf(bin); chunk != bin; chunk = previousOf(chunk)) {
    if (discardInside(chunk, sizeOf(chunk))) any = true;
  }
  return any;
}

// ---- Counting ----

/** Chunks in all bins, and their bytes. */
export let chunks: u64 = 0;
export let bytes: u64 = 0;

/** Counts `chunks` and `bytes`. Reads every chunk, as the real allocator does. */
export function tally(): void {
  chunks = 0;
  bytes = 0;
  for (let number: u32 = 1; number < BINS; number++) {
    const bin = binAt(number);
    for (let chunk = previousOf(bin); chunk != bin; chunk = previousOf(chunk)) {
      chunks++;
      bytes += sizeOf(chunk);
    }
  }
}
