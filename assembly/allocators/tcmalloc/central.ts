/**
 * What all threads share of free objects of a class: batches, as they came from a thread's cache, and what is free in
 * spans. Objects link to the next by their first word.
 *
 *      batches   │ ●→●→●→● │ ●→●→●→● │         │     a place for each, which classes take of each other
 *      spans     ├●│ │●│ │ ┤  ├ │●│●│●┤             those with free objects; the one that got the first is in front
 *
 *      batches <= places <= most places
 *      objects in spans == free ones + those that are out
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { FreeList, Message } from "../../shared/tcmalloc";
import { abort } from "../allocator";
import { linkAt, tell } from "../free-blocks";
import {
  batchSize,
  classes,
  leftOver,
  MOST_CLASSES,
  objectsOf,
  PAGE_SHIFT,
  pagesOf,
  sizeOf,
} from "./classes";
import * as heap from "./page-heap";
import * as pageMap from "./page-map";
import { insertFirst, isEmpty, LIST_BYTES, makeList, remove, Span } from "./span";

const MOST_PLACES: u32 = 64;
const FIRST_PLACES: u32 = 16;
/** Bytes that the batches of a class are at most. */
const BATCHES_BYTES: u64 = 1 << 20;

@unmanaged
class Central {
  /** Batches, places for them, and the most places. */
  batches: u32;
  places: u32;
  mostPlaces: u32;
  /** All its spans, and the free objects in them. */
  spans: u64;
  free: u64;
}

const CENTRAL_BYTES: usize = 32;
const CENTRALS: usize = memory.data(<i32>(CENTRAL_BYTES * MOST_CLASSES), 8);
/** By class: its spans that have free objects. */
const SPANS: usize = memory.data(<i32>(LIST_BYTES * MOST_CLASSES), 8);
/** By class: the first object of each batch, newest last. */
const BATCHES: usize = memory.data(<i32>(8 * MOST_PLACES * MOST_CLASSES), 8);

/** The class whose turn it is to give up a place. */
let turn: u32 = 0;

function centralOf(index: u32): Central {
  return changetype<Central>(CENTRALS + CENTRAL_BYTES * index);
}

function spansOf(index: u32): Span {
  return changetype<Span>(SPANS + LIST_BYTES * index);
}

function placeOf(index: u32, batch: u32): usize {
  return BATCHES + 8 * (MOST_PLACES * index + batch);
}

export function start(): void {
  for (let index: u32 = 0; index < classes; index++) {
    const central = centralOf(index);
    const bytes = sizeOf(index) * batchSize(index);
    central.mostPlaces = bytes ? <u32>min<u64>(MOST_PLACES, max<u64>(1, BATCHES_BYTES / bytes)) : MOST_PLACES;
    central.places = min(FIRST_PLACES, central.mostPlaces);
    makeList(SPANS + LIST_BYTES * index);
  }
}

// ---- Taking ----

/** How many objects `take` took. */
export let taken: u32 = 0;

/** Takes up to so many objects of a class. Returns the first, which links to the others, or 0. `taken` says how many. */
export function take(index: u32, count: u32): u64 {
  const central = centralOf(index);
  if (count == batchSize(index) && central.batches) {
    taken = count;
    return load<u64>(placeOf(index, --central.batches));
  }
  taken = 0;
  if (isEmpty(spansOf(index)) && !addSpan(index)) return 0;
  let objects: u64 = 0;
  while (taken < count && !isEmpty(spansOf(index)))
    objects = takeOf(spansOf(index).next, count - taken, objects);
  return objects;
}

/** Takes up to so many objects of a span, and puts them before others. Returns the first of all. */
function takeOf(span: Span, count: u32, others: u64): u64 {
  const objects = span.objects;
  let some: u32 = 1;
  let last = objects;
  let next = loadAt<u64>(last);
  while (some < count && next) {
    last = next;
    next = loadAt<u64>(last);
    some++;
  }
  storeAt<u64>(last, others);
  span.objects = next;
  if (!next) remove(span);
  span.out += some;
  centralOf(span.sizeClass).free -= some;
  taken += some;
  return objects;
}

/** Adds a span, cut into objects that link upwards. Returns whether there was room. */
function addSpan(index: u32): bool {
  const span = heap.take(pagesOf(index));
  if (!span) return false;
  span.sizeClass = index;
  pageMap.registerAll(span);
  const size = sizeOf(index);
  const objects = objectsOf(index);
  span.objects = span.first << PAGE_SHIFT;
  span.out = 0;
  const last = span.objects + size * (objects - 1);
  for (let at = span.objects; at < last; at += size) storeAt<u64>(at, at + size);
  storeAt<u64>(last, 0);
  insertFirst(spansOf(index), span);
  const central = centralOf(index);
  central.spans++;
  central.free += objects;
  return true;
}

// ---- Giving ----

/** Gives so many objects of a class, of which the first links to the others. */
export function give(index: u32, objects: u64, count: u32): void {
  if (count != batchSize(index) || !makePlace(index)) {
    giveToSpans(objects);
    return;
  }
  const central = centralOf(index);
  store<u64>(placeOf(index, central.batches++), objects);
}

/** Gives objects one by one to their spans. */
function giveToSpans(objects: u64): void {
  while (objects) {
    const next = loadAt<u64>(objects);
    const span = pageMap.spanAt(objects >> PAGE_SHIFT);
    const isCut = span ? span.sizeClass != 0 : false;
    if (!isCut) abort(Message.FreedTwice, objects); // more often than it was taken
    giveToSpan(changetype<Span>(span), objects);
    objects = next;
  }
}

/** Gives an object to its span, which goes when all of its objects are back. */
function giveToSpan(span: Span, object: u64): void {
  const index = span.sizeClass;
  const central = centralOf(index);
  if (!span.objects) insertFirst(spansOf(index), span);
  central.free++;
  if (--span.out == 0) {
    remove(span);
    central.spans--;
    central.free -= objectsOf(index);
    span.objects = 0;
    heap.give(span);
    return;
  }
  storeAt<u64>(object, span.objects);
  span.objects = object;
}

// ---- Places ----

/** Whether there is a place for one more batch, if need be one that another class gives up: one it does not use, or any. */
function makePlace(index: u32): bool {
  const central = centralOf(index);
  if (central.batches < central.places) return true;
  if (central.places == central.mostPlaces) return false;
  if (!takePlace(index, false) && !takePlace(index, true)) return false;
  if (central.places < central.mostPlaces) central.places++;
  return true;
}

/** The class whose turn it is. The first has two turns together. */
function nextTurn(): u32 {
  let index = turn++;
  if (index >= classes) {
    index -= classes;
    turn = index;
  }
  return index;
}

/** Takes a place of the class whose turn it is: if it has one to spare, or by force with a batch. Returns whether it did. */
function takePlace(index: u32, force: bool): bool {
  const victim = nextTurn();
  const other = centralOf(victim);
  if (victim == index || !other.places) return false;
  if (other.batches < other.places) {
    other.places--;
    return true;
  }
  if (!force) return false;
  other.places--;
  giveToSpans(load<u64>(placeOf(victim, --other.batches)));
  return true;
}

// ---- Sums ----

/** Bytes that are free in spans of all classes, with those that no object has. */
export function freeBytes(): u64 {
  let bytes: u64 = 0;
  for (let index: u32 = 1; index < classes; index++) {
    const central = centralOf(index);
    bytes += central.free * sizeOf(index) + central.spans * leftOver(index);
  }
  return bytes;
}

/** Bytes of all batches. */
export function batchBytes(): u64 {
  let bytes: u64 = 0;
  for (let index: u32 = 1; index < classes; index++) {
    bytes += sizeOf(index) * batchSize(index) * centralOf(index).batches;
  }
  return bytes;
}

/** Tells of the objects of all batches. */
export function tellBatches(): void {
  for (let index: u32 = 1; index < classes; index++) {
    const batches = centralOf(index).batches;
    for (let batch: u32 = 0; batch < batches; batch++) tellBatch(index, load<u64>(placeOf(index, batch)));
  }
}

function tellBatch(index: u32, objects: u64): void {
  for (let object = objects; object; object = linkAt(object)) {
    if (!tell(object, sizeOf(index), FreeList.Transfer)) return;
  }
}

// ---- Checking ----

/** Asserts that a span of a class counts its free objects, and is listed if it has some. */
export function checkSpan(span: Span): void {
  let free: u64 = 0;
  for (let object = span.objects; object; object = peek<u64>(object)) {
    assert(pageMap.spanAt(object >> PAGE_SHIFT) == span, "a span has its own objects");
    assert(++free <= objectsOf(span.sizeClass), "the objects of a span have an end");
  }
  assert(free + span.out == objectsOf(span.sizeClass), "an object of a span is free or out");
}

/** Asserts what holds of a class that has so many spans. */
export function check(index: u32, spans: u64): void {
  const central = centralOf(index);
  assert(central.spans == spans, "a class counts its spans");
  assert(
    central.batches <= central.places && central.places <= central.mostPlaces,
    "a class has places for its batches",
  );
  let free: u64 = 0;
  const list = spansOf(index);
  for (let span = list.next; span != list; span = span.next) {
    assert(span.sizeClass == index && span.objects != 0, "what is listed has free objects of the class");
    free += objectsOf(index) - span.out;
  }
  assert(central.free == free, "a class counts what is free in its spans");
  for (let batch: u32 = 0; batch < central.batches; batch++)
    checkBatch(index, load<u64>(placeOf(index, batch)));
}

function checkBatch(index: u32, objects: u64): void {
  let count: u32 = 0;
  for (let object = objects; object; object = peek<u64>(object)) {
    assert(count++ < batchSize(index), "the objects of a batch have an end");
    checkObject(index, object);
  }
  assert(count == batchSize(index), "a batch is as many objects as its class says");
}

/** Asserts that an object is in a span of its class. */
export function checkObject(index: u32, object: u64): void {
  const span = pageMap.spanAt(object >> PAGE_SHIFT);
  assert(span != null, "an object is in a span");
  if (span) assert(span.sizeClass == index && span.out > 0, "an object is in a span of its class");
}
