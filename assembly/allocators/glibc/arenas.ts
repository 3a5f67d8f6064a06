/**
 * The arenas: the main one, and those that further threads get. One of them is entered: what it has of its own is in the
 * globals of bins.ts, fastbins.ts and heap.ts. That of the others is in their records.
 *
 *      ring       main ──▶ newest ──▶ … ──▶ oldest ──▶ (main)
 *      free       the arenas without a thread, the one that lost its last thread latest first
 *
 * A thread gets an arena when it first needs one, and keeps it. A chunk is always freed into the arena that it is of.
 */
import { raise } from "../../machine/failure";
import { reserveOwn } from "../../machine/frames";
import { Exception } from "../../shared/failure";
import * as bins from "./bins";
import { BinsOfArena } from "./bins";
import { NON_MAIN, setOfArena } from "./chunk";
import * as fastbins from "./fastbins";
import { FastbinsOfArena } from "./fastbins";
import * as heap from "./heap";
import { HeapOfArena } from "./heap";
import * as heaps from "./heaps";
import * as parameters from "./parameters";

@unmanaged
class Arena {
  bins: BinsOfArena;
  fastbins: FastbinsOfArena;
  heap: HeapOfArena;
  /** Of its first heap; 0 of the main arena. */
  firstHeap: u64;
  /** In the ring. */
  next: Arena;
  /** In the list of those without a thread. */
  nextFree: Arena | null;
  /** Threads that use it. */
  threads: u32;
}

/** Arenas that a CPU is good for. */
const ARENAS_OF_CPU: u64 = 8;

function makeRecord(): Arena {
  const arena = changetype<Arena>(reserveOwn(offsetof<Arena>()));
  arena.bins = changetype<BinsOfArena>(reserveOwn(offsetof<BinsOfArena>()));
  arena.fastbins = changetype<FastbinsOfArena>(reserveOwn(offsetof<FastbinsOfArena>()));
  arena.heap = changetype<HeapOfArena>(reserveOwn(offsetof<HeapOfArena>()));
  return arena;
}

const main: Arena = makeRecord();
/** The one whose state is in the globals. */
let entered: Arena = main;
/** How many there are. */
let count: u64 = 1;
/** How many there may be, once that is known; else 0. */
let limit: u64 = 0;
let firstFree: Arena | null = null;
/** The one that is shared next. */
let nextToShare: Arena = main;

/** That of the running thread; null before it has one. */
export let mine: Arena | null = main;
/** There has been a second thread. Before, all but a tcache is in the main arena, which is entered. */
export let areMany: bool = false;

/** Addresses of the records, by number. */
let table: usize = 0;
let places: usize = 0;

function arenaAt(number: usize): Arena {
  return changetype<Arena>(load<usize>(table + (number << 2)));
}

/** Gives an arena a number. */
function number(arena: Arena): u64 {
  if (count == places) {
    const grown = reserveOwn(8 * places);
    memory.copy(grown, table, 4 * places);
    table = grown;
    places *= 2;
  }
  store<usize>(table + ((<usize>count) << 2), changetype<usize>(arena));
  return count++;
}

export function start(): void {
  places = 64;
  table = reserveOwn(4 * places);
  store<usize>(table, changetype<usize>(main));
  main.next = main;
  main.threads = 1;
}

// ---- Entering ----

/** Makes an arena the one that all is done in. */
function enter(arena: Arena): void {
  if (arena == entered) return;
  saveEntered();
  entered = arena;
  arena.bins.restore();
  arena.fastbins.restore();
  arena.heap.restore();
  setOfArena(arena == main ? 0 : NON_MAIN);
}

function saveEntered(): void {
  entered.bins.save();
  entered.fastbins.save();
  entered.heap.save();
}

export function enterMain(): void {
  enter(main);
}

export function isMain(): bool {
  return entered == main;
}

/** Enters the arena that a heap chunk is of. `head`: its size word. */
export function enterOwner(chunk: u64, head: u64): void {
  if (areMany) enter(head & NON_MAIN ? ownerOf(chunk) : main);
}

/** What the heap says. A program that has set the flag by itself, with no arena there, is told of a bad access. */
function ownerOf(chunk: u64): Arena {
  if (count == 1) return main;
  const place = heaps.heapOf(chunk);
  const number = heaps.arenaIn(place);
  if (number >= count) raise(Exception.SegmentationFault, 0, place);
  return arenaAt(<usize>number);
}

/** Enters the running thread's arena, or the main one before there are many. `hint`: bytes that it is for. Returns false if the thread cannot have one. */
export function enterMine(hint: u64): bool {
  return !areMany || mine == entered || enterOther(hint);
}

function enterOther(hint: u64): bool {
  const own = mine;
  const arena = own ? own : choose(hint);
  if (!arena) return false;
  enter(arena);
  return true;
}

/**
 * Enters another arena, in which to try again what failed in the one that is entered. `hint` as above. Returns false if
 * there is none.
 */
export function enterAnother(hint: u64): bool {
  if (entered != main) {
    enter(main);
    return true;
  }
  const arena = choose(hint);
  if (!arena || arena == main) return false;
  enter(arena);
  return true;
}

// ---- Choosing ----

/** Gives the running thread an arena: a free one, a new one, or one that others have too. Null if there is none. */
function choose(hint: u64): Arena | null {
  const old = mine;
  if (old) old.threads--;
  const free = firstFree;
  if (free) {
    firstFree = free.nextFree;
    free.threads = 1;
    mine = free;
    return free;
  }
  findLimit();
  mine = limit && count >= limit ? share() : make(hint);
  return mine;
}

function findLimit(): void {
  if (limit) return;
  if (parameters.arenaMax) limit = parameters.arenaMax;
  else if (count > parameters.arenaTest) limit = ARENAS_OF_CPU * parameters.cpus;
}

function share(): Arena {
  const arena = nextToShare;
  arena.threads++;
  nextToShare = arena.next;
  return arena;
}

function make(hint: u64): Arena | null {
  const first = heaps.makeFirst(hint);
  if (!first) return null;
  const arena = makeRecord();
  const linksAt = reserveOwn(bins.HEADERS_BYTES);
  const headsAt = reserveOwn(fastbins.HEADS_BYTES);
  heaps.setArena(first, number(arena));
  arena.firstHeap = first;
  arena.threads = 1;
  arena.next = main.next;
  main.next = arena;
  enterNew(arena, linksAt, headsAt);
  return arena;
}

/** Enters an arena that begins with its first heap. */
function enterNew(arena: Arena, linksAt: usize, headsAt: usize): void {
  const first = arena.firstHeap;
  saveEntered();
  entered = arena;
  setOfArena(NON_MAIN);
  bins.begin(first + heaps.binsAt(), linksAt);
  fastbins.begin(headsAt);
  const bytes = heaps.sizeOfHeap(first);
  const offset = heaps.firstChunk();
  heap.begin(first + offset, bytes - offset, bytes);
}

// ---- Threads ----

/** What a thread has of its own here. */
@unmanaged
export class ArenaOfThread {
  arena: Arena | null;

  save(): void {
    this.arena = mine;
  }

  restore(): void {
    mine = this.arena;
  }
}

/** Another thread runs than the first. */
export function becomeMany(): void {
  areMany = true;
}

/** A thread begins, without an arena. */
export function beginThread(): void {
  mine = null;
}

/** The running thread ends. An arena without a thread is the first that the next thread gets. */
export function endThread(): void {
  const arena = mine;
  mine = null;
  if (!arena) return;
  if (--arena.threads) return;
  arena.nextFree = firstFree;
  firstFree = arena;
}

// ---- All of them ----

/** For walks over all arenas in the order of the ring: enters the main one. `leave` must follow. */
export function enterFirst(): Arena {
  const before = entered;
  enter(main);
  return before;
}

/** Enters the next one. Returns false behind the last. */
export function enterNext(): bool {
  const next = entered.next;
  enter(next);
  return next != main;
}

/** Ends a walk in the arena where it began. */
export function leave(before: Arena): void {
  enter(before);
}

/** Start of the arena's first heap; 0 of the main one. */
export function firstHeap(): u64 {
  return entered.firstHeap;
}

/** Bytes of all their heaps. */
export function heapBytes(): u64 {
  if (count == 1) return heap.heapBytes;
  const before = enterFirst();
  let bytes: u64 = 0;
  do bytes += heap.heapBytes;
  while (enterNext());
  leave(before);
  return bytes;
}
