/**
 * What compiled code and AssemblyScript's library call, by the names they know. Only asc knows the decorator, so this file
 * and the two with `__new` have nothing but calls.
 */
import { free } from "../heap/heap";
import { allocate, collect, link, pin, reallocate, resize, unpin, visit } from "../collector/collector";

/** Says that the heap has all memory: assembly/heap/host.ts. */
@global
export const ZP_RUNTIME: i32 = 1;

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
  if (block >= __heap_base) free(block);
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
