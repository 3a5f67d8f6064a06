/**
 * Small blocks. Each class has a list of its pools that are partly used; the first one serves.
 *
 *      class 0 … ──▶ pool ◀──▶ pool ◀──▶ pool
 *
 * New pools, and full ones that get a block back, go to the front.
 */
import { loadAt, storeAt } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import * as arenas from "./arenas";
import { ALLOCATE_FROM_NEW_POOL } from "./functions";
import * as pool from "./pool";
import { poolBytes, stepShift } from "./version";

const MOST_CLASSES: u32 = 64;
/** By class: the first pool of the list; 0 for none. */
const USED: usize = memory.data(8 * <i32>MOST_CLASSES, 8);

/** Bytes of the blocks that are handed out. */
export let liveBytes: u64 = 0;

export function firstOf(index: u32): u64 {
  return load<u64>(USED + 8 * <usize>index);
}

function setFirst(index: u32, first: u64): void {
  store<u64>(USED + 8 * <usize>index, first);
}

/** Takes a block for 1 to MOST_BYTES bytes. Returns 0 without memory for an arena. */
export function take(bytes: u64): u64 {
  const index = <u32>((bytes - 1) >> stepShift);
  const first = firstOf(index);
  const block = first ? takeOf(first, index) : takeOfNew(index);
  if (block) liveBytes += pool.blockBytes(index);
  return block;
}

function takeOf(first: u64, index: u32): u64 {
  const block = pool.nextBlock(first);
  const next = loadAt<u64>(block);
  pool.take(first, next);
  if (!next && !pool.prepare(first, index)) unlink(first, index);
  return block;
}

function takeOfNew(index: u32): u64 {
  const caller = enter(ALLOCATE_FROM_NEW_POOL);
  const taken = arenas.takePool();
  if (taken) insert(taken, index);
  const block = taken ? pool.begin(taken, index) : 0;
  leave(caller);
  return block;
}

export function poolOf(block: u64): u64 {
  return block & ~(poolBytes - 1);
}

/** Bytes of a block that is handed out. */
export function bytesOf(block: u64): u64 {
  return pool.blockBytes(pool.classOf(poolOf(block)));
}

/** Takes a block back. */
export function give(block: u64): void {
  const owner = poolOf(block);
  const wasFull = pool.give(owner, block);
  liveBytes -= pool.blockBytes(pool.givenClass);
  if (wasFull) insert(owner, pool.givenClass);
  else if (!pool.givenLeft) giveAll(owner, pool.givenClass);
}

function giveAll(owner: u64, index: u32): void {
  unlink(owner, index);
  arenas.givePool(owner);
}

function insert(added: u64, index: u32): void {
  const first = firstOf(index);
  storeAt<u64>(added + pool.NEXT, first);
  storeAt<u64>(added + pool.PREVIOUS, 0);
  if (first) storeAt<u64>(first + pool.PREVIOUS, added);
  setFirst(index, added);
}

function unlink(removed: u64, index: u32): void {
  const next = loadAt<u64>(removed + pool.NEXT);
  const previous = loadAt<u64>(removed + pool.PREVIOUS);
  if (previous) storeAt<u64>(previous + pool.NEXT, next);
  else setFirst(index, next);
  if (next) storeAt<u64>(next + pool.PREVIOUS, previous);
}
