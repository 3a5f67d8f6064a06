/**
 * The program's accesses to the memory of a foreign module. This is a module of its own, linked to that memory, and
 * nothing else accesses the module's blocks from outside. Accesses are noted in the meter's notes below `base`. Every
 * address passed here is the module's.
 */
import { endOfRun } from "./machine/runs";
import { mark, markUnknown, noteFill } from "./meter";
import { READ, WRITTEN } from "./shared/meter";

/** Bytes of an operating system's page, the unit of touching. */
const PAGE_BYTES: u64 = 4096;
/** Odd, and near 2^32 / golden ratio (Knuth, TAOCP 6.4), so that neighbouring words differ in all bytes. */
const STRIDE: u32 = 0x9e3779b1;

let base: usize = 0;
/** The byte read last. Exported, or the optimizer would drop the reads. */
export let lastRead: u8 = 0;

/** Whether a meter keeps its notes below `base`. */
let metered: bool = false;

/** Bytes and address of the range that was last found outside the module's memory; 0 before there is one. */
export let outsideBytes: u32 = 0;
export let outsideAddress: u32 = 0;

export function setBase(bytes: u32, isMetered: bool): void {
  base = bytes;
  metered = isMetered;
}

/** Notes that the program reads or writes a range, which must lie in memory. */
export function note(address: u32, bytes: u32, write: bool): void {
  if (metered) mark(write ? WRITTEN : READ, address, bytes);
}

/** Bytes of the module's memory. */
export function memoryBytes(): u64 {
  return ((<u64>memory.size()) << 16) - base;
}

/** Traps unless a range that the module returned lies in its memory. */
function check(address: u32, bytes: u32): void {
  if (<u64>address + bytes <= memoryBytes()) return;
  outsideAddress = address;
  outsideBytes = bytes;
  unreachable();
}

export function loadWord(address: u32): u32 {
  check(address, 4);
  return load<u32>(base + address);
}

export function fill(address: u32, value: u32, bytes: u32): void {
  check(address, bytes);
  note(address, bytes, true);
  memory.fill(base + address, <u8>value, bytes);
}

/** Zeroes a range for an allocator that has no calloc. It counts as the allocator's zeroing. */
export function clear(address: u32, bytes: u32): void {
  check(address, bytes);
  if (metered) noteFill(address, 0, bytes);
  memory.fill(base + address, 0, bytes);
}

export function copy(to: u32, from: u32, bytes: u32): void {
  check(from, bytes);
  check(to, bytes);
  note(from, bytes, false);
  note(to, bytes, true);
  memory.copy(base + to, base + from, bytes);
}

/** Reads, or writes back, one byte of every page of a range. Contents stay, but are unknown after a write. */
export function touch(address: u32, bytes: u32, write: bool): void {
  note(address, bytes, write);
  if (metered && write) markUnknown(address, bytes);
  const end = <u64>address + bytes;
  for (let at = <u64>address; at < end; at = (at | (PAGE_BYTES - 1)) + 1) {
    const value = load<u8>(base + <usize>at);
    if (write) store<u8>(base + <usize>at, value);
    else lastRead = value;
  }
}

/** Fills a range with bytes that depend on the seed and on their offset. */
export function writePattern(address: u32, bytes: u32, seed: u32): void {
  note(address, bytes, true);
  const start = base + address;
  const whole = bytes & ~3;
  let word = seed * STRIDE;
  for (let at: u32 = 0; at < whole; at += 4, word += STRIDE) store<u32>(start + at, word);
  for (let at = whole; at < bytes; at++, word >>= 8) store<u8>(start + at, <u8>word);
}

/** Offset of the first byte that does not hold the pattern any more; `bytes` if all hold it. */
export function patternEnd(address: u32, bytes: u32, seed: u32): u32 {
  note(address, bytes, false);
  const start = base + address;
  const whole = bytes & ~3;
  let word = seed * STRIDE;
  let at: u32 = 0;
  for (; at < whole && load<u32>(start + at) == word; at += 4) word += STRIDE;
  // The rest, or the bytes of the word that is another.
  const end = at < whole ? at + 4 : bytes;
  for (; at < end && load<u8>(start + at) == <u8>word; at++) word >>= 8;
  return at;
}

/** Offset of the first byte that is not the value; `bytes` if all are. */
export function fillEnd(address: u32, value: u32, bytes: u32): u32 {
  const end = endOfRun(base + address, 0, bytes, value);
  note(address, min(end + 1, bytes), false);
  return end;
}
