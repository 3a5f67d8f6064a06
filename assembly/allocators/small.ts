/**
 * One simple path for small blocks, for models whose subject is large ones: segregated fits. A class
 * every 16 bytes to 1,008, then every 512 to 127 KiB. Blocks of one class are cut, in order, from
 * regions of 1 MiB on addresses of that multiple; a freed block goes on its class's list, last in
 * first out. Nothing is split, merged or given back.
 *
 *      region        16 or 512
 *      ├───────────┬─────────┬─────────┬─────────┬──────── … ─┤ 1 MiB
 *      │ class u32 │ block   │ block   │ block   │            │
 *      └───────────┴─────────┴─────────┴─────────┴──────── … ─┘
 *      free block: next free block u64, key u64
 */
import { loadAt, storeAt } from "../machine/access";
import * as kernel from "../machine/kernel";

/** Largest request it takes: macOS's large threshold. Bytes. */
export const LARGEST_SMALL: u64 = 127 * 1024;

const LARGEST_TINY: u64 = 1008;
const TINY_QUANTUM_SHIFT: u64 = 4;
const SMALL_QUANTUM_SHIFT: u64 = 9;
const TINY_CLASSES: u32 = 63;
const CLASSES: u32 = TINY_CLASSES + 1 + 254;
const REGION_BYTES: u64 = 1 << 20;
/** Marks a free block, mixed with its address. */
const FREE_KEY: u64 = 0x5afe_b10c_f4ee_d0ff;

/** Per class: head of the free list, and the never used part of its newest region. */
@unmanaged
class SizeClass {
  free: u64;
  next: u64;
  end: u64;
}

const classes: usize = memory.data(24 * CLASSES, 8);

/** The block handed out last was never used before, so it still reads as zero. */
export let isFresh: bool = false;
/** The block handed out last is the first of a region just mapped. */
export let isFreshRegion: bool = false;
/** Bytes of live blocks; of free blocks on lists; of regions. */
export let liveBytes: u64 = 0;
export let freeBytes: u64 = 0;
export let regionBytes: u64 = 0;

function classOf(bytes: u64): u32 {
  if (bytes <= LARGEST_TINY) return max(1, <u32>((bytes + 15) >> TINY_QUANTUM_SHIFT));
  return TINY_CLASSES + <u32>((bytes + 511) >> SMALL_QUANTUM_SHIFT);
}

function bytesOf(index: u32): u64 {
  if (index <= TINY_CLASSES) return (<u64>index) << TINY_QUANTUM_SHIFT;
  return (<u64>(index - TINY_CLASSES)) << SMALL_QUANTUM_SHIFT;
}

/** Bytes a request of so many is rounded up to. */
export function roundedSize(bytes: u64): u64 {
  return bytesOf(classOf(bytes));
}

function at(index: u32): SizeClass {
  return changetype<SizeClass>(classes + 24 * <usize>(index - 1));
}

/** Where the first block of a region of this class starts. */
function firstBlock(index: u32): u64 {
  return index <= TINY_CLASSES ? 16 : 512;
}

function regionOf(pointer: u64): u64 {
  return pointer & ~(REGION_BYTES - 1);
}

/** Takes a block for at most LARGEST_SMALL bytes. Returns 0 when the kernel gives no region. */
export function allocate(bytes: u64): u64 {
  const index = classOf(bytes);
  const list = at(index);
  const size = bytesOf(index);
  let block = list.free;
  isFresh = !block;
  isFreshRegion = false;
  if (block) {
    list.free = loadAt<u64>(block);
    storeAt<u64>(block + 8, 0);
    freeBytes -= size;
  } else {
    if (list.next + size > list.end && !addRegion(index, list)) return 0;
    block = list.next;
    list.next = block + size;
  }
  liveBytes += size;
  return block;
}

function addRegion(index: u32, list: SizeClass): bool {
  const region = kernel.mmap(0, REGION_BYTES, kernel.Place.Anywhere, REGION_BYTES);
  if (!region) return false;
  storeAt<u32>(region, index);
  list.next = region + firstBlock(index);
  list.end = region + REGION_BYTES;
  regionBytes += REGION_BYTES;
  isFreshRegion = true;
  return true;
}

/** An address, perhaps within the block, aligned as asked. bytes + align must not exceed LARGEST_SMALL. */
export function allocateAligned(align: u64, bytes: u64): u64 {
  const block = allocate(bytes + align - 1);
  return block ? (block + align - 1) & ~(align - 1) : 0;
}

/** Regions known to be ours, by address; they never go away, so an entry never goes stale. */
const KNOWN_REGIONS: usize = memory.data(8 * 64, 8);

function isRegion(region: u64): bool {
  const known = KNOWN_REGIONS + ((<usize>(region / REGION_BYTES) & 63) << 3);
  if (load<u64>(known) == region) return region != 0;
  if (kernel.mappingStart(region) != region || kernel.mappedBytes(region) != REGION_BYTES) return false;
  const index = loadAt<u32>(region);
  if (!index || index > CLASSES) return false;
  store<u64>(known, region);
  return true;
}

/** Class of the block `liveBlock` found last. */
let foundClass: u32 = 0;

/**
 * Start of the live block that holds the pointer; 0 when none does, as far as can be told: a block
 * never handed out looks live.
 */
function liveBlock(pointer: u64): u64 {
  const region = regionOf(pointer);
  if (!isRegion(region)) return 0;
  foundClass = loadAt<u32>(region);
  const first = region + firstBlock(foundClass);
  if (pointer < first) return 0;
  const block = pointer - <u64>(<u32>(pointer - first) % <u32>bytesOf(foundClass));
  return loadAt<u64>(block + 8) == (block ^ FREE_KEY) ? 0 : block;
}

/** Whether the address lies in one of the regions here, live or not. */
export function isInRegion(address: u64): bool {
  return isRegion(regionOf(address));
}

/** Usable bytes from the pointer on; 0 when it is not in a live block. */
export function usableSize(pointer: u64): u64 {
  const block = liveBlock(pointer);
  return block ? block + bytesOf(foundClass) - pointer : 0;
}

/** Gives a block back. Returns false, and does nothing, when the pointer is not in a live block. */
export function release(pointer: u64): bool {
  const block = liveBlock(pointer);
  if (!block) return false;
  const index = loadAt<u32>(regionOf(block));
  const list = at(index);
  storeAt<u64>(block, list.free);
  storeAt<u64>(block + 8, block ^ FREE_KEY);
  list.free = block;
  liveBytes -= bytesOf(foundClass);
  freeBytes += bytesOf(foundClass);
  return true;
}
