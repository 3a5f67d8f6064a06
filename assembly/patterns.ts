/**
 * What the program does with the memory of a foreign module. Compiled on its own and linked to that
 * memory, so these are the only accesses to its blocks from outside. A metered module has its own
 * things below `base`; every address given here is the module's.
 */

/** Pages of an operating system: what a touch is about. */
const PAGE_BYTES: u64 = 4096;
/** Odd, and near 2^32 / golden ratio (Knuth, TAOCP 6.4), so that neighbouring words differ in all bytes. */
const STRIDE: u32 = 0x9e3779b1;

let base: usize = 0;
/** The byte read last. Exported, or the optimizer would drop the reads. */
export let lastRead: u8 = 0;

export function setBase(bytes: u32): void {
  base = bytes;
}

/** Bytes of the module's memory. */
export function memoryBytes(): u64 {
  return ((<u64>memory.size()) << 16) - base;
}

export function loadWord(address: u32): u32 {
  return load<u32>(base + address);
}

export function fill(address: u32, value: u32, bytes: u32): void {
  memory.fill(base + address, <u8>value, bytes);
}

export function copy(to: u32, from: u32, bytes: u32): void {
  memory.copy(base + to, base + from, bytes);
}

/** Reads, or writes back, one byte of every page of a range. Contents stay. */
export function touch(address: u32, bytes: u32, write: bool): void {
  const end = <u64>address + bytes;
  for (let at = <u64>address; at < end; at = (at | (PAGE_BYTES - 1)) + 1) {
    const value = load<u8>(base + <usize>at);
    if (write) store<u8>(base + <usize>at, value);
    else lastRead = value;
  }
}

/** Fills a range with bytes that depend on the seed and their place in it. */
export function writePattern(address: u32, bytes: u32, seed: u32): void {
  const start = base + address;
  const whole = bytes & ~3;
  let word = seed * STRIDE;
  for (let at: u32 = 0; at < whole; at += 4, word += STRIDE) store<u32>(start + at, word);
  for (let at = whole; at < bytes; at++, word >>= 8) store<u8>(start + at, <u8>word);
}

/** How many bytes from the start still hold the pattern: all of them, or where the first differs. */
export function patternEnd(address: u32, bytes: u32, seed: u32): u32 {
  const start = base + address;
  let word = seed * STRIDE;
  for (let at: u32 = 0; at < bytes; at++) {
    if (load<u8>(start + at) != <u8>(word >> (8 * (at & 3)))) return at;
    if ((at & 3) == 3) word += STRIDE;
  }
  return bytes;
}

/** How many bytes from the start are zero. */
export function zeroEnd(address: u32, bytes: u32): u32 {
  const start = base + address;
  for (let at: u32 = 0; at < bytes; at++) if (load<u8>(start + at)) return at;
  return bytes;
}
