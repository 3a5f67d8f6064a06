import { createHash } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { OptionError } from "../../src/base/errors.js";
import { collectTrace } from "../../src/trace/collect.js";
import { generateTrace } from "../../src/trace/generate.js";
import { bytesAsked, type Operation, OpKind, TraceRecords } from "../../src/trace/records.js";
import { parseWorkload, workloadPresets } from "../../src/trace/workload.js";

/** All operations of a workload as written. */
async function operationsOf(text: string): Promise<Operation[]> {
  const { records, count } = await collectTrace(generateTrace(parseWorkload(text)));
  const read = new TraceRecords(records);
  return Array.from({ length: count }, (_, i) => read.read(i));
}

const kinds = (operations: Operation[], kind: OpKind) => operations.filter((one) => one.kind === kind);
const sizesOf = (operations: Operation[]) =>
  operations
    .filter(({ kind }) => kind !== OpKind.free)
    .map(({ kind, first, second }) => bytesAsked(kind, first, second));

/** Objects alive after each operation. */
function aliveAfter(operations: Operation[]): number[] {
  let alive = 0;
  return operations.map(({ kind }) => {
    if (kind === OpKind.free) alive--;
    else if (kind !== OpKind.realloc) alive++;
    return alive;
  });
}

describe("a workload", () => {
  // What a name stands for is for good: results name it.
  test.each([
    ["mixed", "66e8ace2033648bc"],
    ["zipf", "a9484e9084389d21"],
    ["bursts", "bb91aa3b3bdc188d"],
    ["fifo", "2bcb3789b4a323c2"],
    ["lifo", "dc7108083237f29d"],
    ["reallocs", "7593c3639b9dcfa2"],
    ["large", "d9c144569d937afc"],
    ["zipf:ops=5000:live=50:aligned=10:realloc=5:seed=7", "c6992170e5471f18"],
  ])("%s is the same trace on every host", async (text, digest) => {
    const { records } = await collectTrace(generateTrace(parseWorkload(text)));
    expect(createHash("sha256").update(records).digest("hex").slice(0, 16)).toBe(digest);
  });

  it.each(workloadPresets)("$name has as many operations as it says, and its sizes", async ({ name }) => {
    const { ops, min, max } = parseWorkload(name);
    const operations = await operationsOf(name);
    expect(operations).toHaveLength(ops);
    const sizes = sizesOf(operations);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(min);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(max);
    expect(new Set(sizes).size).toBeGreaterThan(10);
  });

  it("can be read again, and in chunks", async () => {
    const trace = generateTrace(parseWorkload("zipf:ops=10000"));
    expect(await collectTrace(trace)).toEqual(await collectTrace(trace));
    const counts: number[] = [];
    for await (const { count } of trace) counts.push(count);
    expect(counts).toEqual([4096, 4096, 1808]);
  });

  it("is another with another seed", async () => {
    expect(await operationsOf("zipf:ops=100:seed=1")).not.toEqual(await operationsOf("zipf:ops=100:seed=2"));
    expect(await operationsOf("zipf:ops=100:seed=0")).toHaveLength(100);
  });

  it("asks for the k-th size a k-th as often, if it is zipf's", async () => {
    const sizes = sizesOf(await operationsOf("zipf:ops=200000"));
    const times = (bytes: number) => sizes.filter((one) => one === bytes).length;
    expect(times(16) / times(20)).toBeCloseTo(2, 0);
    expect(times(16) / times(24)).toBeCloseTo(3, 0);
  });

  it("frees the oldest or the newest first, if it says so", async () => {
    const queue: number[] = [];
    for (const { kind, slot } of await operationsOf("fifo:ops=5000:live=10")) {
      if (kind === OpKind.free) expect(queue.shift()).toBe(slot);
      else queue.push(slot);
    }
    const stack: number[] = [];
    for (const { kind, slot } of await operationsOf("lifo:ops=5000:live=10")) {
      if (kind === OpKind.free) expect(stack.pop()).toBe(slot);
      else stack.push(slot);
    }
  });

  it("keeps about as many objects alive as it says", async () => {
    for (const name of ["mixed", "zipf", "lifo"]) {
      const alive = aliveAfter(await operationsOf(`${name}:ops=50000:live=300`)).slice(10_000);
      const mean = alive.reduce((sum, one) => sum + one, 0) / alive.length;
      expect(mean).toBeGreaterThan(270);
      expect(mean).toBeLessThan(330);
    }
    for (const name of ["fifo", "bursts"]) {
      expect(Math.max(...aliveAfter(await operationsOf(`${name}:ops=9000:live=300`)))).toBe(300);
    }
    const waves = aliveAfter(await operationsOf("bursts:ops=9000:live=320")).slice(320);
    expect(Math.min(...waves)).toBe(20);
  });

  it("has the share of each kind that it says", async () => {
    const operations = await operationsOf("zipf:ops=50000:calloc=20%:aligned=10:realloc=30");
    const made = operations.filter(({ kind }) => kind !== OpKind.free && kind !== OpKind.realloc).length;
    expect(kinds(operations, OpKind.realloc).length / 50_000).toBeCloseTo(0.3, 1);
    expect(kinds(operations, OpKind.calloc).length / made).toBeCloseTo(0.2, 1);
    expect(kinds(operations, OpKind.aligned).length / made).toBeCloseTo(0.1, 1);
    expect(new Set(kinds(operations, OpKind.aligned).map(({ first }) => first))).toEqual(
      new Set([16, 32, 64, 128, 256]),
    );
  });

  it("grows buffers by half until they are large, and then frees them", async () => {
    const bytes = new Map<number, number>();
    let grown = 0;
    for (const { kind, slot, first, second } of await operationsOf("reallocs")) {
      if (kind === OpKind.realloc) {
        const before = bytes.get(slot) as number;
        expect(second).toBe(before + Math.max(1, Math.floor(before / 2)));
        grown++;
      }
      if (kind !== OpKind.free) bytes.set(slot, bytesAsked(kind, first, second));
    }
    expect(grown).toBeGreaterThan(5000);
  });

  it("of one size has one", async () => {
    for (const spread of ["log", "uniform", "zipf"]) {
      const sizes = sizesOf(await operationsOf(`mixed:ops=500:min=48:max=48:sizes=${spread}`));
      expect(new Set(sizes)).toEqual(new Set([48]));
    }
  });
});

describe("a workload is refused, with what to write,", () => {
  test.each([
    ["", 'there is no workload ""; there are mixed, zipf, bursts, fifo, lifo, reallocs and large'],
    ["zipf:", '"" is not an option: write zipf:ops=200000:seed=7'],
    ["zipf:ops=0", 'zipf:ops cannot be "0"; it is a whole number from 1'],
    ["zipf:ops=1e3", 'zipf:ops cannot be "1e3"'],
    ["zipf:size=3", 'a workload has no option "size"; it takes ops, live, min, max,'],
    ["zipf:toString=3", 'a workload has no option "toString"'],
    ["zipf:max=big", 'zipf:max cannot be "big"; it is a size of 1 byte to 1GiB'],
    ["zipf:max=2GiB", 'zipf:max cannot be "2GiB"; it is a size of 1 byte to 1GiB'],
    ["zipf:min=1MiB", '"zipf:min=1MiB" has a least size above the largest: set min and max'],
    ["zipf:life=short", 'zipf:life cannot be "short"; it is one of random, young, fifo, lifo, bursts'],
    ["zipf:calloc=60:aligned=60", "calloc and aligned of more than 100% together: lower one"],
    ["zipf:seed=1:seed=2", "sets seed twice"],
  ])("%j", (text, message) => {
    expect(() => parseWorkload(text)).toThrow(OptionError);
    expect(() => parseWorkload(text)).toThrow(message);
  });
});
