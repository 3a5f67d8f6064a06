import type { ProfileNode } from "../../src/sandbox/call-tree.js";
import { fakeCounters, MIB } from "../results/fakes.js";

type Counted = Parameters<typeof fakeCounters>[0];

export function fakeNode(
  name: string,
  calls: number,
  counted: Counted = {},
  children: ProfileNode[] = [],
): ProfileNode {
  return { name, calls, counters: fakeCounters(counted), children };
}

/** Two ways to one function, a function that does nothing itself, and one in which nothing happens at all. */
export const fakeProfile: ProfileNode = fakeNode(
  "program",
  1,
  { faults: { zeroFill: 10 }, zeroed: { kernel: 40_960 } },
  [
    fakeNode("calloc", 100, {}, [
      fakeNode("mmap", 1, { syscalls: { mmap: 1 } }),
      fakeNode("bzero", 99, { zeroed: { allocator: 99 * MIB, needless: 98 * MIB } }),
      fakeNode("madvise", 99, { syscalls: { madviseFreeReuse: 99 } }),
    ]),
    fakeNode("free", 100, {}, [
      fakeNode("madvise", 200, { syscalls: { madviseCanReuse: 100, madviseFreeReusable: 100 } }),
      fakeNode("lock", 100),
    ]),
  ],
);
