import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/base/errors.js";
import {
  CALLS,
  DRAINS,
  FREERS,
  ORDERS,
  type Pattern,
  SPREADS,
  TRIMS,
} from "../../../src/experiments/pattern/pattern.js";
import { patternPresets } from "../../../src/experiments/pattern/presets.js";
import { patternTrace } from "../../../src/experiments/pattern/trace.js";
import { collectTrace } from "../../../src/trace/collect.js";
import { readTrace } from "../../../src/trace/read.js";
import { writeTrace } from "../../../src/trace/write.js";

const plain: Pattern = {
  ...{ threads: 2, rounds: 1, blocks: 3, live: 0, drain: "one", min: 8, max: 8, spread: "steps" },
  ...{ steps: { block: 1103, thread: 331, round: 77 }, by: "malloc", written: 0, order: "first", keep: 0 },
  ...{ freer: "own", trim: "never", seed: 1 },
};

async function textOf(pattern: Pattern): Promise<string> {
  let text = "";
  for await (const bytes of writeTrace(patternTrace(pattern))) text += new TextDecoder().decode(bytes);
  return text;
}

const linesOf = async (changes: Partial<Pattern>) =>
  (await textOf({ ...plain, ...changes })).trim().split("\n");

/** Of lines that begin with a letter, the number that follows. */
const numbersAfter = (letter: string, lines: readonly string[]) =>
  lines.filter((line) => line.startsWith(`${letter} `)).map((line) => Number(line.split(" ")[1]));

test("threads allocate in turn, then free in turn, and end", async () => {
  expect(await linesOf({ blocks: 2 })).toEqual([
    ...["t 2", "a 0 8", "a 1 8", "t 3", "a 2 8", "a 3 8", "p peak"],
    ...["t 2", "f 0", "f 1", "t 3", "f 2", "f 3", "p freed", "t 1", "x 2", "x 3", "p ended"],
  ]);
});

test("a program without threads has the first do the work, and nobody to end", async () => {
  expect(await linesOf({ threads: 0, blocks: 1, by: "calloc", written: 0.5, trim: "ended" })).toEqual([
    ...["c 0 1 8", "w 0 0 4", "p peak", "f 0", "p freed", "k 0", "p freed and trimmed"],
  ]);
});

test("a consumer frees the oldest of those that are live, and ends first", async () => {
  expect(await linesOf({ threads: 1, blocks: 3, live: 2, freer: "consumer" })).toEqual([
    ...["t 2", "a 0 8", "p half-way", "a 1 8", "t 3", "f 0"],
    ...["t 2", "a 0 8", "p peak", "t 3", "f 1", "f 0", "p freed", "t 1", "x 3", "x 2", "p ended"],
  ]);
});

describe("blocks are freed", () => {
  const freed = async (changes: Partial<Pattern>) =>
    numbersAfter("f", await linesOf({ threads: 0, blocks: 6, ...changes }));

  test("the first first, the last first, or in an order that the seed says", async () => {
    expect(await freed({})).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await freed({ order: "last" })).toEqual([5, 4, 3, 2, 1, 0]);
    const orders = await Promise.all([1, 2, 3].map((seed) => freed({ order: "random", seed })));
    for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
  });

  test("but for the last of every so many", async () => {
    expect(await freed({ keep: 3 })).toEqual([0, 1, 3, 4]);
  });

  test("by the next thread, and the last one's by the first", async () => {
    const lines = await linesOf({ blocks: 1, freer: "next" });
    expect(lines.slice(5, 9)).toEqual(["f 0", "t 2", "f 1", "p freed"]);
    expect(lines[4]).toBe("p peak");
  });
});

describe("sizes", () => {
  const sizes = async (changes: Partial<Pattern>) =>
    (await linesOf({ threads: 0, ...changes }))
      .filter((line) => line.startsWith("a "))
      .map((line) => Number(line.split(" ")[2]));

  test("move on in steps, grow evenly, or double", async () => {
    expect(await sizes({ blocks: 3, min: 16, max: 1015 })).toEqual([347, 450, 553]);
    expect(await sizes({ blocks: 5, min: 10, max: 30, spread: "growing" })).toEqual([10, 15, 20, 25, 30]);
    expect(await sizes({ blocks: 5, min: 16, max: 100, spread: "doubling" })).toEqual([16, 32, 64, 100, 100]);
  });
});

const patterns: fc.Arbitrary<Pattern> = fc.record({
  threads: fc.integer({ min: 2, max: 5 }),
  rounds: fc.integer({ min: 1, max: 3 }),
  blocks: fc.integer({ min: 1, max: 40 }),
  live: fc.integer({ min: 0, max: 10 }),
  drain: fc.constantFrom(...DRAINS),
  min: fc.integer({ min: 1, max: 100 }),
  max: fc.integer({ min: 100, max: 10_000 }),
  spread: fc.constantFrom(...SPREADS),
  steps: fc.constant(plain.steps),
  by: fc.constantFrom(...CALLS),
  written: fc.constantFrom(0, 0.3, 1),
  order: fc.constantFrom(...ORDERS),
  keep: fc.integer({ min: 0, max: 7 }),
  freer: fc.constantFrom(...FREERS),
  trim: fc.constantFrom(...TRIMS),
  seed: fc.integer({ min: 0, max: 1000 }),
});

test("any pattern is the same twice, reads as it was written, and frees all it does not keep", async () => {
  await fc.assert(
    fc.asyncProperty(patterns, async (pattern) => {
      const trace = patternTrace(pattern);
      const [once, again] = [await collectTrace(trace), await collectTrace(trace)];
      expect(again.records).toEqual(once.records);
      const text = await textOf(pattern);
      expect((await collectTrace(await readTrace(text))).records).toEqual(once.records);
      checkCounts(pattern, text.trim().split("\n"));
    }),
    { numRuns: 60 },
  );
});

function checkCounts(pattern: Pattern, lines: readonly string[]): void {
  const { threads, rounds, blocks, keep, live, freer, min, max } = pattern;
  const allocations = lines.filter((line) => /^[ac] /.test(line));
  const each = keep > 0 ? Math.floor(blocks / keep) : 0;
  expect(allocations).toHaveLength(threads * rounds * blocks);
  expect(numbersAfter("f", lines)).toHaveLength(threads * rounds * (blocks - each));
  expect(numbersAfter("x", lines)).toHaveLength(freer === "consumer" ? 2 * threads : threads);
  for (const line of allocations) {
    const bytes = Number(line.split(" ").at(-1));
    expect(bytes).toBeGreaterThanOrEqual(min);
    expect(bytes).toBeLessThanOrEqual(max);
  }
  if (live > 0) expect(mostLive(lines)).toBeLessThanOrEqual(threads * (live + rounds * each));
}

function mostLive(lines: readonly string[]): number {
  let [now, most] = [0, 0];
  for (const line of lines) {
    if (/^[ac] /.test(line)) most = Math.max(most, ++now);
    else if (line.startsWith("f ")) now--;
  }
  return most;
}

test.each<[string, Partial<Pattern>]>([
  ["--freer", { threads: 1, freer: "next" }],
  ["--freer", { threads: 0, freer: "consumer" }],
  ["--size", { min: 9, max: 8 }],
  ["--size", { max: 2 ** 40 }],
  ["--threads", { threads: 40_000 }],
])("what cannot be is refused, and %s named: %j", (flag, changes) => {
  const make = () => patternTrace({ ...plain, ...changes });
  expect(make).toThrow(UsageError);
  expect(make).toThrow(flag);
});

test("no two presets have one name", () => {
  expect(new Set(patternPresets.map(({ name }) => name)).size).toBe(patternPresets.length);
});
