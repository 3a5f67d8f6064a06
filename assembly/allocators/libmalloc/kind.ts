/** What tiny, small and medium blocks have in common towards the zone: bytes in, addresses out. */
import { clear, loadAt } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import { Blocks } from "./blocks";
import { allocate, carve, free, grow, isFresh, shrink } from "./magazine";
import { bytesOf, MAGAZINE_BYTES, Magazine, quantaFor, Rack } from "./rack";
import { holds, TABLE_BYTES } from "./region";
import { clearBlock } from "./zeroing";

/** Room for a rack's table and its two magazines, as memory.data takes it. */
export const ROOM: usize = TABLE_BYTES + 2 * MAGAZINE_BYTES;

/** Live blocks of all kinds, and their bytes. */
export let liveBlocks: u64 = 0;
export let liveBytes: u64 = 0;

/** Gives a rack its table and magazines, out of ROOM bytes of zeroes, and a depot if there are several CPUs. */
export function start(rack: Rack, room: usize, cpus: u64): void {
  rack.payload = bytesOf(rack, rack.quanta);
  rack.table = room;
  rack.magazine = changetype<Magazine>(room + TABLE_BYTES);
  rack.depot = changetype<Magazine>(room + TABLE_BYTES + MAGAZINE_BYTES);
  rack.hasDepot = cpus > 1;
  rack.crowded = 2 * cpus;
}

/** Takes a block for a request. Returns 0 when the kernel gives no region. */
export function malloc<B extends Blocks>(blocks: B, rack: Rack, bytes: u64): u64 {
  const caller = enter(rack.allocates);
  const block = take(blocks, rack, bytes);
  leave(caller);
  return block;
}

function take<B extends Blocks>(blocks: B, rack: Rack, bytes: u64): u64 {
  const quanta = quantaFor(rack, bytes);
  const block = allocate(blocks, rack, quanta);
  if (!block) return 0;
  liveBlocks++;
  liveBytes += bytesOf(rack, quanta);
  return block;
}

/** The same, cleared: in full, even what was never touched, but for the first block of a region. */
export function calloc<B extends Blocks>(blocks: B, rack: Rack, bytes: u64): u64 {
  const caller = enter(rack.allocates);
  const block = take(blocks, rack, bytes);
  if (block && !isFresh) clearTaken(rack, block, bytes);
  leave(caller);
  return block;
}

function clearTaken(rack: Rack, block: u64, bytes: u64): void {
  // What was cleared when freed is only looked at: we take it to be the first word.
  if (rack.clearsOnFree) loadAt<u64>(block);
  else clearBlock(block, bytesOf(rack, quantaFor(rack, bytes)));
}

/** Quanta of the live block that starts there; 0 when none does. The one freed last is not live. */
function quantaAt<B extends Blocks>(blocks: B, rack: Rack, pointer: u64): u64 {
  if (pointer == rack.magazine.lastFree || !blocks.isLive(rack, pointer)) return 0;
  return blocks.sizeOf(rack, pointer);
}

/** Bytes of the live block that starts there; 0 when none does. */
export function sizeAt<B extends Blocks>(blocks: B, rack: Rack, pointer: u64): u64 {
  return holds(rack, pointer) ? bytesOf(rack, quantaAt(blocks, rack, pointer)) : 0;
}

/** Frees the live block that starts there. Returns false, and does nothing, when none does. */
export function release<B extends Blocks>(blocks: B, rack: Rack, pointer: u64): bool {
  if (!holds(rack, pointer)) return false;
  const quanta = quantaAt(blocks, rack, pointer);
  if (!quanta) return false;
  liveBlocks--;
  liveBytes -= bytesOf(rack, quanta);
  const caller = enter(rack.frees);
  free(blocks, rack, pointer, quanta);
  leave(caller);
  return true;
}

/** Resizes a live block in place. Returns whether it could. */
export function resize<B extends Blocks>(blocks: B, rack: Rack, pointer: u64, bytes: u64): bool {
  const old = blocks.sizeOf(rack, pointer);
  const quanta = quantaFor(rack, bytes);
  if (quanta < old) cut(blocks, rack, pointer, old, quanta);
  else if (!grow(blocks, rack, pointer, old, quanta)) return false;
  liveBytes += bytesOf(rack, quanta) - bytesOf(rack, old);
  return true;
}

/** Frees the tail of a block that the program has used. */
function cut<B extends Blocks>(blocks: B, rack: Rack, pointer: u64, old: u64, quanta: u64): void {
  if (rack.clearsOnFree) clear(pointer + bytesOf(rack, quanta), bytesOf(rack, old - quanta));
  shrink(blocks, rack, pointer, old, quanta);
}

/** Takes a block on an alignment above 16, cut from a larger one. Returns 0 when there is no region. */
export function aligned<B extends Blocks>(blocks: B, rack: Rack, align: u64, bytes: u64): u64 {
  const block = malloc(blocks, rack, bytes + align - 1);
  if (!block) return 0;
  const whole = quantaFor(rack, bytes + align - 1);
  const quanta = quantaFor(rack, bytes);
  liveBytes -= bytesOf(rack, whole - quanta);
  return carve(blocks, rack, block, whole, quanta, align);
}
