/** The three racks: what tells tiny, small and medium blocks apart. */

import { pageBytes } from "../../machine/layout";
import { BLOCK_RACK_BYTES, BlockRack } from "./block-rack";
import { begin as beginCheck } from "./check";
import { FREE_MEDIUM, FREE_SMALL, FREE_TINY, MEDIUM_MALLOC, SMALL_MALLOC, TINY_MALLOC } from "./functions";
import { layMedium, laySmall, layTiny } from "./layouts";
import { Rack } from "./rack";
import { shapeTrailers } from "./region";
import { TinyBlocks } from "./tiny-blocks";
import * as version from "./versions";
import { MediumBlocks, SmallBlocks } from "./word-blocks";

/** Largest request of a tiny block. */
export const LARGEST_TINY: u64 = 1008;

export const tiny = changetype<BlockRack<TinyBlocks>>(memory.data(BLOCK_RACK_BYTES, 8));
export const small = changetype<BlockRack<SmallBlocks>>(memory.data(BLOCK_RACK_BYTES, 8));
export const medium = changetype<BlockRack<MediumBlocks>>(memory.data(BLOCK_RACK_BYTES, 8));

/** Begins without regions, as the version chosen has them. */
export function start(cpus: u64): void {
  shapeTrailers(version.layout);
  startTiny();
  startSmall();
  startMedium();
  adopt(tiny, cpus);
  adopt(small, cpus);
  adopt(medium, cpus);
  tiny.start();
  small.start();
  medium.start();
}

/** Quanta of 16 bytes in regions of 1 MiB. */
function startTiny(): void {
  layTiny(tiny, version.layout);
  shape(tiny, 4, 20, 64, 16, 18);
  tiny.keepsPlace = true;
  tiny.clearsOnFree = version.clearsFreedTiny;
  tiny.clearsAlways = version.clearsTiny;
  tiny.leavesLast = version.groupsTiny;
  tiny.freesPiecesAtOnce = version.groupsTiny;
  tiny.countsTwice = !version.groupsTiny;
  tiny.recallsFirst = version.recallsFirst;
  name(tiny, TINY_MALLOC, FREE_TINY);
}

/** Quanta of 512 bytes in regions of 8 MiB. */
function startSmall(): void {
  laySmall(small, version.layout);
  shape(small, 9, 23, version.smallLists, u64.MAX_VALUE, 10);
  small.forgetsToCount = version.forgetsSmall;
  small.countsTwice = true;
  small.recallsFirst = version.recallsFirst;
  name(small, SMALL_MALLOC, FREE_SMALL);
}

/** Quanta of 32 KiB in regions of 128 MiB. */
function startMedium(): void {
  layMedium(medium, version.layout);
  shape(medium, 15, 27, 257, u64.MAX_VALUE, 34);
  // More than a page.
  medium.leastReusable = pageBytes + 1;
  medium.countsTwice = true;
  medium.recallsFirst = true;
  name(medium, MEDIUM_MALLOC, FREE_MEDIUM);
}

function shape(
  rack: Rack,
  quantumShift: u64,
  regionShift: u64,
  lists: u64,
  lastFreeLimit: u64,
  headBytes: u64,
): void {
  rack.quantumShift = quantumShift;
  rack.regionShift = regionShift;
  rack.lists = lists;
  rack.lastFreeLimit = lastFreeLimit;
  rack.headBytes = headBytes;
  rack.leastReusable = pageBytes;
}

/** What a version does with all three alike. */
function adopt(rack: Rack, cpus: u64): void {
  rack.hasDepot = cpus > version.fewestForDepot;
  rack.crowded = version.retainedRegions ? version.retainedRegions : 2 * cpus;
  rack.tellsReuse = version.tellsReuse;
  rack.growsFar = version.growsFar;
}

function name(rack: Rack, allocates: u32, frees: u32): void {
  rack.allocates = allocates;
  rack.frees = frees;
}

/** The running thread is on this CPU. */
export function serve(cpu: u32): void {
  tiny.serve(cpu);
  small.serve(cpu);
  medium.serve(cpu);
}

/** Bytes of all their regions, and what blocks can have of them. */
export function mappedBytes(): u64 {
  return tiny.mappedBytes() + small.mappedBytes() + medium.mappedBytes();
}

/** Bytes of the tables of regions that were mapped. */
export function realTableBytes(): u64 {
  return tiny.realTableBytes + small.realTableBytes + medium.realTableBytes;
}

export function payloadBytes(): u64 {
  return tiny.payloadBytes() + small.payloadBytes() + medium.payloadBytes();
}

// ---- The zone's statistics ----

/** Blocks, live or freed last, as the zone counts them. */
export function objects(): u64 {
  return tiny.objects + small.objects + medium.objects;
}

/** Their bytes. */
export function objectBytes(): u64 {
  return tiny.objectBytes() + small.objectBytes() + medium.objectBytes();
}

/** Bytes of regions that the zone tells of: those of medium blocks are not among them. */
export function toldBytes(): u64 {
  return tiny.mappedBytes() + small.mappedBytes();
}

/** Bytes of all regions, but for what was never handed out of them. */
export function usedOnceBytes(): u64 {
  return mappedBytes() - tiny.restBytes() - small.restBytes() - medium.restBytes();
}

/** Memory pressure: every region goes to the depot. Returns whether there was one. */
export function relieve(): bool {
  const isRelieved = tiny.relieve();
  const isSmallRelieved = small.relieve();
  return medium.relieve() || isSmallRelieved || isRelieved;
}

export function tellFree(): void {
  tiny.tellFree();
  small.tellFree();
  medium.tellFree();
}

/** Asserts what must hold of every rack. What it met is in check.ts. */
export function check(): void {
  beginCheck();
  tiny.check();
  small.check();
  medium.check();
}
