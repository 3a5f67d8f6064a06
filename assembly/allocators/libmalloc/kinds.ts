/** The kinds of blocks that come from magazines: what they are named, and what tells them apart. */
import { FREE_MEDIUM, FREE_SMALL, FREE_TINY, MEDIUM_MALLOC, SMALL_MALLOC, TINY_MALLOC } from "./functions";
import { KIND_BYTES, Kind } from "./kind";
import { Rack } from "./rack";
import { TINY_QUANTA, TinyBlocks } from "./tiny-blocks";
import { MEDIUM_QUANTA, SMALL_QUANTA, WordBlocks } from "./word-blocks";

/** Largest request of a tiny block. */
export const LARGEST_TINY: u64 = 1008;

export const tiny = changetype<Kind<TinyBlocks>>(memory.data(KIND_BYTES, 8));
export const small = changetype<Kind<WordBlocks>>(memory.data(KIND_BYTES, 8));
export const medium = changetype<Kind<WordBlocks>>(memory.data(KIND_BYTES, 8));

/** Begins with no region. `clearsFreedTiny`: tiny blocks are cleared when freed. */
export function start(cpus: u64, clearsFreedTiny: bool): void {
  // 16 bytes to 1,008 in regions of 1 MiB; multiples of 512 bytes in 8 MiB; of 32 KiB in 128 MiB, otherwise as small.
  shape(tiny, 4, 20, TINY_QUANTA, 64, 16);
  shape(small, 9, 23, SMALL_QUANTA, 256, u64.MAX_VALUE);
  shape(medium, 15, 27, MEDIUM_QUANTA, 256, u64.MAX_VALUE);
  name(tiny, TINY_MALLOC, FREE_TINY);
  name(small, SMALL_MALLOC, FREE_SMALL);
  name(medium, MEDIUM_MALLOC, FREE_MEDIUM);
  tiny.clearsOnFree = clearsFreedTiny;
  tiny.start(cpus);
  small.start(cpus);
  medium.start(cpus);
}

function shape(
  rack: Rack,
  quantumShift: u64,
  regionShift: u64,
  quanta: u64,
  lists: u64,
  lastFreeLimit: u64,
): void {
  rack.quantumShift = quantumShift;
  rack.regionShift = regionShift;
  rack.quanta = quanta;
  rack.lists = lists;
  rack.lastFreeLimit = lastFreeLimit;
}

function name(rack: Rack, allocates: u32, frees: u32): void {
  rack.allocates = allocates;
  rack.frees = frees;
}

/** Bytes of all their regions; of those, what blocks can have. */
export function mappedBytes(): u64 {
  return tiny.mappedBytes() + small.mappedBytes() + medium.mappedBytes();
}

export function payloadBytes(): u64 {
  return tiny.payloadBytes() + small.payloadBytes() + medium.payloadBytes();
}
