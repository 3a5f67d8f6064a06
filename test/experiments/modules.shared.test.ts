/** Scenarios on modules of others: counted by the meter, the same on every host. */
import { describe, expect, it, vi } from "vitest";
import {
  findCliffs,
  findCostKind,
  OptionError,
  openWasmAllocator,
  replayTrace,
  runCallocLoop,
} from "../../src/index.js";
import { fixtureBytes, openTrace } from "../foreign/replays.js";

// On a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const MIB = 2 ** 20;
const PAGE = 4096;
const module = (name: string) => new URL(`../foreign/built/${name}.wasm`, import.meta.url).href;

describe("a module as the allocator of a scenario", () => {
  it("runs the untouched loop, whose clearing is needless", async () => {
    const { counters, cost, simulated } = await runCallocLoop({
      ...{ model: module("as-tlsf"), bytes: MIB, count: 600, written: 0 },
    });
    expect(counters.calls).toBe(1200);
    expect(counters.zeroed.allocator).toBe(600 * MIB);
    // All but the links that TLSF keeps in the block while it is free.
    expect(counters.zeroed.allocator - counters.zeroed.needless).toBeLessThan(600 * 16);
    expect(counters.faults).toMatchObject({ zeroFill: Number.NaN, needless: 253 });
    expect(counters.bytes.resident).toBe(counters.touched.written * PAGE);
    expect({ cost, simulated }).toEqual({ cost: "linear" });
  });

  it("is no finding where calloc is not zero", async () => {
    const wrong = /^calloc\(1, [\d,]+\) returned 0x[\da-f]+, which is not zero at offset 0$/;
    const run = { model: module("dirty"), bytes: MIB, count: 10, written: 0 };
    await expect(runCallocLoop(run)).rejects.toThrow(wrong);
    await expect(findCliffs({ model: module("dirty"), from: 1024, to: 4096 })).rejects.toThrow(wrong);
  });

  it("is needed where the program writes between", async () => {
    const { counters } = await runCallocLoop({
      ...{ model: module("llhttp"), bytes: MIB, count: 100, written: 1 },
    });
    const { allocator, needless } = counters.zeroed;
    expect(allocator).toBe(100 * MIB);
    // The first time only, and but for what a header left there.
    expect(needless).toBeLessThanOrEqual(MIB);
    expect(needless).toBeGreaterThan(MIB - 16);
  });

  it("has no cliff where calloc clears at every size", async () => {
    const run = { model: module("as-tlsf"), from: 1024, to: MIB };
    const { cliffs, points, costs, notes } = await findCliffs(run);
    expect({ cliffs, costs, notes }).toEqual({ cliffs: [], costs: undefined, notes: undefined });
    const largest = points.at(-1);
    expect(largest).toMatchObject({ bytes: MIB, cost: "linear", faults: 0, simulatedSeconds: Number.NaN });
    expect(largest?.first.faults).toBeGreaterThan(250);
  });

  it("tells how cost grows about one size, of a module that is no file and may not have all memory", async () => {
    const bytes = await fixtureBytes("as-tlsf");
    const open = () => openWasmAllocator(bytes, { meter: true, memoryBytes: 4 * MIB });
    const of = (bytes: number) => findCostKind({ model: "mine", open, bytes, written: 0 });
    expect(await of(MIB)).toBe("linear");
    expect(await of(8 * MIB)).toBeUndefined();
    const sizes: number[] = [];
    const onProgress = (done: number, total: number) => sizes.push(done / total);
    const { allocator, points } = await findCliffs({
      model: "mine",
      open,
      from: MIB,
      to: 8 * MIB,
      onProgress,
    });
    expect(allocator).toBe("mine");
    expect(points.at(-1)?.bytes).toBeGreaterThan(2 * MIB);
    expect(points.at(-1)?.bytes).toBeLessThan(4 * MIB);
    expect(sizes.length).toBeGreaterThan(10);
  });

  it("replays a trace", async () => {
    const run = { model: module("llhttp"), trace: await openTrace("git-log"), touch: "pages" as const };
    const { result } = await replayTrace(run);
    expect(result.parameters).toMatchObject({ operations: 150_974, failedAllocations: 0 });
    expect(result.counters.zeroed).toMatchObject({ allocator: 25_515_492, needless: 2_140_968 });
    expect(result.simulated).toBeUndefined();
    // What it imports as a parser of HTTP.
    expect(result.notes).toEqual([expect.stringContaining("traps if it calls that: env.wasm_on_headers_")]);
  });

  it("may have functions of other names", async () => {
    const options = { malloc: "take", free: "give", convention: "c" };
    const { counters, ...result } = await runCallocLoop({
      ...{ model: module("named"), bytes: 4096, count: 10, written: 0, options },
    });
    expect(result.options).toEqual(options);
    expect(counters.zeroed.allocator).toBe(40_960);
    const wrong = { model: module("named"), options: { malloc: "take", free: "give", convention: "d" } };
    await expect(findCliffs(wrong)).rejects.toThrow("convention takes one of c, sized");
  });

  it("takes no options of a machine", async () => {
    const run = { model: module("llhttp"), bytes: 1, count: 1, written: 0, options: { memory: 1 } };
    await expect(runCallocLoop(run)).rejects.toThrow(OptionError);
    await expect(runCallocLoop(run)).rejects.toThrow('a wasm module has no option "memory"; it takes malloc');
  });
});
