/**
 * Arenas, which are cut into pools. An array of objects, in a block of the allocator below, has one for each:
 *
 *      0         8       16      20      24           32     40         48
 *      ├─────────┼───────┼───────┼───────┼────────────┼──────┼──────────┤
 *      │ address │ carve │ free  │ total │ free pools │ next │ previous │
 *      └─────────┴───────┴───────┴───────┴────────────┴──────┴──────────┘
 *
 * `address` is 0 where there is no arena: such objects are in a stack of their own. `carve` is where the next pool is
 * that never was one, `free pools` a stack of those that were; `free` counts both. Arenas with a free pool are in a list:
 *
 *      usable ──▶ 1 free ──▶ 1 free ──▶ 5 free ──▶ … ──▶ 64 free       the fullest first
 *                               ▲          ▲
 *                   last with 1 free    last with 5 free
 *
 * so that the emptiest are left alone, become wholly free, and go back.
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import { Arenas } from "../../shared/pymalloc";
import * as layer from "../layer";
import * as addressMap from "./address-map";
import { NEW_ARENA } from "./functions";
import * as pool from "./pool";
import { arenaBytes, hasAddressMap, keepsLast, poolBytes } from "./version";

export const ADDRESS: u64 = 0;
export const CARVE: u64 = 8;
export const FREE: u64 = 16;
export const TOTAL: u64 = 20;
export const FREE_POOLS: u64 = 24;
export const NEXT: u64 = 32;
export const PREVIOUS: u64 = 40;
export const OBJECT_BYTES: u64 = 48;
const FIRST_OBJECTS: u64 = 16;
/** Most pools of an arena. */
export const MOST_POOLS: u32 = 64;

/** Where arenas come from: of the enumeration. */
export let source: u32 = Arenas.Mmap;
/** The array, and how many objects it has. */
export let objects: u64 = 0;
export let count: u64 = 0;
/** The first of the list, and of the stack of objects without an arena. */
export let usable: u64 = 0;
export let unused: u64 = 0;

export let made: u64 = 0;
export let current: u64 = 0;
export let most: u64 = 0;

/** By the number of free pools: the last arena in the list that has so many; 0 for none. */
const LAST_WITH: usize = memory.data(8 * (<i32>MOST_POOLS + 1), 8);

export function setSource(value: u32): void {
  source = value;
}

export function lastWith(free: u32): u64 {
  return load<u64>(LAST_WITH + 8 * <usize>free);
}

function setLastWith(free: u32, arena: u64): void {
  store<u64>(LAST_WITH + 8 * <usize>free, arena);
}

function freeIn(arena: u64): u32 {
  return loadAt<u32>(arena + FREE);
}

function nextOf(arena: u64): u64 {
  return loadAt<u64>(arena + NEXT);
}

export function objectAt(index: u64): u64 {
  return objects + OBJECT_BYTES * index;
}

/** Where the pools of an arena begin. Touches nothing. */
export function firstPool(arena: u64): u64 {
  return (peek<u64>(arena + ADDRESS) + poolBytes - 1) & ~(poolBytes - 1);
}

// ---- Taking pools ----

/** Takes a pool of the fullest arena that has one. It is as it was left, or has a new header. Returns 0 without memory. */
export function takePool(): u64 {
  if (!usable && !makeUsable()) return 0;
  const arena = usable;
  const free = freeIn(arena);
  // It stays the first: no other has fewer.
  if (lastWith(free) == arena) setLastWith(free, 0);
  if (free > 1) setLastWith(free - 1, arena);
  storeAt<u32>(arena + FREE, free - 1);
  const taken = popPool(arena);
  if (free == 1) removeFirst(arena);
  return taken;
}

function popPool(arena: u64): u64 {
  const freed = loadAt<u64>(arena + FREE_POOLS);
  if (freed) {
    storeAt<u64>(arena + FREE_POOLS, pool.nextOf(freed));
    return freed;
  }
  const carved = loadAt<u64>(arena + CARVE);
  storeAt<u64>(arena + CARVE, carved + poolBytes);
  pool.carve(carved, <u32>((arena - objects) / OBJECT_BYTES));
  return carved;
}

function removeFirst(arena: u64): void {
  usable = nextOf(arena);
  if (usable) storeAt<u64>(usable + PREVIOUS, 0);
}

// ---- Making arenas ----

function makeUsable(): bool {
  const caller = enter(NEW_ARENA);
  usable = makeArena();
  leave(caller);
  return usable != 0;
}

/** Makes an arena that is alone in the list. Returns its object; 0 without memory. */
function makeArena(): u64 {
  if (!unused && !growArray()) return 0;
  const arena = unused;
  const address = allocate();
  if (!address) return 0;
  unused = nextOf(arena);
  const isMisplaced = (address & (poolBytes - 1)) != 0;
  const total = <u32>(arenaBytes / poolBytes) - u32(isMisplaced);
  storeAt<u64>(arena + ADDRESS, address);
  storeAt<u64>(arena + CARVE, firstPool(arena));
  storeAt<u32>(arena + FREE, total);
  storeAt<u32>(arena + TOTAL, total);
  storeAt<u64>(arena + FREE_POOLS, 0);
  storeAt<u64>(arena + NEXT, 0);
  storeAt<u64>(arena + PREVIOUS, 0);
  setLastWith(total, arena);
  made++;
  current++;
  most = max(most, current);
  return arena;
}

/** Doubles the array. No list leads to the old one: all arenas are full. Returns whether there was memory. */
function growArray(): bool {
  if (isDefined(ZP_CHECK)) assert(!usable && !unused, "no link leads to an array that moves");
  const more = count ? 2 * count : FIRST_OBJECTS;
  const moved = layer.reallocOwn(objects, OBJECT_BYTES * more);
  if (!moved) return false;
  objects = moved;
  for (let i = count; i < more; i++) {
    storeAt<u64>(objectAt(i) + ADDRESS, 0);
    storeAt<u64>(objectAt(i) + NEXT, i + 1 < more ? objectAt(i + 1) : 0);
  }
  unused = objectAt(count);
  count = more;
  return true;
}

/** Memory for an arena. Returns its address, or 0. */
function allocate(): u64 {
  const address = source == Arenas.Mmap ? layer.map(arenaBytes) : layer.mallocOwn(arenaBytes);
  if (!address || !hasAddressMap || addressMap.add(address)) return address;
  giveBack(address);
  return 0;
}

function giveBack(address: u64): void {
  if (source == Arenas.Mmap) layer.unmap(address, arenaBytes);
  else layer.freeOwn(address);
}

// ---- Giving pools back ----

/** Takes back a pool without blocks, which is in no list of its class. */
export function givePool(given: u64): void {
  const arena = objectAt(pool.arenaOf(given));
  pool.setNext(given, loadAt<u64>(arena + FREE_POOLS));
  storeAt<u64>(arena + FREE_POOLS, given);
  const before = freeIn(arena);
  const last = lastWith(before);
  if (last == arena) setLastWith(before, previousWith(arena, before));
  const free = before + 1;
  storeAt<u32>(arena + FREE, free);
  if (free == loadAt<u32>(arena + TOTAL) && (!keepsLast || nextOf(arena))) release(arena);
  else if (free == 1) insertFirst(arena);
  else moveBehind(arena, last, free);
}

/** The arena before this one, if it has as many free pools; else 0. */
function previousWith(arena: u64, free: u32): u64 {
  const previous = loadAt<u64>(arena + PREVIOUS);
  return previous && freeIn(previous) == free ? previous : 0;
}

function release(arena: u64): void {
  unlink(arena);
  storeAt<u64>(arena + NEXT, unused);
  unused = arena;
  const address = loadAt<u64>(arena + ADDRESS);
  if (hasAddressMap) addressMap.remove(address);
  giveBack(address);
  storeAt<u64>(arena + ADDRESS, 0);
  current--;
}

/** It was full. */
function insertFirst(arena: u64): void {
  storeAt<u64>(arena + NEXT, usable);
  storeAt<u64>(arena + PREVIOUS, 0);
  if (usable) storeAt<u64>(usable + PREVIOUS, arena);
  usable = arena;
  if (!lastWith(1)) setLastWith(1, arena);
}

/** It has one more free pool: it goes behind the last arena that has as many as it had. */
function moveBehind(arena: u64, last: u64, free: u32): void {
  if (!lastWith(free)) setLastWith(free, arena);
  if (arena == last) return;
  unlink(arena);
  const next = nextOf(last);
  storeAt<u64>(arena + PREVIOUS, last);
  storeAt<u64>(arena + NEXT, next);
  if (next) storeAt<u64>(next + PREVIOUS, arena);
  storeAt<u64>(last + NEXT, arena);
}

function unlink(arena: u64): void {
  const previous = loadAt<u64>(arena + PREVIOUS);
  const next = nextOf(arena);
  if (previous) storeAt<u64>(previous + NEXT, next);
  else usable = next;
  if (next) storeAt<u64>(next + PREVIOUS, previous);
}

// ---- Whose an address is ----

/** Whether an address is in an arena. Reads the tree, or the page that the address is in. */
export function isOurs(address: u64): bool {
  if (hasAddressMap) return addressMap.has(address);
  const index = <u64>pool.arenaOf(address & ~(poolBytes - 1));
  return index < count && isInArena(objectAt(index), address);
}

function isInArena(arena: u64, address: u64): bool {
  const start = loadAt<u64>(arena + ADDRESS);
  return start != 0 && address - start < arenaBytes;
}
