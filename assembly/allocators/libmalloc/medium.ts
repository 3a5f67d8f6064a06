/** Medium blocks: multiples of 32 KiB, in regions of 128 MiB. Lists and the block freed last: as small. */

import { FREE_MEDIUM, MEDIUM_MALLOC } from "./functions";
import * as kind from "./kind";
import { bytesOf, quantaFor, RACK_BYTES, Rack, regionBytes } from "./rack";
import * as region from "./region";
import { MEDIUM_QUANTA, WordBlocks } from "./word-blocks";

const rack = changetype<Rack>(memory.data(RACK_BYTES, 8));
const room: usize = memory.data(kind.ROOM, 8);
const blocks = changetype<WordBlocks>(0);

export function start(cpus: u64): void {
  rack.quantumShift = 15;
  rack.regionShift = 27;
  rack.quanta = MEDIUM_QUANTA;
  rack.lists = 256;
  rack.lastFreeLimit = u64.MAX_VALUE;
  rack.allocates = MEDIUM_MALLOC;
  rack.frees = FREE_MEDIUM;
  kind.start(rack, room, cpus);
}

export function roundedSize(bytes: u64): u64 {
  return bytesOf(rack, quantaFor(rack, bytes));
}

export function malloc(bytes: u64): u64 {
  return kind.malloc(blocks, rack, bytes);
}

export function calloc(bytes: u64): u64 {
  return kind.calloc(blocks, rack, bytes);
}

/** Frees a live block. Returns false, and does nothing, when the pointer is not one. */
export function free(pointer: u64): bool {
  return kind.release(blocks, rack, pointer);
}

/** Whether the pointer is in one of its regions. */
export function holds(pointer: u64): bool {
  return region.holds(rack, pointer);
}

/** Bytes of a live block; 0 when the pointer is not one. */
export function sizeAt(pointer: u64): u64 {
  return kind.sizeAt(blocks, rack, pointer);
}

/** Resizes a live block in place. Returns whether it could. */
export function resize(pointer: u64, bytes: u64): bool {
  return kind.resize(blocks, rack, pointer, bytes);
}

export function aligned(align: u64, bytes: u64): u64 {
  return kind.aligned(blocks, rack, align, bytes);
}

/** Bytes of its regions; of those, what blocks can have. */
export function mappedBytes(): u64 {
  return rack.regions * regionBytes(rack);
}

export function payloadBytes(): u64 {
  return rack.regions * rack.payload;
}
