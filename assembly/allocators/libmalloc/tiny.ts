/** Tiny blocks: 16 bytes to 1,008, in regions of 1 MiB. */

import { FREE_TINY, TINY_MALLOC } from "./functions";
import * as kind from "./kind";
import { bytesOf, quantaFor, RACK_BYTES, Rack, regionBytes } from "./rack";
import * as region from "./region";
import { QUANTA, TinyBlocks } from "./tiny-blocks";

/** Largest request. */
export const LARGEST: u64 = 1008;

const rack = changetype<Rack>(memory.data(RACK_BYTES, 8));
const room: usize = memory.data(kind.ROOM, 8);
const blocks = changetype<TinyBlocks>(0);

export function start(cpus: u64, clearsOnFree: bool): void {
  rack.quantumShift = 4;
  rack.regionShift = 20;
  rack.quanta = QUANTA;
  rack.lists = 64;
  rack.lastFreeLimit = 16;
  rack.clearsOnFree = clearsOnFree;
  rack.allocates = TINY_MALLOC;
  rack.frees = FREE_TINY;
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
