/** AssemblyScript's own allocator with the functions of C. Its `--runtime` chooses which one: assembly/build/modules.mjs. */

export function malloc(bytes: u32): u32 {
  return <u32>heap.alloc(bytes);
}

export function calloc(count: u32, size: u32): u32 {
  const bytes = <u64>count * size;
  if (bytes > u32.MAX_VALUE) return 0;
  const pointer = heap.alloc(<usize>bytes);
  memory.fill(pointer, 0, <usize>bytes);
  return <u32>pointer;
}

export function realloc(pointer: u32, bytes: u32): u32 {
  // AssemblyScript's own takes no 0.
  return pointer ? <u32>heap.realloc(pointer, bytes) : malloc(bytes);
}

export function free(pointer: u32): void {
  heap.free(pointer);
}
