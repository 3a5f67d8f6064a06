/**
 * The validator. It walks every arena and every pool, asserts what the other files write on their data, and touches
 * nothing. Pools and arenas are counted where they are found, and the lists must have as many:
 *
 *      pools partly used   ==  pools in the lists of classes
 *      pools free          ==  pools in the stacks of arenas
 *      arenas with a pool  ==  arenas in the list of usable ones
 */
import { peek } from "../../machine/access";
import * as addressMap from "./address-map";
import * as arenas from "./arenas";
import * as pool from "./pool";
import * as small from "./small";
import { arenaBytes, classes, hasAddressMap, keepsLast, poolBytes } from "./version";

let liveBytes: u64 = 0;
let partlyUsed: u64 = 0;
let withPools: u64 = 0;
let found: u64 = 0;

export function check(): void {
  liveBytes = partlyUsed = withPools = found = 0;
  for (let i: u64 = 0; i < arenas.count; i++) {
    const arena = arenas.objectAt(i);
    if (peek<u64>(arena + arenas.ADDRESS)) checkArena(arena, i);
  }
  assert(found == arenas.current, "every arena is counted");
  assert(liveBytes == small.liveBytes, "the live bytes are those of the live blocks");
  assert(listedPools() == partlyUsed, "every pool that is partly used is in the list of its class");
  assert(listedArenas() == withPools, "every arena with a free pool is in the list");
  assert(unusedObjects() == arenas.count - found, "every object without an arena is in the stack");
}

// ---- Arenas ----

function checkArena(arena: u64, index: u64): void {
  const address = peek<u64>(arena + arenas.ADDRESS);
  const free = peek<u32>(arena + arenas.FREE);
  const total = peek<u32>(arena + arenas.TOTAL);
  const first = arenas.firstPool(arena);
  const carve = peek<u64>(arena + arenas.CARVE);
  const end = first + poolBytes * total;
  assert(end <= address + arenaBytes, "the pools of an arena are in it");
  assert(
    carve >= first && carve <= end && (carve - first) % poolBytes == 0,
    "pools are cut one after the other",
  );
  if (hasAddressMap) checkAddressMap(address);
  let stacked: u64 = 0;
  for (let at = peek<u64>(arena + arenas.FREE_POOLS); at; at = peek<u64>(at + pool.NEXT)) {
    assert(at >= first && at < carve && !peek<u32>(at + pool.COUNT), "a free pool was cut, and has no block");
    stacked++;
    assert(stacked <= total, "a stack of pools ends");
  }
  assert(free == stacked + (end - carve) / poolBytes, "free pools are stacked or not cut yet");
  let unusedPools: u64 = 0;
  for (let at = first; at < carve; at += poolBytes) unusedPools += checkPool(at, index);
  assert(unusedPools == stacked, "every pool without a block is in the stack");
  found++;
  withPools += u64(free > 0);
}

function checkAddressMap(address: u64): void {
  const isIn = addressMap.peekHas(address) && addressMap.peekHas(address + arenaBytes - 1);
  assert(isIn, "the tree knows the first and the last byte of every arena");
}

/** Walks the list of usable arenas. Returns how many there are. */
function listedArenas(): u64 {
  let listed: u64 = 0;
  let previous: u64 = 0;
  for (let arena = arenas.usable; arena; arena = peek<u64>(arena + arenas.NEXT)) {
    const free = peek<u32>(arena + arenas.FREE);
    const next = peek<u64>(arena + arenas.NEXT);
    assert(peek<u64>(arena + arenas.PREVIOUS) == previous, "usable arenas are linked both ways");
    assert(!previous || peek<u32>(previous + arenas.FREE) <= free, "the fullest arenas come first");
    const isLast = !next || peek<u32>(next + arenas.FREE) != free;
    assert((arenas.lastWith(free) == arena) == isLast, "the last arena of each count is known");
    assert(keepsLast || free < peek<u32>(arena + arenas.TOTAL), "wholly free arenas go back");
    previous = arena;
    listed++;
    assert(listed <= arenas.count, "the list of arenas ends");
  }
  return listed;
}

function unusedObjects(): u64 {
  let objects: u64 = 0;
  for (let arena = arenas.unused; arena; arena = peek<u64>(arena + arenas.NEXT)) {
    assert(!peek<u64>(arena + arenas.ADDRESS), "an object in the stack has no arena");
    objects++;
    assert(objects <= arenas.count, "the stack of objects ends");
  }
  return objects;
}

// ---- Pools ----

/** Returns 1 for a pool without blocks, else 0. */
function checkPool(at: u64, arena: u64): u64 {
  const index = peek<u32>(at + pool.CLASS);
  assert(<u64>peek<u32>(at + pool.ARENA) == arena, "a pool knows its arena");
  assert(index < classes, "a pool that was cut has a class");
  const bytes = pool.blockBytes(index);
  const virgin = <u64>peek<u32>(at + pool.VIRGIN);
  const cut = (virgin - pool.HEADER_BYTES) / bytes;
  const handedOut = <u64>peek<u32>(at + pool.COUNT);
  assert(
    peek<u32>(at + pool.LAST_VIRGIN) == <u32>(poolBytes - bytes),
    "the last block ends with the pool at the latest",
  );
  assert(
    (virgin - pool.HEADER_BYTES) % bytes == 0 && virgin <= poolBytes,
    "blocks are cut one after the other",
  );
  const free = walkFree(at, bytes, virgin);
  assert(handedOut + free == cut, "every block that was cut is handed out or free");
  liveBytes += handedOut * bytes;
  partlyUsed += u64(handedOut != 0 && free != 0);
  return u64(handedOut == 0);
}

/** Walks a pool's free list. Returns how many blocks are on it. */
function walkFree(at: u64, bytes: u64, virgin: u64): u64 {
  let blocks: u64 = 0;
  for (let block = peek<u64>(at + pool.FREE); block; block = peek<u64>(block)) {
    const isIn = block >= at + pool.HEADER_BYTES && block < at + virgin;
    assert(isIn && (block - at - pool.HEADER_BYTES) % bytes == 0, "a free list leads to blocks of its pool");
    blocks++;
    assert(blocks * bytes <= poolBytes, "a free list ends");
  }
  return blocks;
}

/** Walks the lists of all classes. Returns how many pools are in them. */
function listedPools(): u64 {
  let listed: u64 = 0;
  for (let index: u32 = 0; index < classes; index++) {
    let previous: u64 = 0;
    for (let at = small.firstOf(index); at; at = peek<u64>(at + pool.NEXT)) {
      assert(peek<u32>(at + pool.CLASS) == index, "a pool is in the list of its class");
      assert(peek<u64>(at + pool.PREVIOUS) == previous, "a class's pools are linked both ways");
      assert(
        peek<u32>(at + pool.COUNT) != 0 && peek<u64>(at + pool.FREE) != 0,
        "a listed pool is partly used",
      );
      previous = at;
      listed++;
      assert(listed <= arenas.count * arenas.MOST_POOLS, "a list of pools ends");
    }
  }
  return listed;
}
