/**
 * Which addresses are in arenas: a radix tree over slots of the size of an arena (1 MiB), since 3.10.
 *
 *      address   63      rootShift      middleShift       20         0
 *                 │ root     │   middle     │   bottom     │  offset │
 *
 *      root ──▶ middle node ──▶ bottom node: an entry for each slot
 *
 *      0          4          8
 *      ├──────────┼──────────┤      of an arena that begins in the slot, the offset where it does; -1 for 0
 *      │   high   │   low    │      of one that ends in the slot, the offset where it does
 *      └──────────┴──────────┘      0: there is none
 *
 * The root is in the library's own data, and so here outside simulated memory. Nodes come from the allocator below,
 * and are never freed.
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import { callocOwn } from "../layer";
import { ARENA_MAP_MARK_USED } from "./functions";
import { arenaBytes, middleShift, rootShift } from "./version";

const BOTTOM_SHIFT: u64 = 20;
const HIGH: u64 = 0;
const LOW: u64 = 4;
const WHOLE: u32 = u32.MAX_VALUE;

/** Entries of the root that user addresses (47 bits) reach: 512 in 3.10, 1 in 3.11. */
const ROOT_ENTRIES: u64 = 512;
const ROOT: usize = memory.data(8 * 512, 8);

function rootAt(address: u64): usize {
  const index = address >> rootShift;
  if (isDefined(ZP_CHECK)) assert(index < ROOT_ENTRIES, "the root has an entry for every address");
  return ROOT + 8 * <usize>index;
}

/** Where a middle node, or a bottom one, has its entry for an address. */
function inMiddle(node: u64, address: u64): u64 {
  return node + 8 * ((address >> middleShift) & ((1 << (rootShift - middleShift)) - 1));
}

function inBottom(node: u64, address: u64): u64 {
  return node + 8 * ((address >> BOTTOM_SHIFT) & ((1 << (middleShift - BOTTOM_SHIFT)) - 1));
}

/** Makes the nodes of an address that are missing. Returns whether there was memory. */
function makeNodes(address: u64): bool {
  let middle = load<u64>(rootAt(address));
  if (!middle) {
    middle = callocOwn(8 << (rootShift - middleShift));
    store<u64>(rootAt(address), middle);
  }
  if (!middle) return false;
  if (loadAt<u64>(inMiddle(middle, address))) return true;
  const bottom = callocOwn(8 << (middleShift - BOTTOM_SHIFT));
  if (bottom) storeAt<u64>(inMiddle(middle, address), bottom);
  return bottom != 0;
}

/** The entry of an address whose nodes have been made. */
function entryAt(address: u64): u64 {
  return inBottom(loadAt<u64>(inMiddle(load<u64>(rootAt(address)), address)), address);
}

/** Enters an arena, whose memory has just been got. Returns whether there was memory for the tree. */
export function add(arena: u64): bool {
  const caller = enter(ARENA_MAP_MARK_USED);
  const isMade = mark(arena, true);
  leave(caller);
  return isMade;
}

/** Takes an arena out whose memory is about to go back. */
export function remove(arena: u64): void {
  const caller = enter(ARENA_MAP_MARK_USED);
  mark(arena, false);
  leave(caller);
}

function mark(arena: u64, isUsed: bool): bool {
  const offset = <u32>(arena & (arenaBytes - 1));
  if (isUsed && !makeNodes(arena)) return false;
  if (!offset) {
    storeAt<u32>(entryAt(arena) + HIGH, isUsed ? WHOLE : 0);
    return true;
  }
  if (isUsed && !makeNodes(arena + arenaBytes)) return false;
  storeAt<u32>(entryAt(arena) + HIGH, isUsed ? offset : 0);
  storeAt<u32>(entryAt(arena + arenaBytes) + LOW, isUsed ? offset : 0);
  return true;
}

/** Whether an address is in an arena. Reads the tree. */
export function has(address: u64): bool {
  const middle = load<u64>(rootAt(address));
  const bottom = middle ? loadAt<u64>(inMiddle(middle, address)) : 0;
  return bottom != 0 && isIn(loadAt<u64>(inBottom(bottom, address)), address);
}

function isIn(entry: u64, address: u64): bool {
  const offset = <u32>(address & (arenaBytes - 1));
  const high = <u32>entry;
  return offset < <u32>(entry >> 32) || (high != 0 && (high == WHOLE || offset >= high));
}

/** As `has`, without touching, for the validator. */
export function peekHas(address: u64): bool {
  const middle = load<u64>(rootAt(address));
  const bottom = middle ? peek<u64>(inMiddle(middle, address)) : 0;
  return bottom != 0 && isIn(peek<u64>(inBottom(bottom, address)), address);
}
