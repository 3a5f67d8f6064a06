/**
 * Small blocks: segregated fits. There is a size class every 16 bytes up to 1,008, then every 512 up to
 * 127 KiB. Blocks of one class are cut, in order, from regions of 1 MiB that are aligned to their size. A
 * freed block goes on its region's list, last in, first out. A region without live blocks goes back to the
 * kernel.
 *
 *      region   0       4      8      16     24     32     40   first
 *               ├───────┼──────┼──────┼──────┼──────┼──────┼──────┬───────┬─ … ─┤ 1 MiB
 *               │ class │ live │ free │ bump │ next │ prev │      │ block │     │
 *               └───────┴──────┴──────┴──────┴──────┴──────┴──────┴───────┴─ … ─┘
 *      free block: next free block u64, key u64
 *
 * The regions of a class that have room are in a list. What must hold (check.ts):
 *
 *      live + blocks on its list == blocks cut from a region; live > 0
 *      a region is in the list of its class == it has a freed block, or room for another
 *      liveBytes == Σ live × bytes of the class
 */
import { loadAt, storeAt } from "../../machine/access";
import { Failure, fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import * as regions from "./regions";
import { REGION_BYTES, regionOf } from "./regions";

/** Largest request, in bytes. */
export const LARGEST: u64 = 127 * 1024;

const LARGEST_TINY: u64 = 1008;
const TINY_QUANTUM_SHIFT: u64 = 4;
const SMALL_QUANTUM_SHIFT: u64 = 9;
const TINY_CLASSES: u32 = 63;
export const CLASSES: u32 = TINY_CLASSES + 1 + 254;
/** Marks a free block, mixed with its address. */
export const FREE_KEY: u64 = 0x5afe_b10c_f4ee_d0ff;

/** Offset of the first block: behind the header, on a multiple of the class's quantum. */
const FIRST_TINY: u64 = 48;
const FIRST_SMALL: u64 = 512;

// Offsets in a region's header.
export const CLASS: u64 = 0;
export const LIVE: u64 = 4;
export const FREE: u64 = 8;
export const BUMP: u64 = 16;
export const NEXT: u64 = 24;
export const PREVIOUS: u64 = 32;

/** For each class the first of its regions with room; 0 if there is none. */
const roomy: usize = memory.data(8 * CLASSES, 8);

/** Whether the last block handed out was never used before, so that it still reads as zero. */
export let isFresh: bool = false;
/** Bytes of live blocks. */
export let liveBytes: u64 = 0;

export function mappedBytes(): u64 {
  return <u64>regions.count * REGION_BYTES;
}

// ---- Classes ----

function classOf(bytes: u64): u32 {
  if (bytes <= LARGEST_TINY) return max(1, <u32>((bytes + 15) >> TINY_QUANTUM_SHIFT));
  return TINY_CLASSES + <u32>((bytes + 511) >> SMALL_QUANTUM_SHIFT);
}

/** Bytes of a class's blocks. */
export function bytesOf(index: u32): u64 {
  if (index <= TINY_CLASSES) return (<u64>index) << TINY_QUANTUM_SHIFT;
  return (<u64>(index - TINY_CLASSES)) << SMALL_QUANTUM_SHIFT;
}

/** Offset of the first block in a class's regions. */
export function firstBlock(index: u32): u64 {
  return index <= TINY_CLASSES ? FIRST_TINY : FIRST_SMALL;
}

function roomyAt(index: u32): usize {
  return roomy + 8 * <usize>(index - 1);
}

/** The first of a class's regions with room; 0 if there is none. */
export function firstRoomy(index: u32): u64 {
  return load<u64>(roomyAt(index));
}

// ---- Regions ----

function classIn(region: u64): u32 {
  return loadAt<u32>(region + CLASS);
}

function liveIn(region: u64): u32 {
  return loadAt<u32>(region + LIVE);
}

function setLive(region: u64, blocks: u32): void {
  storeAt<u32>(region + LIVE, blocks);
}

function freeIn(region: u64): u64 {
  return loadAt<u64>(region + FREE);
}

function setFree(region: u64, block: u64): void {
  storeAt<u64>(region + FREE, block);
}

function bumpIn(region: u64): u64 {
  return loadAt<u64>(region + BUMP);
}

function setBump(region: u64, block: u64): void {
  storeAt<u64>(region + BUMP, block);
}

function hasRoom(region: u64, size: u64): bool {
  return freeIn(region) != 0 || bumpIn(region) + size <= region + REGION_BYTES;
}

/** Puts a region at the head of its class's list. */
function link(region: u64, index: u32): void {
  const next = firstRoomy(index);
  storeAt<u64>(region + NEXT, next);
  storeAt<u64>(region + PREVIOUS, 0);
  if (next) storeAt<u64>(next + PREVIOUS, region);
  store<u64>(roomyAt(index), region);
}

function unlink(region: u64, index: u32): void {
  const next = loadAt<u64>(region + NEXT);
  const previous = loadAt<u64>(region + PREVIOUS);
  if (previous) storeAt<u64>(previous + NEXT, next);
  else store<u64>(roomyAt(index), next);
  if (next) storeAt<u64>(next + PREVIOUS, previous);
}

/** Maps a region for a class. Returns 0 when the kernel gives none. */
function addRegion(index: u32): u64 {
  if (regions.isFull()) {
    fail(Failure.AddressSpace, REGION_BYTES, 0);
    return 0;
  }
  const region = kernel.mmap(0, REGION_BYTES, kernel.Place.Anywhere, REGION_BYTES);
  if (!region) return 0;
  regions.add(region);
  storeAt<u32>(region + CLASS, index);
  setBump(region, region + firstBlock(index));
  link(region, index);
  return region;
}

/** Gives a region, which has room, back to the kernel. */
function giveBack(region: u64, index: u32): void {
  unlink(region, index);
  regions.remove(region);
  kernel.munmap(region, REGION_BYTES);
}

// ---- Blocks ----

/** Takes a block for at most LARGEST bytes. Returns 0 when the kernel gives no region. */
export function allocate(bytes: u64): u64 {
  const index = classOf(bytes);
  if (isDefined(ZP_CHECK))
    assert(index < CLASSES && bytesOf(index) >= bytes, "a request has a class it fits in");
  const size = bytesOf(index);
  let region = firstRoomy(index);
  if (!region) region = addRegion(index);
  if (!region) return 0;
  const freed = freeIn(region);
  isFresh = !freed;
  const block = freed ? takeFreed(region, freed) : takeNew(region, size);
  setLive(region, liveIn(region) + 1);
  if (!hasRoom(region, size)) unlink(region, index);
  liveBytes += size;
  return block;
}

function takeFreed(region: u64, block: u64): u64 {
  setFree(region, loadAt<u64>(block));
  storeAt<u64>(block + 8, 0);
  return block;
}

function takeNew(region: u64, size: u64): u64 {
  const block = bumpIn(region);
  setBump(region, block + size);
  return block;
}

/** Takes a block. Returns an aligned address in it, or 0. bytes + align must not exceed LARGEST. */
export function allocateAligned(align: u64, bytes: u64): u64 {
  const block = allocate(bytes + align - 1);
  return block ? (block + align - 1) & ~(align - 1) : 0;
}

/** Whether the address is in one of these regions, in a live block or not. */
export function isInRegion(address: u64): bool {
  return regions.holds(address);
}

/** Start of the live block that holds the pointer; 0 when none does. */
function liveBlock(pointer: u64): u64 {
  if (!isInRegion(pointer)) return 0;
  const region = regionOf(pointer);
  const index = classIn(region);
  const first = region + firstBlock(index);
  if (pointer < first || pointer >= bumpIn(region)) return 0;
  const block = pointer - <u64>(<u32>(pointer - first) % <u32>bytesOf(index));
  return loadAt<u64>(block + 8) == (block ^ FREE_KEY) ? 0 : block;
}

/** Usable bytes from the pointer on; 0 when it is in no live block. */
export function usableSize(pointer: u64): u64 {
  const block = liveBlock(pointer);
  return block ? block + bytesOf(classIn(regionOf(block))) - pointer : 0;
}

/** Takes a block back. Returns false, and does nothing, when the pointer is in no live block. */
export function release(pointer: u64): bool {
  const block = liveBlock(pointer);
  if (!block) return false;
  const region = regionOf(block);
  const index = classIn(region);
  const size = bytesOf(index);
  if (isDefined(ZP_CHECK)) assert(liveBytes >= size, "a block that is freed was counted");
  liveBytes -= size;
  const left = liveIn(region) - 1;
  if (!hasRoom(region, size)) link(region, index);
  if (!left) {
    giveBack(region, index);
    return true;
  }
  storeAt<u64>(block, freeIn(region));
  storeAt<u64>(block + 8, block ^ FREE_KEY);
  setFree(region, block);
  setLive(region, left);
  return true;
}
