/** An allocator that does nothing, to measure the cost of driving it. */

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

/** Memory that the pointers lie in. */
memory.grow(1);
