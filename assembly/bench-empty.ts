/** An allocator that does nothing: what is left is the cost of driving it. */

export function malloc(bytes: u32): u32 {
  return 1024;
}

export function calloc(count: u32, size: u32): u32 {
  return 1024;
}

export function realloc(pointer: u32, bytes: u32): u32 {
  return 1024;
}

export function free(pointer: u32): void {}

/** Somewhere for the pointers to be. */
memory.grow(1);
