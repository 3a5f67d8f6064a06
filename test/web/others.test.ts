/** The program on more than two allocators: the library's figures, each on one scale. */
import { expect, it } from "vitest";
import { replayTrace, runCallocLoop } from "../../src/index.js";
import { runOnOthers } from "../../src/web/others.js";
import { parseChoice } from "../../src/web/state.js";
import { loopTape, tapeTrace } from "../../src/web/tape.js";

const MIB = 2 ** 20;
const NONE = () => {};

it("is run on what was chosen, and once on all others of real systems", async () => {
  const chosen = ["glibc:mmapThreshold=1000", "lazy", "libmalloc"].map(parseChoice);
  const tape = loopTape(3 * MIB, 0.5, 4);
  const told: unknown[] = [];
  const job = { tape, touch: "none", chosen, subtitle: "a loop" } as const;
  const { svg, results, failures } = await runOnOthers(job, (progress) => told.push(progress));
  expect(results.map(({ allocator }) => allocator)).toEqual([
    ...["glibc", "lazy", "libmalloc", "glibc", "jemalloc", "mimalloc", "tcmalloc"],
  ]);
  expect(failures).toEqual([]);
  for (const { allocator: model, options, counters } of results) {
    const trace = tapeTrace(tape);
    const { result } = await replayTrace({ model, options, trace, touch: "none" });
    expect(counters, model).toEqual(result.counters);
  }
  const { counters } = await runCallocLoop({ model: "libmalloc", bytes: 3 * MIB, count: 4, written: 0.5 });
  expect(results[2]?.counters).toEqual(counters);
  expect(svg.match(/resident at the peak/g)).toHaveLength(results.length);
  expect(told).toContainEqual({ done: 6, total: 7 });
});

it("goes on where one cannot run it, or not all of it, and says so", async () => {
  const chosen = ["glibc:memory=64KiB:overcommit=always", "naive:memory=64KiB"].map(parseChoice);
  const job = { tape: loopTape(3 * MIB, 1, 2), touch: "none", chosen, subtitle: "" } as const;
  const { results, failures } = await runOnOthers(job, NONE);
  expect(results.map(({ allocator, options }) => [allocator, Object.keys(options).length])).toEqual([
    ["naive", 1],
    ...["glibc", "jemalloc", "mimalloc", "tcmalloc", "libmalloc"].map((name) => [name, 0]),
  ]);
  expect(failures).toEqual([
    expect.stringMatching(/^glibc:memory=64KiB:overcommit=always: .*memory/),
    "naive:memory=64KiB: allocations that failed: 2.",
  ]);
});
