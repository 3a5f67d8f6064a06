/** Our runtimes for AssemblyScript, beside its own. */
import { describe, expect, it } from "vitest";
import { compile, OURS, open } from "./compile.js";
import { CHURN, FINALIZED, GRAPH, GROWING, IMPORTING, LIBRARY } from "./programs.js";
import { Steady, WARM_UP } from "./steady.js";

const THEIRS = "incremental";

describe.each(OURS)("the runtime %s", (runtime) => {
  it.each([
    ["uses what the library has", LIBRARY, 5000],
    ["changes a graph", GRAPH, 20_000],
  ])("is to a program that %s what AssemblyScript's own is", async (_, source, count) => {
    const [one, other] = await Promise.all(
      [runtime, THEIRS].map(async (name) => open(await compile(source, name))),
    );
    for (let round = 0; round < 5; round++) {
      expect(one?.run(count)).toBe(other?.run(count));
      one?.collect();
    }
  });

  it("frees what is not pinned, and nothing else", async () => {
    const program = await open(await compile(FINALIZED, runtime));
    const kept = Array.from({ length: 100 }, (_, i) => program.pin(program.call("make", i)));
    program.call("makeMany", 1000);
    program.collect();
    program.collect();
    expect(program.call("freedCount")).toBe(1000);
    expect(kept.map((box) => program.call("valueOf", box))).toEqual(kept.map((_, i) => i));
    for (const box of kept.slice(0, 60)) program.unpin(box);
    program.collect();
    program.collect();
    expect(program.call("freedCount")).toBe(1060);
    expect(kept.slice(60).map((box) => program.call("valueOf", box))).toEqual(
      Array.from({ length: 40 }, (_, i) => 60 + i),
    );
  });

  it("says when a reference is pinned twice, or not pinned", async () => {
    const program = await open(await compile(FINALIZED, runtime));
    const box = program.pin(program.call("make", 1));
    expect(() => program.pin(box)).toThrow("Object already pinned");
    program.unpin(box);
    expect(() => program.unpin(box)).toThrow("Object is not pinned");
  });

  it("makes zero what an array grows by", async () => {
    const program = await open(await compile(GROWING, runtime));
    for (let round = 0; round < 5; round++) {
      program.run(2000);
      program.collect();
    }
  });

  it("is the heap of what imports it too", async () => {
    const program = await open(await compile(IMPORTING, runtime));
    const theirs = await open(await compile(IMPORTING, THEIRS));
    expect(program.run(20_000)).toBe(theirs.run(20_000));
  });

  it("has a heap that is as it was whenever all objects have been dropped", async () => {
    const steady = await Steady.open(runtime, 1);
    for (let round = 0; round < WARM_UP + 20; round++) steady.round();
    expect(steady.liveBytes).toBeLessThan(10_000);
  });

  it.each([
    ["an object that a global refers to", "forgotten.push(world)", "bytes live"],
    ["16 bytes that nobody frees", "malloc(16)", "bytes live"],
    ["a page of memory that is nobody's", "memory.grow(1)", "memory grew"],
  ])("would be seen to lose %s", async (_, planted, words) => {
    const steady = await Steady.open(runtime, 1, planted);
    const run = () => {
      for (let round = 0; round <= WARM_UP; round++) steady.round();
    };
    expect(run).toThrow(words);
  });

  it("exports no more than AssemblyScript's own", async () => {
    const names = async (name: string) =>
      WebAssembly.Module.exports(new WebAssembly.Module((await compile(LIBRARY, name)) as BufferSource)).map(
        ({ name }) => name,
      );
    expect((await names(runtime)).sort()).toEqual((await names(THEIRS)).sort());
  });
});

it("the heap of a program that makes objects for millions of operations stays as large as it was", async () => {
  const program = await open(await compile(CHURN, OURS[0] as string));
  program.run(1_500_000);
  const pages = program.call("pages");
  program.run(1_500_000);
  // What lives at once is random, and so is the most of it. But to lose a thousandth of what is made would show.
  expect(program.call("pages")).toBeLessThanOrEqual(1.25 * pages);
  expect(pages).toBeLessThan(50);
});

it("the heap is beside AssemblyScript's own, and has nothing of its memory", async () => {
  const program = await open(await compile(IMPORTING, THEIRS));
  const text = program.run(50_000);
  expect(text).toBe((await open(await compile(IMPORTING, OURS[0] as string))).run(50_000));
  expect(program.call("inUse")).toBeGreaterThan(0);
});
