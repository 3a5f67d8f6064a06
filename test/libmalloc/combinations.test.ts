/** Every combination of libmalloc's options there could be in earnest keeps the promises of an allocator. */
import { describe, expect, it } from "vitest";
import { addCounters, type Counters } from "../../src/allocator/counters.js";
import type { ProfileNode } from "../../src/sandbox/call-tree.js";
import { openModel } from "../../src/sandbox/open.js";
import { SuspiciousProgram } from "../conformance/program.js";
import { some } from "../thorough.js";

const CALLS = 150;
const GIB = 2 ** 30;
const VERSIONS = [116, 166, 283, 425, 792];
const OPTIONS = {
  cpus: [1, 4, 32],
  cache: ["on", "off"],
  zeroing: ["always", "dirty", "discard"],
  pageSize: [4096, 16384],
  memory: [8 * GIB, 64 * GIB],
};

/** All ways to choose a value for each option. */
function combinations(options: Record<string, readonly (string | number)[]>) {
  return Object.entries(options).reduce<Record<string, string | number>[]>(
    (chosen, [name, values]) =>
      chosen.flatMap((others) => values.map((value) => ({ ...others, [name]: value }))),
    [{}],
  );
}

const total = (node: ProfileNode): Counters => node.children.map(total).reduce(addCounters, node.counters);

describe.each(VERSIONS)("version %i", (version) => {
  const isClearing = version >= 425;
  const more = {
    tinyZeroing: isClearing ? ["free", "alloc"] : ["free"],
    nano: version > 116 ? ["on", "off"] : ["off"],
  };
  it.each(some(combinations({ ...OPTIONS, ...more }), 32))(
    "cpus $cpus, cache $cache, zeroing $zeroing, pages of $pageSize, memory $memory",
    async (options) => {
      const sandbox = await openModel("libmalloc", { ...options, version, check: true });
      new SuspiciousProgram(sandbox, 0x5eed + version).run(CALLS);
      sandbox.check();
      const counters = sandbox.counters();
      expect(counters.bytes.inUse).toBe(0);
      const { bytes: _, ...booked } = total(sandbox.profile());
      expect(counters).toMatchObject(booked);
    },
  );
});
