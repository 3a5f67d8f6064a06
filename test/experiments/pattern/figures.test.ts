/** The presets that were measured with the real glibc come to the same here. test/glibc/threads.test.ts asks the real one. */
import { describe, expect, it } from "vitest";
import type { Mark } from "../../../src/allocator/marks.js";
import { patternPresets } from "../../../src/experiments/pattern/presets.js";
import { MOMENTS, patternTrace } from "../../../src/experiments/pattern/trace.js";
import { openSandbox } from "../../../src/sandbox/open.js";
import { collectTrace, traceOf } from "../../../src/trace/collect.js";
import { OpKind, sliceRecords, TraceRecords } from "../../../src/trace/records.js";

const PAGE = 4096;

function presetOf(name: string) {
  const preset = patternPresets.find((one) => one.name === name);
  if (!preset) throw new Error(`there is no preset ${name}`);
  return preset;
}

async function replay(name: string, arenaMax: number) {
  const sandbox = await openSandbox("glibc", { arenaMax, cpus: 2 });
  const { marks } = await sandbox.replay(patternTrace(presetOf(name).pattern));
  return marks;
}

const bytesAt = (marks: readonly Mark[], moment: string) =>
  marks.find((mark) => mark.name === moment)?.counters.bytes;

function pagesAt(marks: readonly Mark[], moments: readonly string[]) {
  return moments.map((moment) => (bytesAt(marks, moment)?.resident ?? Number.NaN) / PAGE);
}

/** What mallinfo2 calls in use when all is freed: what the caches of threads hold. */
async function inUseWhenFreed(name: string, arenaMax: number): Promise<number | undefined> {
  const trace = patternTrace(presetOf(name).pattern);
  const { records } = await collectTrace(trace);
  const operations = new TraceRecords(records);
  const freed = trace.notes.marks?.indexOf(MOMENTS.freed);
  let count = 0;
  while (operations.kind(count) !== OpKind.mark || operations.first(count) !== freed) count++;
  const sandbox = await openSandbox("glibc", { arenaMax, cpus: 2 });
  await sandbox.replay(traceOf([{ records: sliceRecords(records, 0, count), count }]));
  return sandbox.statistics().uordblks;
}

const { peak, freed, freedTrimmed, ended, endedTrimmed, halfWay } = MOMENTS;

describe("a burst of eight threads leaves what it leaves with the real glibc", () => {
  it.each([
    // arenaMax; system at the peak, and at last; in use when freed; pages: peak, freed, trimmed, ended, trimmed
    ["burst-small", 0, 1_441_792, 1_441_792, 1_432_160, [352, 352, 352, 352, 352]],
    ["burst-small", 2, 1_523_712, undefined, 1_416_368, [347, 347, 347, 347, 175]],
    ["burst-small", 1, 1_486_848, 4096, 1_414_112, [346, 346, 346, 346, 1]],
    ["burst-medium", 0, 6_422_528, 2_416_640, 1_887_120, [1568, 1568, 1073, 499, 499]],
    ["burst-medium", 2, 6_438_912, undefined, 1_871_328, [1559, 1559, 621, 66, 34]],
    ["burst-medium", 1, 6_475_776, 4096, 1_869_072, [1558, 1548, 538, 33, 1]],
    ["burst-large", 0, 24_018_944, 1_081_344, 161_568, [5864, 5830, 366, 8, 8]],
    ["burst-large", 2, 24_039_424, undefined, 149_216, [5848, 5786, 206, 2, 2]],
    ["burst-large", 1, 23_969_792, 4096, 160_896, [5849, 5818, 163, 1, 1]],
  ])("%s with arenaMax %i", async (name, arenaMax, system, atLast, inUse, pages) => {
    const marks = await replay(name, arenaMax);
    expect(bytesAt(marks, peak)?.system).toBe(system);
    if (atLast !== undefined) expect(bytesAt(marks, endedTrimmed)?.system).toBe(atLast);
    expect(pagesAt(marks, [peak, freed, freedTrimmed, ended, endedTrimmed])).toEqual(pages);
    expect(await inUseWhenFreed(name, arenaMax)).toBe(inUse);
  });
});

describe("a queue of 64 messages leaves what it leaves with the real glibc", () => {
  it.each([
    // arenaMax; system half-way and drained; pages: drained, trimmed, ended, trimmed
    ["producer-consumer", 0, [421_888, 421_888], [71, 69, 69, 69]],
    ["producer-consumer", 1, [405_504, 405_504], [69, 66, 66, 1]],
    ["producer-consumer-batch", 0, [409_600, 409_600], [68, 68, 68, 68]],
    ["producer-consumer-large", 0, [1_044_480, 1_097_728], [236, 117, 16, 16]],
    ["producer-consumer-large", 1, [962_560, 1_019_904], [244, 85, 10, 1]],
  ])("%s with arenaMax %i", async (name, arenaMax, system, pages) => {
    const marks = await replay(name, arenaMax);
    expect([halfWay, freed].map((moment) => bytesAt(marks, moment)?.system)).toEqual(system);
    expect(pagesAt(marks, [freed, freedTrimmed, ended, endedTrimmed])).toEqual(pages);
  });
});
