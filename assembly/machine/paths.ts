/**
 * Which function an event happened in: a tree of call paths. The machine marks system calls, clearing
 * and copying; models mark what they are doing in the real functions' names, by number (src/profile/).
 *
 *      node 0: the program
 *      ├── node 1 … 7: a function it calls, whose number is the node's
 *      │   └── node 8 …: what that calls, made when first entered
 *
 *      record of a node   0         8    16                 16 + COUNTERS_BYTES
 *                         ├─────────┼────┼──────────────────┤
 *                         │ calls   │    │ its own events   │
 *                         └─────────┴────┴──────────────────┘
 *
 * To enter and leave costs a few instructions. Events are counted in one table, as without paths, and
 * booked on the path only when it ends after there were any. A call is not ended: the next one begins,
 * or the program does something of its own. So a trap leaves nothing to put right.
 */
import { booked, COUNTERS, COUNTERS_BYTES, EVENTS_BYTES, hasCalls, hasEvents } from "./counters";

/** Functions every machine knows. Those of a model have the numbers from FirstOfModel on. */
export enum Fn {
  Program,
  Malloc,
  Calloc,
  Realloc,
  Free,
  Aligned,
  UsableSize,
  Trim,
  // What these call, in whatever order.
  Mmap,
  Munmap,
  Mremap,
  Brk,
  Madvise,
  Mincore,
  VmCopy,
  Clear,
  Copy,
  FirstOfModel,
}

const FUNCTIONS: u32 = 64;
const FIRST_MADE: u32 = Fn.Trim + 1;
/** More than any model has. A path beyond is booked on its caller's. */
const NODES: u32 = 256;
const RECORD_BYTES: usize = COUNTERS_BYTES + 16;

const RECORDS: usize = memory.data(NODES * RECORD_BYTES, 16);
/** Node for a function called in a node, a u16 each; 0 where none was made. */
const CALLEES: usize = memory.data(2 * NODES * FUNCTIONS, 16);
/** Of a node made: function << 16 | caller. */
const ORIGINS: usize = memory.data(4 * NODES, 16);
/** The table of counters as it was when last booked. */
const BEFORE: usize = memory.data(COUNTERS_BYTES, 16);

let made: u32 = FIRST_MADE;
let path: u32 = 0;

function recordOf(node: u32): usize {
  return RECORDS + RECORD_BYTES * node;
}

/** Books what happened since the last time on the path. */
function book(): void {
  const events = recordOf(path) + 16;
  const end = hasCalls ? COUNTERS_BYTES : EVENTS_BYTES;
  for (let at: usize = 0; at < end; at += 16) {
    const now = v128.load(COUNTERS + at);
    const since = i64x2.sub(now, v128.load(BEFORE + at));
    v128.store(events + at, i64x2.add(v128.load(events + at), since));
    v128.store(BEFORE + at, now);
  }
  booked();
}

function turnTo(node: u32): void {
  if (hasEvents) book();
  path = node;
}

function countCall(node: u32): void {
  const record = recordOf(node);
  store<u64>(record, load<u64>(record) + 1);
}

/** What follows is the program's own doing, until it calls. */
export function program(): void {
  turnTo(0);
}

/** The program calls a function of the allocator's: one up to Trim. */
export function call(fn: u32): void {
  turnTo(fn);
  countCall(fn);
}

/** Enters a function. Returns the caller's path, for `leave`. */
export function enter(fn: u32): u32 {
  const caller = path;
  const callee = CALLEES + 2 * <usize>(caller * FUNCTIONS + fn);
  let node: u32 = load<u16>(callee);
  if (!node) node = make(callee, caller, fn);
  turnTo(node);
  countCall(node);
  return caller;
}

export function leave(caller: u32): void {
  turnTo(caller);
}

function make(callee: usize, caller: u32, fn: u32): u32 {
  if (made == NODES) return caller;
  store<u16>(callee, <u16>made);
  store<u32>(ORIGINS + 4 * made, (fn << 16) | caller);
  return made++;
}

// ---- Reading out ----

/** Forgets all that was booked: counting starts anew. */
export function restart(): void {
  program();
  memory.fill(RECORDS, 0, made * RECORD_BYTES);
  memory.copy(BEFORE, COUNTERS, COUNTERS_BYTES);
}

/** Nodes there are. */
export function count(): u32 {
  return made;
}

/** Function of a node << 16 | the node that called it. */
export function origin(node: u32): u32 {
  return node < FIRST_MADE ? node << 16 : load<u32>(ORIGINS + 4 * node);
}

/** Where a node's record is, with all events booked. */
export function record(node: u32): usize {
  if (hasEvents) book();
  return recordOf(node);
}

/** Calls the program made. */
export function calls(): u64 {
  let sum: u64 = 0;
  for (let fn: u32 = Fn.Malloc; fn <= <u32>Fn.Aligned; fn++) sum += load<u64>(recordOf(fn));
  return sum;
}
