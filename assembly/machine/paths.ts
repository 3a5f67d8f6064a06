/**
 * A tree of call paths, which tells in which function an event happened. The machine marks system calls,
 * clearing and copying. Models mark the functions of the real allocator, by number (src/profile/).
 *
 *      path 0: the program
 *      ├── path 1 … 8: a function that it calls; the path has the function's number
 *      │   └── path 9 …: a function that this one calls; made when first entered
 *
 * Each path has a table of counters, whose address stands for the path. Events are counted in the table of
 * the current path, so to enter and to leave a function costs a few instructions. A call by the program has
 * no end: the next call begins, or the program does something itself. So a trap leaves nothing to repair.
 */
import { Counter, Fn, LAST_CALLED, LAST_COUNTED } from "../shared/counters";
import {
  add,
  check as checkCounters,
  countIn,
  current,
  MOST_PATHS,
  restart as restartCounters,
  sum as sumOf,
  TABLE_BYTES,
  TABLES,
  total as totalOf,
} from "./counters";

export { Fn } from "../shared/counters";

const FIRST_MADE: u32 = LAST_CALLED + 1;
/** Most functions. A path's row of callees has a u16 for each, which makes a quarter of its table. */
const FUNCTIONS: usize = TABLE_BYTES >> 3;
/** For each path and function: the path of a call of the function there; 0 if there was none yet. */
const CALLEES: usize = memory.data(<i32>(2 * FUNCTIONS * MOST_PATHS), 16);
/** For each path: its function << 16 | its caller. */
const ORIGINS: usize = memory.data(4 * MOST_PATHS, 16);

let made: u32 = FIRST_MADE;

function tableOf(path: u32): usize {
  return TABLES + TABLE_BYTES * path;
}

function pathAt(table: usize): u32 {
  return <u32>((table - TABLES) / TABLE_BYTES);
}

/** What follows, until the next call, is the program's own. */
export function program(): void {
  countIn(TABLES);
}

/** The program calls a function of the allocator: one up to LAST_CALLED. */
export function call(fn: u32): void {
  if (isDefined(ZP_CHECK)) {
    assert(fn != Fn.Program && fn < FIRST_MADE, "a program calls a function of the allocator's");
  }
  if (!isDefined(ZP_UNMARKED)) countIn(tableOf(fn));
  add(Counter.Calls, 1);
}

/** Enters a function. Returns the caller's path, for `leave`. */
export function enter(fn: u32): usize {
  if (isDefined(ZP_UNMARKED)) return 0;
  if (isDefined(ZP_CHECK)) {
    assert(fn >= FIRST_MADE && fn < <u32>FUNCTIONS, "a function that is entered has a number of its own");
  }
  const caller = current;
  const callee = CALLEES + ((caller - TABLES) >> 2) + 2 * <usize>fn;
  const path: u32 = load<u16>(callee);
  countIn(tableOf(path ? path : make(callee, caller, fn)));
  add(Counter.Calls, 1);
  return caller;
}

export function leave(caller: usize): void {
  if (isDefined(ZP_CHECK)) {
    assert(pathAt(caller) == (origin(pathAt(current)) & 0xffff), "a function returns to what called it");
  }
  if (!isDefined(ZP_UNMARKED)) countIn(caller);
}

function make(callee: usize, caller: usize, fn: u32): u32 {
  assert(made < MOST_PATHS, "there are far more paths than any model has");
  store<u16>(callee, <u16>made);
  store<u32>(ORIGINS + 4 * made, (fn << 16) | pathAt(caller));
  return made++;
}

// ---- Reading out ----

/** Resets all counters. The paths stay. */
export function restart(): void {
  restartCounters();
}

/** Number of paths. */
export function count(): u32 {
  return made;
}

/** Function of a path << 16 | its caller's path. */
export function origin(path: u32): u32 {
  return path < FIRST_MADE ? path << 16 : load<u32>(ORIGINS + 4 * path);
}

/** Address of a path's own counters. */
export function table(path: u32): usize {
  return tableOf(path);
}

/** Address of the sums over all paths. */
export function total(): usize {
  return totalOf(made);
}

/** One counter's sum over all paths. */
export function sum(which: u32): u64 {
  return sumOf(which, made);
}

/** Calls of the allocator by the program. */
export function calls(): u64 {
  let sum: u64 = 0;
  for (let fn: u32 = Fn.Malloc; fn <= <u32>LAST_COUNTED; fn++) {
    sum += load<u64>(tableOf(fn) + 8 * <usize>Counter.Calls);
  }
  return sum;
}

/** Asserts the invariants of the sums over all paths. */
export function check(): void {
  checkCounters(made);
}
