/**
 * Which function an event happened in: a tree of call paths. The machine marks system calls, clearing
 * and copying; models mark what they are doing in the real functions' names, by number (src/profile/).
 *
 *      path 0: the program
 *      ├── path 1 … 7: a function it calls, whose number is the path's
 *      │   └── path 8 …: what that calls, made when first entered
 *
 * Each path has a table of counters, by which it is known here, and events are counted in that of the
 * path the program is on: so to enter and leave costs a few instructions. A call by the program is not
 * ended: the next one begins, or the program does something of its own. So a trap leaves nothing to put
 * right.
 */
import { Counter, Fn, LAST_CALLED, LAST_COUNTED } from "../shared/counters";
import {
  add,
  check as checkCounters,
  countIn,
  current,
  MOST_PATHS,
  restart as restartCounters,
  TABLE_BYTES,
  TABLES,
  total as totalOf,
} from "./counters";

export { Fn } from "../shared/counters";

const FIRST_MADE: u32 = LAST_CALLED + 1;
/** Functions there may be: a path's row of callees has as many u16, which is a quarter of its table. */
const FUNCTIONS: usize = TABLE_BYTES >> 3;
/** Path for a function called in a path; 0 where none was made. */
const CALLEES: usize = memory.data(<i32>(2 * FUNCTIONS * MOST_PATHS), 16);
/** Of a path made: function << 16 | caller. */
const ORIGINS: usize = memory.data(4 * MOST_PATHS, 16);

let made: u32 = FIRST_MADE;

function tableOf(path: u32): usize {
  return TABLES + TABLE_BYTES * path;
}

function pathAt(table: usize): u32 {
  return <u32>((table - TABLES) / TABLE_BYTES);
}

/** What follows is the program's own doing, until it calls. */
export function program(): void {
  countIn(TABLES);
}

/** The program calls a function of the allocator's: one up to Trim. */
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

/** Forgets all that was counted. The paths stay. */
export function restart(): void {
  restartCounters();
}

/** Paths there are. */
export function count(): u32 {
  return made;
}

/** Function of a path << 16 | the path it was called from. */
export function origin(path: u32): u32 {
  return path < FIRST_MADE ? path << 16 : load<u32>(ORIGINS + 4 * path);
}

/** Where a path's own counters are. */
export function table(path: u32): usize {
  return tableOf(path);
}

/** Where the counters of all paths together are. */
export function total(): usize {
  return totalOf(made);
}

/** Calls the program made of the allocator. */
export function calls(): u64 {
  let sum: u64 = 0;
  for (let fn: u32 = Fn.Malloc; fn <= <u32>LAST_COUNTED; fn++) {
    sum += load<u64>(tableOf(fn) + 8 * <usize>Counter.Calls);
  }
  return sum;
}

/** Asserts what must hold of the counters of all paths together. */
export function check(): void {
  checkCounters(made);
}
