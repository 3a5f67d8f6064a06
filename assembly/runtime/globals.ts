/**
 * What compiled code and AssemblyScript's library call, by the names they know. Only asc knows the decorator, so this file
 * and the two with `__new` have nothing but calls.
 */
import * as heap from "../heap/heap";
import * as misuse from "../heap/misuse";
import * as scrub from "../heap/scrub";
import { statistics } from "../heap/statistics";
import { allocate, collect, link, pin, reallocate, resize, unpin, visit } from "../collector/collector";

@global @unsafe
export function __alloc(bytes: usize): usize {
  return allocate(bytes);
}

@global @unsafe
export function __realloc(block: usize, bytes: usize): usize {
  return reallocate(block, bytes);
}

@global @unsafe
export function __free(block: usize): void {
  if (block >= __heap_base) heap.free(block);
}

@global @unsafe
export function __renew(reference: usize, bytes: usize): usize {
  return resize(reference, bytes);
}

@global @unsafe
export function __link(parent: usize, child: usize, expectMultiple: bool): void {
  link(parent, child);
}

@global @unsafe
export function __visit(reference: usize, cookie: u32): void {
  visit(reference);
}

@global @unsafe
export function __pin(reference: usize): usize {
  if (reference) pin(reference);
  return reference;
}

@global @unsafe
export function __unpin(reference: usize): void {
  if (reference) unpin(reference);
}

@global @unsafe
export function __collect(): void {
  collect();
}

/** Says that all memory is this heap's, which what is imported is to be too: assembly/heap/index.ts. */
@global
export const ZP_RUNTIME: i32 = 1;

@global @unsafe
export function __zp_aligned_alloc(align: usize, bytes: usize): usize {
  return heap.aligned_alloc(align, bytes);
}

@global @unsafe
export function __zp_calloc(count: usize, size: usize): usize {
  return heap.calloc(count, size);
}

@global @unsafe
export function __zp_free(pointer: usize): void {
  heap.free(pointer);
}

@global @unsafe
export function __zp_malloc(bytes: usize): usize {
  return heap.malloc(bytes);
}

@global @unsafe
export function __zp_malloc_usable_size(pointer: usize): usize {
  return heap.malloc_usable_size(pointer);
}

@global @unsafe
export function __zp_memalign(align: usize, bytes: usize): usize {
  return heap.memalign(align, bytes);
}

@global @unsafe
export function __zp_posix_memalign(result: usize, align: usize, bytes: usize): i32 {
  return heap.posix_memalign(result, align, bytes);
}

@global @unsafe
export function __zp_realloc(pointer: usize, bytes: usize): usize {
  return heap.realloc(pointer, bytes);
}

@global @unsafe
export function __zp_misuse(): usize {
  return misuse.misuse();
}

@global @unsafe
export function __zp_misused(): usize {
  return misuse.misused();
}

@global @unsafe
export function __zp_statistics(): usize {
  return statistics();
}

@global @unsafe
export function __zp_scrub(): void {
  scrub.scrub();
}

@global @unsafe
export function __zp_trim(): void {
  scrub.trim();
}
