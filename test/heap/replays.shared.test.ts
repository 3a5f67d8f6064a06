/** Both real traces and a made one of each kind on the heap, with the contents of every object verified. */
import { describe, expect, it } from "vitest";
import { openWasmAllocator } from "../../src/index.js";
import { generateTrace } from "../../src/trace/generate.js";
import { parseWorkload, workloadPresets } from "../../src/trace/workload.js";
import { openTrace } from "../foreign/replays.js";
import { BUILDS, heapBytes } from "./heap.js";

const MADE = workloadPresets.map(({ name }) => name);

describe.each(BUILDS)("%s", (build) => {
  it.each(["cc1", "git-log"])("keeps what %s stores", async (name) => {
    const heap = await openWasmAllocator(await heapBytes(build));
    expect(heap.notes).toEqual([]);
    const { failedAllocations } = await heap.replay(await openTrace(name), { verify: true });
    expect(failedAllocations).toBe(0);
  });

  it.each(MADE)("keeps what the workload %s stores", async (name) => {
    const heap = await openWasmAllocator(await heapBytes(build));
    const trace = generateTrace(parseWorkload(`${name}:aligned=5`));
    const { failedAllocations } = await heap.replay(trace, { verify: true });
    expect(failedAllocations).toBe(0);
  });
});
