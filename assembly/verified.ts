/**
 * What a verified replay on a model holds its objects against: each is filled with a pattern of its own when it is new,
 * and looked at before it is resized or freed. patterns.ts and driver.ts do the same for modules.
 *
 *      object   0          8
 *               ├──────────┤
 *               │  bytes   │     of the object in the slot of this number
 *               └──────────┘
 *
 * The program's accesses are counted as any others.
 */
import { fillEnd, loadAt, storeAt } from "./machine/access";
import { raise } from "./machine/failure";
import { reserveOwn } from "./machine/frames";
import { requireMapped } from "./machine/page-access";
import { program } from "./machine/paths";
import { PLAIN_ALIGN } from "./shared/driver";
import { Exception } from "./shared/failure";
import { RecordKind } from "./shared/records";

const OBJECT_BYTES: usize = 8;
/** Odd, and near 2^64 / golden ratio (Knuth, TAOCP 6.4), so that neighbouring words differ in all bytes. */
const STRIDE: u64 = 0x9e3779b97f4a7c15;

let objects: usize = 0;
let room: u32 = 0;

/** Makes room for an object in a slot. */
function ensureRoom(slot: u32): void {
  if (slot < room) return;
  const grown = max(slot + 1, max(1024, 2 * room));
  const moved = reserveOwn(OBJECT_BYTES * grown);
  memory.copy(moved, objects, OBJECT_BYTES * room);
  objects = moved;
  room = grown;
}

/** Of a slot without an object it is 0. */
function bytesAt(slot: u32): u64 {
  return slot < room ? load<u64>(objects + OBJECT_BYTES * slot) : 0;
}

function setBytes(slot: u32, bytes: u64): void {
  ensureRoom(slot);
  store<u64>(objects + OBJECT_BYTES * slot, bytes);
}

/** Before an operation on the object in a slot: traps if its bytes are not the program's any more. */
export function verifyBefore(kind: i32, slot: u32, held: u64): void {
  if (!held || (kind != RecordKind.Realloc && kind != RecordKind.Free)) return;
  verify(slot, held, bytesAt(slot));
  if (kind == RecordKind.Free) setBytes(slot, 0);
}

/**
 * After an operation that may have given the slot an object: traps unless that is aligned, zero where calloc made it, and
 * has what realloc keeps. Then fills it. An allocation that failed leaves all as it is; a
 * realloc to nothing frees.
 */
export function verifyAfter(kind: i32, slot: u32, pointer: u64, first: u64, second: u64): void {
  if (kind > RecordKind.Realloc) return;
  if (!pointer) {
    if (kind == RecordKind.Realloc && !second) setBytes(slot, 0);
    return;
  }
  const isCalloc = kind == RecordKind.Calloc;
  if (isCalloc && second && first > u64.MAX_VALUE / second) raise(Exception.Overflowed, 0, pointer);
  const bytes = kind == RecordKind.Malloc ? first : isCalloc ? first * second : second;
  verifyAlignment(pointer, bytes, kind == RecordKind.Aligned ? first : 0);
  program();
  requireMapped(pointer, bytes, true);
  if (isCalloc) {
    const end = fillEnd(pointer, 0, bytes);
    if (end != bytes) raise(Exception.NotZero, end, pointer);
  }
  if (kind == RecordKind.Realloc) verify(slot, pointer, min(bytes, bytesAt(slot)));
  setBytes(slot, bytes);
  writePattern(pointer, bytes, slot);
}

/** An object smaller than the plain alignment needs only that of its size. */
function verifyAlignment(pointer: u64, bytes: u64, asked: u64): void {
  let align: u64 = PLAIN_ALIGN;
  while (align > bytes) align >>= 1;
  align = max(align, asked);
  if (align && pointer & (align - 1)) raise(Exception.Misaligned, align, pointer);
}

function verify(slot: u32, pointer: u64, bytes: u64): void {
  program();
  requireMapped(pointer, bytes, false);
  const end = patternEnd(pointer, bytes, slot);
  if (end != bytes) raise(Exception.Overwritten, end, pointer);
}

/** Fills a range with bytes that depend on the slot and on their offset. */
function writePattern(pointer: u64, bytes: u64, slot: u32): void {
  const whole = bytes & ~7;
  let word = (<u64>slot + 1) * STRIDE;
  for (let at: u64 = 0; at < whole; at += 8, word += STRIDE) storeAt<u64>(pointer + at, word);
  for (let at = whole; at < bytes; at++, word >>= 8) storeAt<u8>(pointer + at, <u8>word);
}

/** Offset of the first byte that does not hold the pattern any more; `bytes` if all hold it. */
function patternEnd(pointer: u64, bytes: u64, slot: u32): u64 {
  const whole = bytes & ~7;
  let word = (<u64>slot + 1) * STRIDE;
  let at: u64 = 0;
  while (at < whole && loadAt<u64>(pointer + at) == word) {
    at += 8;
    word += STRIDE;
  }
  const end = min(bytes, at + 8);
  while (at < end && loadAt<u8>(pointer + at) == <u8>word) {
    at++;
    word >>= 8;
  }
  return at;
}
