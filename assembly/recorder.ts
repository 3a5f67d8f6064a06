/**
 * What a recorded module calls: src/record/module rewrites it so. This is a module of its own with a memory of its own,
 * so that the program sees nothing of it.
 *
 *      0      1 KiB  LOG                    STATE   SHADOW
 *      ├──────┼──────┼──────────────────────┼───────┼──────────────────────────────────
 *      │ none │  …   │ events, oldest first │ sums  │ two bytes for each 64 of the program's memory:
 *      └──────┴──────┴──────────────────────┴───────┴── a bit for each granule that was read, and written
 *
 * A granule is logged once in the life of a block: the bits of a block are cleared when it is given out. So the log
 * grows with what is touched, and not with how often. A range that goes on where the last one of its kind since the
 * last call ended, or before it began, is made part of that.
 */
import {
  BEGUN_AT,
  CLEARED_AT,
  EVENT_BYTES,
  EVENTS_AT,
  EventKind,
  FIRST_AT,
  GRANULE_BYTES,
  GRANULE_SHIFT,
  KIND_AT,
  LOG_EVENTS,
  NEEDLESS_AT,
  POINTER_AT,
  RESULT_AT,
  SECOND_AT,
  SITE_AT,
  STATE_BYTES,
} from "./shared/recorder";

/** The host takes the log. */
declare function take(): void;
/** The host looks who calls, and gives the site a number. */
declare function site(): u32;
/** Nanoseconds of the host's clock, a whole number that never goes back. */
declare function now(): f64;

const LOG: usize = memory.data(EVENT_BYTES * LOG_EVENTS, 8);
const STATE: usize = memory.data(STATE_BYTES, 8);
const WASM_PAGE_SHIFT = 16;
/** A byte of the shadow stands for so many bytes, as a power of two. */
const LINE_SHIFT = GRANULE_SHIFT + 3;

const SHADOW: usize = (__heap_base + 7) & ~7;
/** Addresses below this have a shadow. */
let shadowed: u64 = 0;
/** Calls of the allocator that are not yet done: it calls itself. */
let depth: u32 = 0;
/** Whether nothing is recorded any more. */
let stopped: bool = false;
let sited: bool = false;
let timed: bool = false;
/** The least nanoseconds from one time in the log to the next, and when the next is due. */
let timesEvery: f64 = 0;
let nextTime: f64 = 0;
/** The last ranges read and written since the last call, by their addresses in the log; 0 for none. */
let lastRead: usize = 0;
let lastWrite: usize = 0;

/** Where the log is, and what is kept beside it. */
export function log(): usize {
  return LOG;
}

export function state(): usize {
  return STATE;
}

/** Begins the log anew. */
export function forget(): void {
  store<u32>(STATE, 0, EVENTS_AT);
  store<u32>(STATE, load<u32>(STATE, BEGUN_AT) + 1, BEGUN_AT);
  lastRead = lastWrite = 0;
}

/** From now on the host is asked who calls. */
export function askSites(): void {
  sited = true;
}

/** From now on there are times in the log, at least so many nanoseconds apart. */
export function askTimes(every: f64): void {
  timed = true;
  timesEvery = max<f64>(every, 1);
}

export function stop(): void {
  stopped = true;
}

/** Before a function of the allocator. */
export function enter(): void {
  depth++;
}

/** After it, with what it was asked for, what it gave, and how. */
export function leave(kind: EventKind, pointer: u32, first: u32, second: u32, result: u32): void {
  if (--depth || stopped) return;
  if (result) forgetTouches(result, kind == EventKind.Calloc ? first * second : first);
  lastRead = lastWrite = 0;
  if (timed) noteTime();
  const event = append(kind, pointer, first);
  store<u32>(event, second, SECOND_AT);
  store<u32>(event, result, RESULT_AT);
  if (sited) store<u32>(event, site(), SITE_AT);
  keep();
}

function noteTime(): void {
  const time = now();
  if (time < nextTime) return;
  append(EventKind.Time, <u32>(<u64>time), <u32>(<u64>time >> 32));
  keep();
  nextTime = time + timesEvery;
}

/** The program read a range of memory. */
export function read(address: u32, bytes: u32): void {
  if (depth == 0 && bytes) note(EventKind.Read, address, bytes);
}

export function write(address: u32, bytes: u32): void {
  if (depth == 0 && bytes) note(EventKind.Write, address, bytes);
}

/** A range is about to be cleared, of which `zeroes` bytes are zero. */
export function clear(address: u32, bytes: u32, zeroes: u32): void {
  if (!depth) return write(address, bytes);
  if (stopped) return;
  store<u64>(STATE, load<u64>(STATE, CLEARED_AT) + bytes, CLEARED_AT);
  store<u64>(STATE, load<u64>(STATE, NEEDLESS_AT) + zeroes, NEEDLESS_AT);
}

/** Notes a range, of which mostly nothing is new and which is mostly in one line. */
function note(kind: EventKind, address: u32, bytes: u32): void {
  const first = address >> GRANULE_SHIFT;
  const last = (address + bytes - 1) >> GRANULE_SHIFT;
  if (first >> 3 == last >> 3 && address < shadowed) {
    const wanted: u32 = ((2 << (last - first)) - 1) << (first & 7);
    if ((load<u8>(shadowOf(first >> 3) + kind) & wanted) == wanted) return;
  }
  noteByLine(kind, address, bytes);
}

function noteByLine(kind: EventKind, address: u32, bytes: u32): void {
  const last = (<u64>address + bytes - 1) >> GRANULE_SHIFT;
  if (last << GRANULE_SHIFT >= shadowed && !reach(last << GRANULE_SHIFT)) return;
  for (let granule = <u64>address >> GRANULE_SHIFT; granule <= last; ) {
    const end = min((granule | 7) + 1, last + 1);
    const at = shadowOf(<u32>(granule >> 3)) + kind;
    const bits = load<u8>(at);
    const wanted = maskOf(granule, end);
    if ((bits & wanted) != wanted) {
      store<u8>(at, bits | wanted);
      logMissing(kind, granule, end, bits);
    }
    granule = end;
  }
}

/** Logs the granules of a line from one up to another that `bits` lack. */
function logMissing(kind: EventKind, from: u64, to: u64, bits: u8): void {
  for (let granule = from; granule < to; granule++) {
    if (!((bits >> <u8>(granule & 7)) & 1)) logGranule(kind, <u32>granule);
  }
}

function logGranule(kind: EventKind, granule: u32): void {
  if (stopped) return;
  const event = kind == EventKind.Read ? lastRead : lastWrite;
  if (event) {
    if (load<u32>(event, FIRST_AT) == granule) return store<u32>(event, granule + 1, FIRST_AT);
    if (load<u32>(event, POINTER_AT) == granule + 1) return store<u32>(event, granule, POINTER_AT);
  }
  const begun = append(kind, granule, granule + 1);
  keep();
  if (kind == EventKind.Read) lastRead = begun;
  else lastWrite = begun;
}

/** Begins an event behind the last. It counts once it is whole. */
function append(kind: EventKind, pointer: u32, first: u32): usize {
  if (load<u32>(STATE, EVENTS_AT) == LOG_EVENTS) take();
  const event = LOG + EVENT_BYTES * load<u32>(STATE, EVENTS_AT);
  store<u32>(event, kind, KIND_AT);
  store<u32>(event, pointer, POINTER_AT);
  store<u32>(event, first, FIRST_AT);
  return event;
}

function keep(): void {
  store<u32>(STATE, load<u32>(STATE, EVENTS_AT) + 1, EVENTS_AT);
}

/** Two bytes for a line: what was read of it, and written. */
function shadowOf(line: u32): usize {
  return SHADOW + 2 * <usize>line;
}

/** A block that is given out was not touched yet. */
function forgetTouches(address: u32, bytes: u32): void {
  const end = min((<u64>address + bytes + GRANULE_BYTES - 1) >> GRANULE_SHIFT, shadowed >> GRANULE_SHIFT);
  let granule = <u64>address >> GRANULE_SHIFT;
  while (granule < end) {
    if (granule & 7 || end - granule < 8) {
      const stop = min((granule | 7) + 1, end);
      forgetIn(granule, stop);
      granule = stop;
    } else {
      const lines = (end - granule) >> 3;
      memory.fill(shadowOf(<u32>(granule >> 3)), 0, <usize>(2 * lines));
      granule += lines << 3;
    }
  }
}

/** Forgets the granules of one line from one up to another. */
function forgetIn(granule: u64, end: u64): void {
  const at = shadowOf(<u32>(granule >> 3));
  const kept = ~maskOf(granule, end);
  store<u8>(at, load<u8>(at) & kept);
  store<u8>(at, load<u8>(at, 1) & kept, 1);
}

/** The bits of the granules of one line from one up to another. */
function maskOf(granule: u64, end: u64): u8 {
  const one: u32 = 1;
  const granules = <u32>(end - granule);
  const first = <u32>(granule & 7);
  return <u8>(((one << granules) - 1) << first);
}

/** Makes the shadow reach an address. Returns whether there is memory for it; without, recording ends. */
function reach(address: u64): bool {
  const lines = ((address >> WASM_PAGE_SHIFT) + 1) << (WASM_PAGE_SHIFT - LINE_SHIFT);
  const pages = ((SHADOW + 2 * lines - 1) >> WASM_PAGE_SHIFT) + 1;
  const missing = <i64>pages - memory.size();
  if (missing > 0 && memory.grow(<i32>missing) < 0) {
    stopped = true;
    return false;
  }
  shadowed = lines << LINE_SHIFT;
  return true;
}
