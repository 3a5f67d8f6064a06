/** The three racks: what tells tiny, small and medium blocks apart. */

import { BLOCK_RACK_BYTES, BlockRack } from "./block-rack";
import { begin as beginCheck } from "./check";
import { FREE_MEDIUM, FREE_SMALL, FREE_TINY, MEDIUM_MALLOC, SMALL_MALLOC, TINY_MALLOC } from "./functions";
import { Rack } from "./rack";
import { TINY_QUANTA, TinyBlocks } from "./tiny-blocks";
import { MEDIUM_QUANTA, SMALL_QUANTA, WordBlocks } from "./word-blocks";

/** Largest request of a tiny block. */
export const LARGEST_TINY: u64 = 1008;

export const tiny = changetype<BlockRack<TinyBlocks>>(memory.data(BLOCK_RACK_BYTES, 8));
export const small = changetype<BlockRack<WordBlocks>>(memory.data(BLOCK_RACK_BYTES, 8));
export const medium = changetype<BlockRack<WordBlocks>>(memory.data(BLOCK_RACK_BYTES, 8));

/** Begins without regions. `clearsFreedTiny`: tiny blocks are cleared when freed. */
export function start(cpus: u64, clearsFreedTiny: bool): void {
  // Quanta of 16 bytes in regions of 1 MiB; of 512 bytes in 8 MiB; of 32 KiB in 128 MiB, otherwise as small.
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

/** Bytes of all their regions, and what blocks can have of them. */
export function mappedBytes(): u64 {
  return tiny.mappedBytes() + small.mappedBytes() + medium.mappedBytes();
}

export function payloadBytes(): u64 {
  return tiny.payloadBytes() + small.payloadBytes() + medium.payloadBytes();
}

/** Asserts what must hold of every rack. What it met is in check.ts. */
export function check(): void {
  beginCheck();
  tiny.check();
  small.check();
  medium.check();
}
