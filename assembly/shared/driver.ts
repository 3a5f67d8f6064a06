/** Numbers that the driver of foreign allocators (driver.ts, face.ts) and the host share. */

/** The calling conventions. */
export enum Convention {
  /** malloc(bytes), free(pointer), … */
  C,
  /** malloc(bytes), realloc(pointer, old, bytes), free(pointer, bytes): wasm-bindgen before 0.2.85 */
  Sized,
  /** malloc(bytes, align), realloc(pointer, old, bytes, align), free(pointer, bytes, align): wasm-bindgen */
  Bindgen,
  /** alloc(bytes, align), realloc(pointer, old, align, bytes), dealloc(pointer, bytes, align): Rust */
  Rust,
  /** new(bytes, id), pin(pointer), unpin(pointer): AssemblyScript's collected objects */
  Managed,
}

/** The functions that the module has itself, as bits. The others are composed. */
export enum Native {
  Calloc = 1,
  Realloc = 2,
  Aligned = 4,
  PosixAligned = 8,
  Memalign = 16,
  /** Its realloc of 0 allocates, as C's does. */
  ReallocOfNothing = 32,
}

/** Why the driver trapped. */
export enum TrapCause {
  None,
  OutsideMemory,
  Misaligned,
  Overwritten,
  NotZero,
  /** calloc returned memory, though count times size overflows 32 bits. */
  Overflowed,
  BadOperation,
  HostOutOfMemory,
}

/** Alignment of every malloc. It is enough for any scalar of wasm's 32-bit targets. */
export const PLAIN_ALIGN = 8;

/** Bytes of an object's slot. The first four are its pointer, 0 for none. */
export const SLOT_BYTES = 16;
