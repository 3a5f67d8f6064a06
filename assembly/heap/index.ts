/**
 * What programs of AssemblyScript import: `import { malloc, free } from "zeropage/assembly/heap"`. Where our runtime is in
 * the program, the heap is there already, compiled from the same files at what asc takes for another place.
 */
import * as own from "./heap";
import * as ownMisuse from "./misuse";
import * as ownScrub from "./scrub";
import * as ownStatistics from "./statistics";

export function aligned_alloc(align: usize, bytes: usize): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_aligned_alloc(align, bytes);
  return own.aligned_alloc(align, bytes);
}

export function calloc(count: usize, size: usize): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_calloc(count, size);
  return own.calloc(count, size);
}

export function free(pointer: usize): void {
  if (isDefined(ZP_RUNTIME)) __zp_free(pointer);
  else own.free(pointer);
}

export function malloc(bytes: usize): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_malloc(bytes);
  return own.malloc(bytes);
}

export function malloc_usable_size(pointer: usize): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_malloc_usable_size(pointer);
  return own.malloc_usable_size(pointer);
}

export function memalign(align: usize, bytes: usize): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_memalign(align, bytes);
  return own.memalign(align, bytes);
}

export function posix_memalign(result: usize, align: usize, bytes: usize): i32 {
  if (isDefined(ZP_RUNTIME)) return __zp_posix_memalign(result, align, bytes);
  return own.posix_memalign(result, align, bytes);
}

export function realloc(pointer: usize, bytes: usize): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_realloc(pointer, bytes);
  return own.realloc(pointer, bytes);
}

export function misuse(): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_misuse();
  return ownMisuse.misuse();
}

export function misused(): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_misused();
  return ownMisuse.misused();
}

export function statistics(): usize {
  if (isDefined(ZP_RUNTIME)) return __zp_statistics();
  return ownStatistics.statistics();
}

export function scrub(): void {
  if (isDefined(ZP_RUNTIME)) __zp_scrub();
  else ownScrub.scrub();
}

export function trim(): void {
  if (isDefined(ZP_RUNTIME)) __zp_trim();
  else ownScrub.trim();
}
