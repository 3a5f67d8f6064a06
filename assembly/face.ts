/**
 * One interface for allocators of every calling convention. The functions of a foreign module are imported
 * as they are, so that a call goes from wasm to wasm with nothing in between. The host links those that the
 * module exports (src/foreign/link.ts). A function that the module lacks is composed here of others.
 *
 *      an aligned block of a module that cannot align
 *
 *      block            pointer                            block + bytes + align
 *      ├────────────────┼──────────────────────────────┬───┤
 *      │ < align        │ bytes                        │   │
 *      └────────────────┴──────────────────────────────┴───┘
 *
 * Addresses are those of the module. Its memory is reached through the functions of patterns.ts.
 */

import { Convention, Native, PLAIN_ALIGN } from "./shared/driver";

declare function cMalloc(bytes: u32): u32;
declare function cCalloc(count: u32, size: u32): u32;
declare function cRealloc(pointer: u32, bytes: u32): u32;
declare function cFree(pointer: u32): void;
declare function cAligned(align: u32, bytes: u32): u32;
declare function cMemalign(align: u32, bytes: u32): u32;
declare function cPosixAligned(result: u32, align: u32, bytes: u32): i32;
declare function sizedRealloc(pointer: u32, old: u32, bytes: u32): u32;
declare function sizedFree(pointer: u32, bytes: u32): void;
declare function alignedMalloc(bytes: u32, align: u32): u32;
declare function alignedFree(pointer: u32, bytes: u32, align: u32): void;
declare function bindgenRealloc(pointer: u32, old: u32, bytes: u32, align: u32): u32;
declare function rustRealloc(pointer: u32, old: u32, align: u32, bytes: u32): u32;
declare function rustZeroed(bytes: u32, align: u32): u32;
declare function managedNew(bytes: u32, id: u32): u32;
declare function managedPin(pointer: u32): u32;
declare function managedUnpin(pointer: u32): void;
declare function managedRenew(pointer: u32, bytes: u32): u32;

/** A function of patterns.ts. */
declare function clear(address: u32, bytes: u32): void;
declare function copy(to: u32, from: u32, bytes: u32): void;
declare function loadWord(address: u32): u32;

let convention: Convention = Convention.C;
let native: u32 = 0;
/** What of `native` aligns: one of Native.PosixAligned, Native.Memalign and Native.Aligned; 0 for none. */
let aligning: u32 = 0;
/** Address of the word for posix_memalign's result. */
let resultWord: u32 = 0;

/** The block to free for the pointer that `aligned` or `resize` returned last. */
export let block: u32 = 0;

/** Sets the convention of the module, and which functions it has. Call it before anything else. */
export function configure(how: u32, nativeBits: u32): void {
  convention = how;
  native = nativeBits;
  // The first two take any size.
  if (native & Native.PosixAligned) aligning = Native.PosixAligned;
  else aligning = native & Native.Memalign || native & Native.Aligned;
}

/** Chooses which of the module's functions aligns, where it has several. */
export function alignBy(bit: u32): void {
  aligning = bit;
}

/** Bytes of an object's block: what the module was asked for. */
function blockBytes(bytes: u32, align: u32): u32 {
  const room = align > <u32>PLAIN_ALIGN && !alignsItself() ? bytes + align : bytes;
  return convention == Convention.C ? room : max(room, 1); // Rust's layouts are never empty
}

function alignsItself(): bool {
  return convention == Convention.Bindgen || convention == Convention.Rust || aligning != 0;
}

function allocateBlock(bytes: u32, align: u32): u32 {
  if (convention == Convention.C || convention == Convention.Sized) return cMalloc(bytes);
  if (convention == Convention.Managed) return managedPin(managedNew(bytes, 0));
  return alignedMalloc(bytes, align);
}

function releaseBlock(at: u32, bytes: u32, align: u32): void {
  if (convention == Convention.C) cFree(at);
  else if (convention == Convention.Sized) sizedFree(at, bytes);
  else if (convention == Convention.Managed) managedUnpin(at);
  else alignedFree(at, bytes, align);
}

/** Returns a pointer, or 0; its block is itself. */
export function malloc(bytes: u32): u32 {
  return allocateBlock(convention == Convention.C ? bytes : max(bytes, 1), PLAIN_ALIGN);
}

/** Returns a pointer to zeroed memory, or 0, also when the product overflows; its block is itself. */
export function calloc(count: u32, size: u32): u32 {
  if (convention == Convention.C && native & Native.Calloc) return cCalloc(count, size);
  const bytes = <u64>count * size;
  return bytes > u32.MAX_VALUE ? 0 : zeroedBlock(blockBytes(<u32>bytes, PLAIN_ALIGN));
}

function zeroedBlock(bytes: u32): u32 {
  const hasZeroed = (native & Native.Calloc) != 0;
  if (hasZeroed && convention != Convention.Managed) return rustZeroed(bytes, PLAIN_ALIGN);
  const pointer = allocateBlock(bytes, PLAIN_ALIGN);
  if (pointer && !hasZeroed) clear(pointer, bytes);
  return pointer;
}

/** Returns a pointer on a multiple of `align`, or 0; `block` is what to free. */
export function aligned(align: u32, bytes: u32): u32 {
  if (align <= <u32>PLAIN_ALIGN) {
    block = malloc(bytes);
    return block;
  }
  const whole = blockBytes(bytes, align);
  if (whole < bytes) return 0; // the size with room for alignment overflows
  block = alignedBlock(whole, align);
  return block && !alignsItself() ? (block + align - 1) & -align : block;
}

function alignedBlock(bytes: u32, align: u32): u32 {
  if (aligning == Native.PosixAligned) return posixAlignedBlock(bytes, align);
  if (aligning == Native.Memalign) return cMemalign(align, bytes);
  if (aligning != Native.Aligned) return allocateBlock(bytes, align);
  const whole = (bytes + align - 1) & -align; // C11 7.22.3.1: the size shall be a multiple of the alignment
  return whole < bytes ? 0 : cAligned(align, whole);
}

function posixAlignedBlock(bytes: u32, align: u32): u32 {
  if (!resultWord) resultWord = cMalloc(PLAIN_ALIGN);
  if (!resultWord || cPosixAligned(resultWord, align, bytes)) return 0;
  return loadWord(resultWord);
}

/** Resizes no object: returns a new one, or 0. Its block is itself. */
export function resizeNothing(bytes: u32): u32 {
  return native & Native.ReallocOfNothing ? cRealloc(0, bytes) : malloc(bytes);
}

/** Resizes an object of `old` bytes, perhaps moving it. Returns its pointer, or 0 and keeps it; `block` is what to free. */
export function resize(pointer: u32, from: u32, old: u32, align: u32, bytes: u32): u32 {
  const whole = blockBytes(bytes, align);
  if (whole < bytes) return 0;
  const to = resizeBlock(from, blockBytes(old, align), align, whole);
  if (!to) return 0;
  block = to;
  return to + (pointer - from);
}

function resizeBlock(from: u32, old: u32, align: u32, bytes: u32): u32 {
  if (!(native & Native.Realloc)) return moveBlock(from, old, align, bytes);
  if (convention == Convention.C) return cRealloc(from, bytes);
  if (convention == Convention.Sized) return sizedRealloc(from, old, bytes);
  if (convention == Convention.Bindgen) return bindgenRealloc(from, old, bytes, align);
  if (convention == Convention.Rust) return rustRealloc(from, old, align, bytes);
  const to = managedRenew(from, bytes);
  if (to == from) return to;
  managedPin(to);
  managedUnpin(from);
  return to;
}

function moveBlock(from: u32, old: u32, align: u32, bytes: u32): u32 {
  const to = allocateBlock(bytes, align);
  if (to) copy(to, from, min(old, bytes));
  else if (bytes) return 0;
  releaseBlock(from, old, align); // as realloc(pointer, 0) does if there are no empty blocks
  return to;
}

/** Frees an object of `bytes` bytes by its block. */
export function release(from: u32, bytes: u32, align: u32): void {
  if (convention == Convention.C) cFree(from);
  else releaseBlock(from, blockBytes(bytes, align), align);
}
