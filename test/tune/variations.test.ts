/** The same trace where something is otherwise, by hand. */
import { expect, it } from "vitest";
import { collectTrace, traceOf } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";
import { writeTrace } from "../../src/trace/write.js";
import type { NamedTrace } from "../../src/tune/evaluate.js";
import { longer, reordered, variationsOf } from "../../src/tune/variations.js";

async function* bytesOf(lines: readonly string[]) {
  yield new TextEncoder().encode(`${lines.join("\n")}\n`);
}

const read = async (...lines: string[]): Promise<NamedTrace> => ({
  name: "by hand",
  ...(await collectTrace(await readTrace(bytesOf(lines)))),
});

async function written({ records, count, notes }: NamedTrace): Promise<string[]> {
  const text = new TextDecoder();
  let all = "";
  for await (const lines of writeTrace(traceOf([{ records, count }], notes))) all += text.decode(lines);
  return all.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

it("a longer trace does its last tenth again, with new objects and without those of before", async () => {
  const filler = Array.from({ length: 34 }, (_, i) => (i % 2 === 0 ? "a 9 8" : "f 9"));
  const trace = await read("a 0 10", "a 8 8", ...filler, "a 1 20", "f 0", "w 1 0 4", "f 1");
  const more = (await written(longer(trace))).slice(trace.count);
  expect(more.map((line) => line.replace(/^(\w) \d+/, "$1 N"))).toEqual(["t N", "a N 20", "w N 0 4", "f N"]);
});

it("a longer trace resizes no object of before, but makes one", async () => {
  const filler = Array.from({ length: 9 }, (_, i) => `a ${i} 8`);
  const more = (await written(longer(await read(...filler, "r 3 99")))).slice(10);
  expect(more.map((line) => line.replace(/^(\w) \d+/, "$1 N"))).toEqual(["t N", "r N 99"]);
});

it("neighbouring turns of threads change places, but where one has an object of the other's", async () => {
  const free = await read("t 2", "a 1 10", "t 3", "a 2 20", "t 2", "f 1", "t 3", "f 2");
  expect(await written(reordered(free))).toEqual([
    "t 3",
    "a 1 20",
    "t 2",
    "a 0 10",
    "t 3",
    "f 1",
    "t 2",
    "f 0",
  ]);
  const bound = await read("t 2", "a 1 10", "t 3", "f 1");
  expect(await written(reordered(bound))).toEqual(await written(bound));
});

it("times, marks and the ends of threads stay where they are", async () => {
  const trace = await read("t 2", "a 1 10", "p here", "t 3", "a 2 20", "x 3");
  expect(await written(reordered(trace))).toEqual(await written(trace));
});

it("threads and paces are varied only where there are threads, and clocks without times", async () => {
  const names = async (lines: string[], watches: boolean) =>
    variationsOf([await read(...lines)], { touch: "none" }, watches).map(({ name }) => name);
  const always = [
    "10% longer: its last tenth again, with new objects",
    "touch first",
    "touch pages",
    "touch object",
  ];
  expect(await names(["a 0 1"], false)).toEqual(always);
  expect(await names(["a 0 1", "t 2", "a 1 1"], false)).toEqual([...always, "threads in another order"]);
  expect(await names(["a 0 1"], true)).toEqual([
    ...always,
    "100 ns between operations",
    "100000 ns between operations",
  ]);
  expect(await names(["@ 1000", "a 0 1"], true)).toEqual(always);
});
