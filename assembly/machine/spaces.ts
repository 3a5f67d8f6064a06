/**
 * Address spaces, one for each process. All share the frames, the counters and the clock of one machine. One of them is
 * the current one, whose page table accesses and system calls go to.
 *
 *      SPACES   0        1        2
 *               ├────────┼────────┼─ … ─┤
 *               │   0    │ space 1│     │    address of the Space of that number; 0 for none
 *               └────────┴────────┴─ … ─┘
 */
import { MOST_PROCESSES } from "../shared/records";
import * as pool from "./frames";
import { DIRECTORIES } from "./layout";

@unmanaged
export class Space {
  /** 1 to MOST_PROCESSES. */
  number: u32;
  /** The number of the space that it was forked from; 0 for the first one. */
  parent: u32;
  /** Root of its page table (table.ts). */
  root: usize;
  /** Its regions (regions.ts): their tree, unless it is the current space, how many they are, and how many are joined to the one below (areas.ts). */
  regions: usize;
  regionCount: u32;
  joins: u32;
  /** Where its heap starts, and its end (kernel.ts). */
  heapStart: u64;
  heapBreak: u64;
  /** Mapped pages. */
  pages: u64;
  /** Whether some were protected: only then does anybody look. */
  isProtected: bool;
  /** Whether it ever mapped a file. */
  hasFiles: bool;
}

const SPACES: usize = memory.data(4 * (MOST_PROCESSES + 1), 4);
/** No space has a higher number. */
let highest: u32 = 0;

/** The current space, and the root of its page table. What is used most often stands here, and not in its record. */
export let current: Space = changetype<Space>(0);
export let root: usize = 0;
/** Its tree of regions. */
export let tree: usize = 0;

/** Makes the first space, and enters it. */
export function start(): void {
  pool.setRecordBytes(pool.roots, 4 * DIRECTORIES);
  pool.setRecordBytes(pool.spaces, (offsetof<Space>() + 7) & ~7);
  enter(make(1));
}

/** Makes an empty space, whose number is free. */
export function make(number: u32): Space {
  if (isDefined(ZP_CHECK)) assert(!spaceOf(number), "a space is made with a number that is free");
  const space = changetype<Space>(pool.takeZeroed(pool.spaces));
  space.number = number;
  space.root = pool.takeZeroed(pool.roots);
  store<u32>(SPACES + 4 * <usize>number, <u32>changetype<usize>(space));
  highest = max(highest, number);
  return space;
}

/** Ends a space without pages and regions. */
export function end(space: Space): void {
  if (isDefined(ZP_CHECK)) assert(!space.regions && !space.pages, "a space that ends has nothing mapped");
  store<u32>(SPACES + 4 * <usize>space.number, 0);
  pool.give(pool.roots, space.root);
  pool.give(pool.spaces, changetype<usize>(space));
}

/** Makes a space the current one, for the machine itself. A process that runs there is switched to (processes.ts). */
export function enter(space: Space): void {
  if (changetype<usize>(current)) current.regions = tree;
  current = space;
  root = space.root;
  tree = space.regions;
}

export function setTree(node: usize): void {
  tree = node;
}

/** The space with the number, or null. */
export function spaceOf(number: u32): Space | null {
  if (number > <u32>MOST_PROCESSES) return null;
  return changetype<Space | null>(<usize>load<u32>(SPACES + 4 * <usize>number));
}

/** The lowest number above this one that a space has; 0 if there is none. */
export function numberAbove(number: u32): u32 {
  while (number < highest) if (spaceOf(++number)) return number;
  return 0;
}

/** Enters the space with this number, which there is. */
export function enterNumber(number: u32): void {
  const space = spaceOf(number);
  assert(space != null, "a space that is entered is there");
  if (space) enter(space);
}
