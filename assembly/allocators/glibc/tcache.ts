/**
 * The thread's cache: up to 7 freed chunks of each size up to 1,040 bytes, last in first out. A cached
 * chunk is still marked as in use. The cache's own struct is a chunk of the heap, mostly the first.
 *
 *      struct     +0                       +128                            +640
 *                 ├────────────────────────┼───────────────────────────────┤
 *                 │ 64 counts u16          │ 64 first pointers u64         │
 *      2.43       │ 76 rooms u16           │ 76 first pointers at +152     │ +760
 *      cached     pointer: the next pointer, mixed with pointer >> 12;  pointer + 8: key
 *
 * A bin is as long as its count, which is at most the limit; its room is the limit less the count. Its
 * chunks are of its size, with the key.
 */

import {
  clear,
  hostGeneration,
  hostOf,
  hostOfDirect,
  isDirect,
  loadAt,
  storeAt,
  storePairAt,
} from "../../machine/access";
import { act } from "../../machine/failure";
import { pageBytes, pageMask } from "../../machine/layout";
import { Message } from "../../shared/glibc";
import { chunkFor, MIN_CHUNK, NON_MAIN, PREV_INUSE, toPointer, withoutFlags } from "./chunk";
import { stop } from "./messages";
import * as version from "./version";

export const BINS: u64 = 64;
/** Those that are used. */
export let bins: u64 = BINS;
/** Unsorted chunks that may be sorted once one is cached; 0 for any number. */
let sortingLimit: u64 = 0;
/** The largest chunk of those bins. */
export const LARGEST: u64 = MIN_CHUNK + 16 * (BINS - 1);

/** Bits of a size word which say that a free is not so simple: the chunk is mapped, or the word is wrong. */
const UNCACHED: u64 = 15 & ~(PREV_INUSE | NON_MAIN);

/** Marks a cached chunk. The real key is random; it only has to be unlikely in a program's memory. */
export const KEY: u64 = 0x5a47_4c49_4243_4b31;

/** Most chunks of each size. */
export let limit: u16 = 7;
let isLimitSet: bool = false;

// A count says how many chunks its bin has, or how many more fit. These let both be read alike.
/** What a count says of an empty bin. */
let countOfNone: u16 = 0;
/** What is added to it for each chunk: 1 or -1. */
let countOfOne: i32 = 1;
/** A bin has room while its count, with these bits flipped, is below the bound. */
let flipped: u16 = 0;
let bound: u16 = 7;

/** Address of the struct; 0 before the tcache starts. */
export let struct: u64 = 0;
/** It is being made, or is not to be (again). */
let isOff: bool = false;
/** Where the struct is in linear memory, and in which generation that was so. Every call uses it. */
let host: usize = 0;
let generation: u64 = 0;

/** What a thread has of its own here. */
@unmanaged
export class TcacheOfThread {
  struct: u64;
  isOff: bool;

  save(): void {
    this.struct = struct;
    this.isOff = isOff;
  }

  restore(): void {
    struct = this.struct;
    isOff = this.isOff;
    generation = 0;
  }
}

/** A thread begins, without a tcache. */
export function beginThread(): void {
  struct = 0;
  isOff = version.makesTcacheLate && limit == 0;
  generation = 0;
}

/** The thread ends: it caches nothing any more. Returns the struct, whose bins are to be emptied; 0 if there is none. */
export function endThread(): u64 {
  const old = struct;
  struct = 0;
  isOff = true;
  return old;
}

/** Takes the pointer cached last out of a bin of a struct that is given up; 0 when the bin is empty. */
export function takeOfEnded(old: u64, bin: u64): u64 {
  const entry = old + version.tcachePointers + (bin << 3);
  const pointer = loadAt<u64>(entry);
  if (!pointer) return 0;
  storeAt<u64>(entry, loadAt<u64>(pointer) ^ (pointer >> 12));
  storeAt<u64>(pointer + 8, 0);
  return pointer;
}

/** Where a field is in linear memory. */
function hostAt(offset: usize): usize {
  if (isDefined(ZP_CHECK))
    assert(struct != 0 && offset < <usize>version.tcacheBytes, "a field is one of a tcache that exists");
  return generation == hostGeneration() ? host + offset : findHost(offset);
}

/** The struct reaches into a second page, as it may where aligned blocks were the first of the heap: nothing is kept. */
function findHost(offset: usize): usize {
  if ((struct & pageMask) + version.tcacheBytes > pageBytes) return hostOf(struct + offset);
  host = hostOf(struct);
  generation = hostGeneration();
  return host + offset;
}

function countOffset(bin: u64): usize {
  if (isDefined(ZP_CHECK)) assert(bin < BINS, "the tcache has a bin of that number");
  return (<usize>bin) << 1;
}

function entryOffset(bin: u64): usize {
  if (isDefined(ZP_CHECK)) assert(bin < BINS, "the tcache has a bin of that number");
  return version.tcachePointers + ((<usize>bin) << 3);
}

function countAt(bin: u64): usize {
  return hostAt(countOffset(bin));
}

function entryAt(bin: u64): usize {
  return hostAt(entryOffset(bin));
}

/** Sets how many chunks of each size are kept; 0 keeps none. */
export function setLimit(chunks: u16): void {
  if (isDefined(ZP_CHECK)) assert(!struct, "the limit is set before the tcache starts");
  limit = chunks;
  isLimitSet = true;
}

/** Sets the largest request whose chunk is cached. Returns false for one that no bin is for. */
export function setLargest(bytes: u64): bool {
  if (isDefined(ZP_CHECK)) assert(!struct, "the bins are chosen before the tcache starts");
  if (bytes > LARGEST - 8) return false;
  bins = binOf(chunkFor(bytes)) + 1;
  return true;
}

export function setSortingLimit(chunks: u64): void {
  sortingLimit = chunks;
}

/** So many unsorted chunks were sorted, and one is cached, which may be given now. */
export function mayEndSorting(sorted: u64): bool {
  return sortingLimit != 0 && sorted > sortingLimit;
}

/** Takes on what the version says. */
export function configure(): void {
  if (!isLimitSet) limit = version.chunksPerBin;
  isOff = version.makesTcacheLate && limit == 0;
  bound = limit;
  if (!version.countsRoom) return;
  countOfNone = limit;
  countOfOne = -1;
  flipped = u16.MAX_VALUE;
  bound = u16.MAX_VALUE;
}

export function isReady(): bool {
  return struct != 0;
}

/** Says that it is about to be made. Returns whether it may be. */
export function begin(): bool {
  if (isOff || struct) return false;
  isOff = true;
  return true;
}

/** There is no memory for it. Measured: only 2.43 does not try again. */
export function giveUp(): void {
  isOff = version.makesTcacheLate;
}

/** Starts the tcache. `pointer`: room for the struct, which this clears. */
export function start(pointer: u64): void {
  if (isDefined(ZP_CHECK)) assert(!struct, "the tcache starts once");
  struct = pointer;
  clear(pointer, version.tcacheBytes);
  if (!version.countsRoom) return;
  for (let count: u64 = 0; count < <u64>version.tcachePointers; count += 2)
    storeAt<u16>(pointer + count, limit);
}

/** Bin of a chunk size; `bins` or more when it is too large. */
export function binOf(size: u64): u64 {
  return (size - MIN_CHUNK) >> 4;
}

export function hasRoom(bin: u64): bool {
  return bin < bins && struct != 0 && letsMore(load<u16>(countAt(bin)));
}

/** A bin with this count, or this room, has room. */
function letsMore(count: u16): bool {
  return (count ^ flipped) < bound;
}

/** A bin with this count, or this room, is empty. */
function isEmpty(count: u16): bool {
  return count == countOfNone;
}

/** Takes the pointer cached last; 0 when the bin is empty. */
export function take(bin: u64): u64 {
  const count = countAt(bin);
  const cached = load<u16>(count);
  if (isEmpty(cached)) return 0;
  const entry = entryAt(bin);
  const pointer = load<u64>(entry);
  if (pointer & 15) stop(Message.UnalignedTcache, pointer - 16);
  return takeAt(count, cached, entry, pointer, hostOf(pointer));
}

/** `words`: where those of the pointer are in linear memory. */
function takeAt(count: usize, cached: u16, entry: usize, pointer: u64, words: usize): u64 {
  store<u64>(words, 0, 8);
  store<u64>(entry, load<u64>(words) ^ (pointer >> 12));
  store<u16>(count, <u16>(cached - countOfOne));
  return pointer;
}

/** What most allocations need: takes the pointer cached last, if that is sure to change no page; else 0. */
export function takeDirectly(bin: u64): u64 {
  if (bin >= bins || generation != hostGeneration()) return 0;
  const count = host + countOffset(bin);
  const cached = load<u16>(count);
  if (isEmpty(cached)) return 0;
  const entry = host + entryOffset(bin);
  const pointer = load<u64>(entry);
  return isDirect(pointer, 16) ? takeAt(count, cached, entry, pointer, hostOfDirect(pointer)) : 0;
}

/** Takes the pointer of a bin that was cached last of those that are multiples of `align`; 0 when there is none. */
export function takeAligned(bin: u64, align: u64): u64 {
  let link = struct + version.tcachePointers + (bin << 3);
  let mixedWith: u64 = 0; // the struct's own links are plain
  let pointer = loadAt<u64>(link);
  while (pointer & (align - 1)) {
    link = pointer;
    mixedWith = link >> 12;
    pointer = loadAt<u64>(link) ^ mixedWith;
  }
  if (!pointer) return 0;
  storeAt<u64>(link, loadAt<u64>(pointer) ^ (pointer >> 12) ^ mixedWith);
  storeAt<u64>(pointer + 8, 0);
  const count = countAt(bin);
  store<u16>(count, <u16>(load<u16>(count) - countOfOne));
  return pointer;
}

/** Puts the key back into a block that was cached last. */
export function putKey(pointer: u64): void {
  storeAt<u64>(pointer + 8, KEY);
}

/** Caches a pointer. The bin must have room. */
export function put(bin: u64, pointer: u64): void {
  if (isDefined(ZP_CHECK)) assert(hasRoom(bin), "a tcache bin that is put into has room");
  const entry = entryAt(bin);
  storePairAt(pointer, load<u64>(entry) ^ (pointer >> 12), KEY);
  putAt(countAt(bin), entry, pointer);
}

function putAt(count: usize, entry: usize, pointer: u64): void {
  store<u64>(entry, pointer);
  store<u16>(count, <u16>(load<u16>(count) + countOfOne));
}

/**
 * What most frees need: caches a chunk, if nothing speaks against it and that is sure to change no page. Returns its
 * size; else 0.
 */
export function putDirectly(chunk: u64): u64 {
  if (generation != hostGeneration() || !isDirect(chunk, 32)) return 0;
  const words = hostOfDirect(chunk);
  const head = load<u64>(words, 8);
  const bin = binOf(head);
  if (bin >= bins || head & UNCACHED) return 0;
  const count = host + countOffset(bin);
  if (!letsMore(load<u16>(count)) || load<u64>(words, 24) == KEY) return 0;
  const entry = host + entryOffset(bin);
  const pointer = toPointer(chunk);
  store<u64>(words, load<u64>(entry) ^ (pointer >> 12), 16);
  store<u64>(words, KEY, 24);
  putAt(count, entry, pointer);
  return withoutFlags(head);
}

/** Aborts when a pointer that is about to be freed is cached already, or seems to be and its bin is broken. */
export function refuseDouble(bin: u64, pointer: u64): void {
  if (loadAt<u64>(pointer + 8) == KEY) refuseCached(bin, pointer);
}

/** Where every bin is searched and the pointer is in none, it is taken for one that is not cached. */
function refuseCached(bin: u64, pointer: u64): void {
  if (!version.searchesAllBins) return searchFor(bin, pointer);
  for (let any: u64 = 0; any < BINS; any++) searchFor(any, pointer);
  act();
  storeAt<u64>(pointer + 8, 0);
}

function searchFor(bin: u64, pointer: u64): void {
  let cached = load<u64>(entryAt(bin));
  for (let i: u16 = 0; cached; i++) {
    if (i >= limit) stop(Message.TcacheTooMany, pointer - 16);
    if (cached & 15) stop(Message.TcacheUnalignedWalk, pointer - 16);
    if (cached == pointer) stop(Message.TcacheDoubleFree, pointer - 16);
    cached = loadAt<u64>(cached) ^ (cached >> 12);
  }
}
