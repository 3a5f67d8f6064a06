/** A tree of call paths: who called whom, and what happened there. */

import { Fn } from "#shared/counters";
import type { Counters } from "../allocator/counters.js";
import type { KernelKind } from "../allocator/machine.js";
import type { CallPath } from "./instance.js";

/** One function on one call path, and what happened in it, not in what it calls. */
export interface ProfileNode {
  /** Its name in the real allocator or kernel. */
  name: string;
  calls: number;
  /**
   * Its own events. Gauges are what it changed them by. `faults.needless` may be negative where the
   * program uses pages that the allocator's zeroing faulted in.
   */
  counters: Counters;
  children: ProfileNode[];
}

type Names = Record<Exclude<Fn, Fn.FirstOfModel>, string>;

const LINUX_NAMES: Names = {
  [Fn.Program]: "program",
  [Fn.Malloc]: "malloc",
  [Fn.Calloc]: "calloc",
  [Fn.Realloc]: "realloc",
  [Fn.Free]: "free",
  [Fn.Aligned]: "aligned_alloc",
  [Fn.UsableSize]: "malloc_usable_size",
  [Fn.Trim]: "malloc_trim",
  [Fn.EndThread]: "pthread_exit",
  [Fn.Mmap]: "mmap",
  [Fn.Munmap]: "munmap",
  [Fn.Mremap]: "mremap",
  [Fn.Brk]: "brk",
  [Fn.Madvise]: "madvise",
  [Fn.Mincore]: "mincore",
  [Fn.VmCopy]: "vm_copy",
  [Fn.Mprotect]: "mprotect",
  [Fn.Fork]: "fork",
  [Fn.Exit]: "exit",
  [Fn.Read]: "read",
  [Fn.Write]: "write",
  [Fn.Send]: "send",
  [Fn.Sendfile]: "sendfile",
  [Fn.Fadvise]: "posix_fadvise",
  [Fn.Fsync]: "fsync",
  [Fn.Clear]: "memset",
  [Fn.Copy]: "memcpy",
};

/** The functions of every machine, by number. A model's own functions follow them. */
const FUNCTIONS: Record<KernelKind, Names> = {
  linux: LINUX_NAMES,
  darwin: {
    ...LINUX_NAMES,
    [Fn.UsableSize]: "malloc_size",
    [Fn.Trim]: "malloc_zone_pressure_relief",
    [Fn.Mmap]: "mach_vm_map",
    [Fn.Munmap]: "mach_vm_deallocate",
    [Fn.Clear]: "bzero",
    [Fn.Copy]: "memmove",
  },
};

/**
 * Makes a tree of call paths, each of which comes after its caller's. Leaves out what never ran. `calls` are other names
 * of what the program calls.
 */
export function callTree(
  paths: readonly CallPath[],
  kernel: KernelKind,
  functions: readonly string[],
  calls: Readonly<Record<string, string>> = {},
): ProfileNode {
  const names = [...Object.values(FUNCTIONS[kernel]).map((name) => calls[name] ?? name), ...functions];
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
