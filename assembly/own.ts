/**
 * What each process has of its own outside of simulated memory: the data of its allocator that the model keeps in globals
 * and in linear memory, and the program's table of objects. Only the running process's is in place. Of each other there is
 * an image: copies of 4 KiB each.
 *
 *      own ranges           [MODEL_DATA, end of static data), and what was reserved as a process's own (machine/frames.ts)
 *      IMAGES[number] ──▶ ┌──────────────────────────────┐
 *                         │ next │ at │ bytes │ copy or 0 │ ──▶ the next one. Without a copy, all of it is zero
 *                         └──────────────────────────────┘
 *
 *      a process has an image if and only if it is not the running one
 *
 * Globals cannot be found by address. The build writes the functions that store and load them (assembly/build/own.mjs).
 */
import "./machine/check";
import * as pool from "./machine/frames";
import "./machine/kernel";
import * as oom from "./machine/oom";
import * as processes from "./machine/processes";
import { zeroesIn } from "./machine/zeroes";
import "./program";
import { MOST_PROCESSES } from "./shared/records";
import "./sites";

const PIECE_BYTES: usize = 4096;
/** Where globals are while a process's own memory is copied. */
const GLOBALS: usize = memory.data(8 * 512, 8);
const GLOBALS_END: usize = GLOBALS + 8 * 512;
const IMAGES: usize = memory.data(4 * (MOST_PROCESSES + 1), 4);

/** Stores the model's globals from an address on. Returns the address after them. The build writes it. */
export function storeGlobals(at: usize): usize {
  return at;
}

/** Loads them again. The build writes it. */
export function loadGlobals(at: usize): void {
  assert(at != 0, "globals are somewhere");
}

@unmanaged
class Piece {
  next: Piece | null;
  /** The bytes that it is of. */
  at: usize;
  bytes: usize;
  /** Their copy; 0 if all were zero. */
  copy: usize;
}

const pieces = changetype<pool.Pool>(memory.data(offsetof<pool.Pool>(), 8));
const copies = changetype<pool.Pool>(memory.data(offsetof<pool.Pool>(), 8));

/**
 * Where static data of the model begins, which ends with all static data: asc lays it out in the order of imports. So all
 * else that has any is imported above, and model.ts imports this before the model.
 */
const MODEL_DATA: usize = memory.data(16, 16);

/** Prepares the pools of images. */
export function start(): void {
  pool.setRecordBytes(pieces, offsetof<Piece>());
  pool.setRecordBytes(copies, PIECE_BYTES);
  if (isDefined(ZP_PLACEMENT)) oom.tell(discard);
}

// ---- Images ----

let image: Piece | null = null;

/** Makes an image of what is in place. */
function save(number: u32): void {
  const end = storeGlobals(GLOBALS);
  assert(end <= GLOBALS_END, "there is room for all globals of a model");
  image = null;
  saveRange(GLOBALS, GLOBALS_END);
  saveRange(MODEL_DATA, __heap_base);
  let range = pool.firstOwn();
  while (range) {
    saveRange(range.start, range.end);
    range = range.next;
  }
  store<u32>(IMAGES + 4 * <usize>number, <u32>changetype<usize>(image));
}

function saveRange(at: usize, end: usize): void {
  while (at < end) {
    const bytes = min(PIECE_BYTES, end - at);
    const piece = changetype<Piece>(pool.take(pieces));
    piece.next = image;
    piece.at = at;
    piece.bytes = bytes;
    piece.copy = zeroesIn(at, bytes) == bytes ? 0 : pool.take(copies);
    if (piece.copy) memory.copy(piece.copy, at, bytes);
    image = piece;
    at += bytes;
  }
}

/** Puts what an image is of in place, and gives the image back. */
function restore(number: u32): void {
  let piece = imageOf(number);
  while (piece) {
    if (piece.copy) memory.copy(piece.at, piece.copy, piece.bytes);
    else memory.fill(piece.at, 0, piece.bytes);
    piece = piece.next;
  }
  discard(number);
  loadGlobals(GLOBALS);
}

function imageOf(number: u32): Piece | null {
  const piece = changetype<Piece | null>(<usize>load<u32>(IMAGES + 4 * <usize>number));
  assert(piece != null, "a process that does not run has an image");
  return piece;
}

/** Gives an image back. */
function discard(number: u32): void {
  let piece = imageOf(number);
  while (piece) {
    const next = piece.next;
    if (piece.copy) pool.give(copies, piece.copy);
    pool.give(pieces, changetype<usize>(piece));
    piece = next;
  }
  store<u32>(IMAGES + 4 * <usize>number, 0);
}

// ---- Processes ----

/** Makes a process with this number, which is a copy of the running one. Returns 0, or -1 if the number is taken or none. */
export function fork(number: u32): i32 {
  const result = processes.fork(number);
  if (!result) save(number);
  return result;
}

/** Has another process run, which there is. */
export function switchTo(number: u32): void {
  const running = processes.process();
  if (number == running) return;
  save(running);
  processes.switchTo(number);
  restore(number);
}

/** Ends the running process. Returns the number of the one that runs on; 0 if it is the only one, which stays. */
export function exit(): u32 {
  const number = processes.exit();
  if (number) restore(number);
  return number;
}
