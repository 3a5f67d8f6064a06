/**
 * The thread's cache: up to 7 freed chunks of each size up to 1,040 bytes, last in first out. A cached
 * chunk is still marked as in use. The cache's own struct is the first chunk of the heap.
 *
 *      struct     +0                       +128                            +640
 *                 ├────────────────────────┼───────────────────────────────┤
 *                 │ 64 counts u16          │ 64 first pointers u64         │
 *      cached     pointer: the next pointer, mixed with pointer >> 12;  pointer + 8: key
 *
 * A bin is as long as its count, which is at most the limit. Its chunks are of its size, with the key.
 */

import { clear, hostGeneration, hostOf, loadAt, storePairAt } from "../../machine/access";
import { pageBytes, pageMask } from "../../machine/layout";
import { Message } from "../../shared/glibc";
import { MIN_CHUNK } from "./chunk";
import { stop } from "./messages";

export const BINS: u64 = 64;
export const BYTES: u64 = 640;
export const ENTRIES: usize = 128;

/** Marks a cached chunk. The real key is random; it only has to be unlikely in a program's memory. */
export const KEY: u64 = 0x5a47_4c49_4243_4b31;

/** Most chunks of each size. */
export let limit: u16 = 7;
/** Address of the struct; 0 before the tcache starts. */
export let struct: u64 = 0;
/** Where the struct is in linear memory, and in which generation that was so. Every call uses it. */
let host: usize = 0;
let generation: u64 = 0;

/** Where a field is in linear memory. */
function hostAt(offset: usize): usize {
  if (isDefined(ZP_CHECK))
    assert(struct != 0 && offset < <usize>BYTES, "a field is one of a tcache that exists");
  return generation == hostGeneration() ? host + offset : findHost(offset);
}

/** The struct reaches into a second page, as it may where aligned blocks were the first of the heap: nothing is kept. */
function findHost(offset: usize): usize {
  if ((struct & pageMask) + BYTES > pageBytes) return hostOf(struct + offset);
  host = hostOf(struct);
  generation = hostGeneration();
  return host + offset;
}

function countAt(bin: u64): usize {
  if (isDefined(ZP_CHECK)) assert(bin < BINS, "the tcache has a bin of that number");
  return hostAt((<usize>bin) << 1);
}

function entryAt(bin: u64): usize {
  if (isDefined(ZP_CHECK)) assert(bin < BINS, "the tcache has a bin of that number");
  return hostAt(ENTRIES + ((<usize>bin) << 3));
}

/** Sets how many chunks of each size are kept; 0 keeps none. */
export function setLimit(chunks: u16): void {
  if (isDefined(ZP_CHECK)) assert(!struct, "the limit is set before the tcache starts");
  limit = chunks;
}

export function isReady(): bool {
  return struct != 0;
}

/** Starts the tcache. `pointer`: BYTES for the struct, which this clears. */
export function start(pointer: u64): void {
  if (isDefined(ZP_CHECK)) assert(!struct, "the tcache starts once");
  struct = pointer;
  clear(pointer, BYTES);
}

/** Bin of a chunk size; BINS or more when it is too large. */
export function binOf(size: u64): u64 {
  return (size - MIN_CHUNK) >> 4;
}

export function hasRoom(bin: u64): bool {
  return bin < BINS && struct != 0 && load<u16>(countAt(bin)) < limit;
}

/** Takes the pointer cached last; 0 when the bin is empty. */
export function take(bin: u64): u64 {
  const count = countAt(bin);
  const cached = load<u16>(count);
  if (!cached) return 0;
  const entry = entryAt(bin);
  const pointer = load<u64>(entry);
  if (pointer & 15) stop(Message.UnalignedTcache, pointer - 16);
  const words = hostOf(pointer);
  store<u64>(words, 0, 8);
  store<u64>(entry, load<u64>(words) ^ (pointer >> 12));
  store<u16>(count, cached - 1);
  return pointer;
}

/** Caches a pointer. The bin must have room. */
export function put(bin: u64, pointer: u64): void {
  if (isDefined(ZP_CHECK)) assert(hasRoom(bin), "a tcache bin that is put into has room");
  const entry = entryAt(bin);
  storePairAt(pointer, load<u64>(entry) ^ (pointer >> 12), KEY);
  store<u64>(entry, pointer);
  const count = countAt(bin);
  store<u16>(count, load<u16>(count) + 1);
}

/** Aborts when a pointer that is about to be freed is cached already, or seems to be and its bin is broken. */
export function refuseDouble(bin: u64, pointer: u64): void {
  if (loadAt<u64>(pointer + 8) == KEY) searchFor(bin, pointer);
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
