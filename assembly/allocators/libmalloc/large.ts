/**
 * Large blocks: whole pages from the kernel, and a cache of freed ones. The kernel is told that cached
 * pages beyond a small reserve are reusable. Even so, calloc clears a reused block in full, whatever its
 * pages hold. Blocks too large for the cache are always fresh.
 */

import { Failure, fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import { ADDRESS_LIMIT, pageBytes, roundToPages } from "../../machine/layout";
import { enter, leave } from "../../machine/paths";
import * as deathRow from "./death-row";
import { FREE_LARGE, LARGE_MALLOC } from "./functions";
import * as live from "./live-table";
import { cacheSlots, largestCached, tellsReuse } from "./versions";
import { clearPages } from "./zeroing";

/** Memory-pressure relief is armed above, and disarmed below, so many cached bytes. */
const FLOTSAM_HIGH: u64 = 1 << 20;
const FLOTSAM_LOW: u64 = 512 << 10;

/** Most cached bytes that the kernel is not told about. */
let reserveLimit: u64 = 0;
/** Blocks of at most so many bytes are cached; 0 without a cache. */
let cacheLimit: u64 = 0;
/** Memory-pressure relief is armed. It is whenever more than FLOTSAM_HIGH bytes are cached. */
let flotsam: bool = false;

/** `memoryBytes`: of the machine. Its 1,024th part is cached without telling the kernel. */
export function configure(memoryBytes: u64, hasCache: bool): void {
  reserveLimit = memoryBytes >> 10;
  cacheLimit = hasCache ? largestCached : 0;
  deathRow.configure(cacheSlots);
}

/** Whole pages for a request, at least one; 0 when it exceeds the address space. */
export function roundedSize(bytes: u64): u64 {
  return bytes > ADDRESS_LIMIT ? 0 : max(roundToPages(bytes), pageBytes);
}

/** Takes a block of whole pages. `align`: a power of two. Returns its address, or 0. */
export function allocate(bytes: u64, align: u64, cleared: bool): u64 {
  const caller = enter(LARGE_MALLOC);
  const address = take(bytes, align, cleared);
  leave(caller);
  return address;
}

function take(bytes: u64, align: u64, cleared: bool): u64 {
  const size = roundedSize(bytes);
  if (!size) {
    fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
    return 0;
  }
  if (size <= cacheLimit) {
    const reused = reuse(size, align, cleared);
    if (reused) return reused;
  }
  const fresh = kernel.mmap(0, size, kernel.Place.Anywhere, align);
  if (!fresh) return 0;
  if (!live.ensureRoom()) {
    kernel.munmap(fresh, size);
    return 0;
  }
  live.insert(fresh, size);
  return fresh;
}

/** Takes a block out of the cache; 0 when none fits. */
function reuse(size: u64, align: u64, cleared: bool): u64 {
  const index = deathRow.search(size, align - 1);
  if (index == deathRow.NONE) return 0;
  const slot = deathRow.at(index);
  const address = slot.address;
  const blockSize = slot.size;
  const madvised = slot.madvised;
  if (!live.ensureRoom()) return 0;
  deathRow.remove(index);
  if (deathRow.cacheBytes < FLOTSAM_LOW) flotsam = false;
  // The kernel is told of the size asked for, though the block may be larger.
  if (madvised && tellsReuse && kernel.madvise(address, size, kernel.Syscall.MadviseFreeReuse)) {
    kernel.munmap(address, blockSize);
    return 0;
  }
  live.insert(address, blockSize);
  if (cleared) clearPages(address, size);
  return address;
}

/** Usable bytes; 0 when no live large block starts there. */
export function sizeOf(pointer: u64): u64 {
  const entry = live.find(pointer);
  return entry ? live.sizeOf(entry) : 0;
}

/** Frees a block. Returns false, and does nothing, when no live large block starts there. */
export function release(pointer: u64): bool {
  const entry = live.find(pointer);
  if (!entry) return false;
  const caller = enter(FREE_LARGE);
  retireOrUnmap(entry, pointer, live.sizeOf(entry));
  leave(caller);
  return true;
}

function retireOrUnmap(entry: u64, pointer: u64, size: u64): void {
  if (size <= cacheLimit && kernel.madvise(pointer, size, kernel.Syscall.MadviseCanReuse) == 0) {
    const tellsKernel = deathRow.reserveBytes + size > reserveLimit;
    if (!tellsKernel || kernel.madvise(pointer, size, kernel.Syscall.MadviseFreeReusable) == 0) {
      retire(entry, pointer, size, tellsKernel);
      return;
    }
  }
  live.remove(entry);
  kernel.munmap(pointer, size);
}

/** Puts a block into the cache. The oldest leaves if it is full. */
function retire(entry: u64, pointer: u64, size: u64, madvised: bool): void {
  if (isDefined(ZP_CHECK)) assert(size && size <= cacheLimit, "a block that is cached is not too large");
  const victim = deathRow.victim();
  const evicted = victim == deathRow.NONE ? 0 : deathRow.at(victim).address;
  const evictedSize = evicted ? deathRow.at(victim).size : 0;
  if (evicted) deathRow.removeOldest();
  deathRow.push(pointer, size, madvised);
  if (deathRow.cacheBytes > FLOTSAM_HIGH) flotsam = true;
  live.remove(entry);
  if (evicted) kernel.munmap(evicted, evictedSize);
}

/** Resizes in place to `size`, whole pages. Returns whether it could. */
export function resize(pointer: u64, size: u64): bool {
  const entry = live.find(pointer);
  const old = live.sizeOf(entry);
  if (isDefined(ZP_CHECK)) assert(entry && size && size != old, "a live block is resized to another size");
  if (size < old) {
    live.resize(entry, size);
    kernel.munmap(pointer + size, old - size);
    return true;
  }
  if (live.find(pointer + old)) return false;
  if (!kernel.mmap(pointer + old, size - old, kernel.Place.Exact, pageBytes)) return false;
  live.resize(entry, size);
  return true;
}

/** Gives everything cached back to the kernel, as under memory pressure. Returns whether that was armed. */
export function relieve(): bool {
  if (!flotsam) return false;
  discardCache();
  flotsam = false;
  return true;
}

/** Unmaps every cached block. */
export function discardCache(): void {
  for (let index = deathRow.eldest(); index != deathRow.NONE; index = deathRow.eldest()) {
    const address = deathRow.at(index).address;
    const size = deathRow.at(index).size;
    deathRow.removeOldest();
    kernel.munmap(address, size);
  }
}

// ---- Checking ----

/** Asserts what must hold of the live blocks and of the cache. */
export function check(): void {
  live.check();
  deathRow.check();
  assert(deathRow.reserveBytes <= reserveLimit, "the kernel is told of all that exceeds the reserve");
  assert(flotsam || deathRow.cacheBytes <= FLOTSAM_HIGH, "a large cache arms memory-pressure relief");
  for (let index: u32 = 0; index < cacheSlots; index++) {
    const slot = deathRow.at(index);
    if (slot.address) checkCached(slot.address, slot.size);
  }
}

function checkCached(address: u64, size: u64): void {
  assert(size <= cacheLimit, "a cached block is not too large for the cache");
  assert(kernel.isMapped(address, size), "a cached block is mapped");
  assert(!live.peekHolds(address), "a cached block is not live");
}
