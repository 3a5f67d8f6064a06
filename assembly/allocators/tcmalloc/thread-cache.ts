/**
 * What a thread keeps of free objects: a list for each class, newest first. Objects link to the next by their first word.
 *
 *      class 1   ●→●→●          length 3
 *      class 2   ●→●→●→●→●      length 5, of which so many as `low` were not needed lately
 *
 * A list may grow to a length that adapts. What is beyond goes to the central lists, and when all that is kept exceeds a
 * limit, half of what was not needed since the last time.
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import { FreeList } from "../../shared/tcmalloc";
import { linkAt, tell } from "../free-blocks";
import * as central from "./central";
import { batchSize, classes, MOST_CLASSES, sizeOf } from "./classes";
import { FETCH_FROM_CENTRAL_CACHE, RELEASE_TO_CENTRAL_CACHE, SCAVENGE } from "./functions";

/** The longest that a list may grow. */
const LONGEST: u32 = 8192;
/** So many overflows shorten it. */
const MOST_OVERFLOWS: u32 = 3;
/** What the limit grows by. */
const SHARE: i64 = 65536;

@unmanaged
class List {
  first: u64;
  length: u32;
  /** The least it had since the last scavenge. */
  low: u32;
  most: u32;
  overflows: u32;
  /** Bytes of an object, and objects of a batch. */
  bytes: u32;
  batch: u32;
}

const LIST_BYTES: usize = 32;
const LISTS: usize = memory.data(<i32>(LIST_BYTES * MOST_CLASSES), 8);

/** Bytes that are kept, and from which on some go. */
export let bytes: i64 = 0;
let limit: i64 = 0;
/** What limits may still grow by. The last one that does may take more. */
let unclaimed: i64 = 0;

function listOf(index: u32): List {
  return changetype<List>(LISTS + LIST_BYTES * index);
}

/** `most`: bytes that all limits together may be. */
export function start(most: i64): void {
  unclaimed = most;
  begin();
}

/** A thread gets an empty cache. The one before is never used again. */
export function begin(): void {
  memory.fill(LISTS, 0, LIST_BYTES * MOST_CLASSES);
  for (let index: u32 = 1; index < classes; index++) {
    const list = listOf(index);
    list.most = 1;
    list.bytes = <u32>sizeOf(index);
    list.batch = batchSize(index);
  }
  bytes = 0;
  limit = 0;
  claim();
}

function claim(): void {
  if (unclaimed <= 0) return;
  unclaimed -= SHARE;
  limit += SHARE;
}

// ---- Taking ----

/** Takes the newest object of a class, or has some brought. Returns 0 if there is no room. */
export function take(index: u32): u64 {
  const list = listOf(index);
  const length = list.length;
  if (!length) return fetch(index, list);
  const object = list.first;
  list.first = loadAt<u64>(object);
  list.length = length - 1;
  if (length <= list.low) list.low = length - 1;
  bytes -= list.bytes;
  return object;
}

/** Brings objects to an empty list, and takes the first. The more often it does, the more it brings. */
function fetch(index: u32, list: List): u64 {
  const caller = enter(FETCH_FROM_CENTRAL_CACHE);
  const object = central.take(index, min(list.most, list.batch));
  if (object) {
    list.first = loadAt<u64>(object);
    list.length = central.taken - 1;
    bytes += <i64>list.length * list.bytes;
    if (list.most < list.batch) list.most++;
    else list.most = (min(list.most + list.batch, LONGEST) / list.batch) * list.batch;
  }
  leave(caller);
  return object;
}

// ---- Giving ----

/** Keeps an object that is freed. */
export function give(index: u32, object: u64): void {
  const list = listOf(index);
  storeAt<u64>(object, list.first);
  const length = list.length;
  list.first = object;
  list.length = length + 1;
  bytes += list.bytes;
  if (length >= list.most || bytes > limit) shrink(index, list);
}

/** There is too much in a list, or in all of them. */
function shrink(index: u32, list: List): void {
  if (list.length > list.most) overflow(index, list);
  if (bytes > limit) scavenge();
}

/** Sends a batch away from a list that is too long. Its length adapts: up to a batch it grows, beyond it shrinks. */
function overflow(index: u32, list: List): void {
  send(index, list, min(list.batch, list.length));
  if (list.most < list.batch) {
    list.most++;
  } else if (list.most > list.batch && ++list.overflows > MOST_OVERFLOWS) {
    list.most -= list.batch;
    list.overflows = 0;
  }
}

/** Sends so many objects to the central list, newest first, in batches. */
function send(index: u32, list: List, count: u32): void {
  const caller = enter(RELEASE_TO_CENTRAL_CACHE);
  bytes -= <i64>count * list.bytes;
  while (count) {
    const some = min(count, list.batch);
    central.give(index, pop(list, some), some);
    count -= some;
  }
  leave(caller);
}

/** Takes so many objects off a list. Returns the first, which links to the others. */
function pop(list: List, count: u32): u64 {
  const objects = list.first;
  let last = objects;
  for (let i: u32 = 1; i < count; i++) last = loadAt<u64>(last);
  list.first = loadAt<u64>(last);
  storeAt<u64>(last, 0);
  list.length -= count;
  list.low = min(list.low, list.length);
  return objects;
}

/** Sends half of what was not needed since the last time, and lets more be kept. */
function scavenge(): void {
  const caller = enter(SCAVENGE);
  for (let index: u32 = 1; index < classes; index++) {
    const list = listOf(index);
    const low = list.low;
    if (low) {
      send(index, list, low > 1 ? low >> 1 : 1);
      if (list.most > list.batch) list.most = max(list.most - list.batch, list.batch);
    }
    list.low = list.length;
  }
  claim();
  leave(caller);
}

/** Tells of what is kept. */
export function tellFree(): void {
  for (let index: u32 = 1; index < classes; index++) {
    const list = listOf(index);
    let object = list.first;
    for (let i: u32 = 0; i < list.length; i++) {
      tell(object, list.bytes, FreeList.Thread);
      object = linkAt(object);
    }
  }
}

// ---- Checking ----

/** Asserts that each list has objects of its class, and that their bytes add up. */
export function check(): void {
  let kept: i64 = 0;
  for (let index: u32 = 1; index < classes; index++) {
    const list = listOf(index);
    assert(list.low <= list.length, "a list was not shorter than at its shortest");
    let object = list.first;
    for (let i: u32 = 0; i < list.length; i++) {
      central.checkObject(index, object);
      object = peek<u64>(object);
    }
    assert(list.length > 0 || !list.first, "an empty list has no object");
    kept += <i64>list.length * list.bytes;
  }
  assert(bytes == kept, "what a thread keeps is counted");
}
