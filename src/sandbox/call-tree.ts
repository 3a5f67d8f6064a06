/** A tree of call paths: who called whom, and what happened there. */

import type { Counters } from "../allocator/counters.js";
import type { KernelKind } from "../allocator/machine.js";
import type { CallPath } from "./instance.js";

/** One function on one call path, and what happened in it, not in what it calls. */
export interface ProfileNode {
  /** In the words of the allocator and the kernel that are modelled. */
  name: string;
  calls: number;
  /**
   * Its own events. Gauges are what it changed them by. `faults.needless` may be negative where the
   * program uses pages that the allocator's zeroing faulted in.
   */
  counters: Counters;
  children: ProfileNode[];
}

/** What every machine knows, in the order of assembly/machine/paths.ts; a model's functions follow. */
const FUNCTIONS: Record<KernelKind, readonly string[]> = {
  linux: [
    ...[
      "program",
      "malloc",
      "calloc",
      "realloc",
      "free",
      "aligned_alloc",
      "malloc_usable_size",
      "malloc_trim",
    ],
    ...["mmap", "munmap", "mremap", "brk", "madvise", "mincore", "vm_copy", "memset", "memcpy"],
  ],
  darwin: [
    ...["program", "malloc", "calloc", "realloc", "free", "aligned_alloc", "malloc_size"],
    ...["malloc_zone_pressure_relief", "mach_vm_map", "mach_vm_deallocate", "mremap", "brk", "madvise"],
    ...["mincore", "vm_copy", "bzero", "memmove"],
  ],
};

/** The tree of a list of paths, each of which comes after the one it was called from. What never ran is left out. */
export function callTree(
  paths: readonly CallPath[],
  kernel: KernelKind,
  functions: readonly string[],
): ProfileNode {
  const names = [...FUNCTIONS[kernel], ...functions];
  const nodes = paths.map(
    ({ fn, calls, counters }): ProfileNode => ({
      name: names[fn] ?? `function ${fn}`,
      calls,
      counters,
      children: [],
    }),
  );
  paths.forEach(({ caller, calls }, path) => {
    if (path > 0 && calls > 0) nodes[caller]?.children.push(nodes[path] as ProfileNode);
  });
  return { ...(nodes[0] as ProfileNode), calls: 1 };
}
