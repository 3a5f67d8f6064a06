/** The host, which has the memory, and the linker, which knows how much there is when a program begins. */

export const WASM_PAGE_SHIFT = 16;
const WASM_PAGE: u32 = 1 << WASM_PAGE_SHIFT;
/** The last page is never used, so that every end is a u32. */
export const MOST_PAGES: u32 = 65535;

/** The runtime of programs that make no objects: ~lib/shared/runtime. */
const STUB = 0;

/** At where memory ends when the program begins. Linkers before those of LLVM 15 do not tell: it is at 0 then. */
declare const __heap_end: usize;
/** Emscripten's JavaScript keeps views of the memory. Growth detaches them, and this makes new ones. */
declare function emscripten_notify_memory_growth(memoryIndex: u32): void;

/**
 * Lets memory go: it costs nothing until it is touched again, and then it is zero. As memory.discard of WebAssembly's
 * memory-control proposal. Called by builds with ZP_DISCARD. Both are multiples of 64 KiB.
 */
export declare function discard(address: usize, bytes: usize): void;

/** Where memory ends that is of use. */
export function memoryEnd(): usize {
  return min(<u32>memory.size(), MOST_PAGES) << WASM_PAGE_SHIFT;
}

/** Whether AssemblyScript's own heap may be in the same program. It takes all the memory there is when it begins. */
const IS_SECOND = ASC_RUNTIME != STUB && !isDefined(ZP_RUNTIME);

/** Where the heap begins: behind the statics, or where memory ends. */
export function heapBase(): usize {
  if (!IS_SECOND) return __heap_base;
  heap.free(heap.alloc(0)); // so that it has begun
  return memoryEnd();
}

/** Where memory ended before anybody grew it, if that is known; else where it ends. */
export function firstMemoryEnd(): usize {
  if (isDefined(ZP_LINKED) && __heap_end) return __heap_end;
  return memoryEnd();
}

export function pagesFor(bytes: usize): i32 {
  return <i32>((bytes + (WASM_PAGE - 1)) >> WASM_PAGE_SHIFT);
}

/** Grows the memory. Returns false if the host refuses. */
export function growMemory(pages: i32): bool {
  if (memory.grow(pages) < 0) return false;
  if (isDefined(ZP_EMSCRIPTEN)) emscripten_notify_memory_growth(0);
  return true;
}
