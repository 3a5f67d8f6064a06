/** What the driver of foreign allocators (driver.ts, face.ts) and the host tell each other in numbers. */

/** How the functions want to be called. */
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

/** What the module does itself, as bits; the rest is composed. */
export enum Native {
  Calloc = 1,
  Realloc = 2,
  Aligned = 4,
  PosixAligned = 8,
}

/** What the allocator did wrong. */
export enum Fault {
  None,
  OutsideMemory,
  Misaligned,
  Overwritten,
  NotZero,
  /** calloc gave less than count times size, which 32 bits do not hold. */
  Overflowed,
  BadOperation,
  HostOutOfMemory,
}

/** What every malloc is asked for, and C's gives: enough for any scalar of wasm's 32-bit targets. */
export const PLAIN_ALIGN = 8;

/** Bytes of an object's slot, of which the first four are its pointer; 0 for none. */
export const SLOT_BYTES = 16;
