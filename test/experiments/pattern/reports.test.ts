/** What the presets of public reports show here. The README of experiments says how that compares with each report. */
import { expect, test } from "vitest";
import { totalFaults } from "../../../src/allocator/counters.js";
import { patternPresets } from "../../../src/experiments/pattern/presets.js";
import { MOMENTS, patternTrace } from "../../../src/experiments/pattern/trace.js";
import { replayTrace } from "../../../src/experiments/replay/run.js";
import type { AnyOptions } from "../../../src/sandbox/open.js";

const MIB = 2 ** 20;
const PINNED = { mmapThreshold: MIB };

async function resultOf(name: string, options: AnyOptions = {}) {
  const preset = patternPresets.find((one) => one.name === name);
  if (!preset) throw new Error(`there is no preset ${name}`);
  const { result } = await replayTrace({
    ...{ model: "glibc", options, trace: patternTrace(preset.pattern), touch: "none" },
  });
  const at = (moment: string) => {
    const mark = result.marks?.find((one) => one.name === moment);
    if (!mark) throw new Error(`${name} has no moment ${moment}`);
    return mark.counters;
  };
  return {
    result,
    at,
    faults: totalFaults(result.counters.faults),
    cleared: result.counters.zeroed.allocator,
  };
}

test("one buffer a frame costs faults only if the threshold is pinned, two cost the same either way", async () => {
  const frames = 20_000;
  const pages = 1519;
  const pinned = { mmapThreshold: 128 * 1024 };
  expect((await resultOf("miloco")).faults).toBeLessThan(3 * pages);
  expect((await resultOf("miloco", pinned)).faults).toBe(frames * pages + 1);
  const [two, twoPinned] = [await resultOf("miloco-two"), await resultOf("miloco-two", pinned)];
  expect(two.faults / twoPinned.faults).toBeGreaterThan(0.98);
  expect(two.faults).toBeLessThanOrEqual(twoPinned.faults);
});

test("stacks by calloc are cleared nearly whole each time, and by malloc not at all", async () => {
  const [calloc, malloc] = [await resultOf("adaptivecpp"), await resultOf("adaptivecpp-malloc")];
  const stacks = 64 * 200;
  expect(calloc.cleared / (stacks * 256 * 1024)).toBeGreaterThan(0.5);
  expect(malloc.cleared).toBe(640);
  expect(calloc.result.simulated?.seconds).toBeGreaterThan(5 * (malloc.result.simulated?.seconds ?? 0));
});

test("tiles are mapped at first, and from the second round on in the heap, unless the threshold is pinned", async () => {
  const [heap, mapped] = [await resultOf("xearthlayer"), await resultOf("xearthlayer", PINNED)];
  expect(heap.result.counters.syscalls.mmap).toBe(4);
  expect(mapped.result.counters.syscalls.mmap).toBe(12);
  expect(heap.at(MOMENTS.peak).bytes.system).toBeGreaterThan(44 * MIB);
});

test("threads keep a tile each for ever, in two arenas two, and with the threshold pinned none", async () => {
  const kept = async (options: AnyOptions) =>
    (await resultOf("xearthlayer-threads", options)).at(MOMENTS.ended).bytes.resident / (11 * MIB);
  expect(Math.floor(await kept({}))).toBe(32);
  expect(Math.floor(await kept({ arenaMax: 2 }))).toBe(2);
  expect(await kept(PINNED)).toBeLessThan(0.02);
});

test("a large block that comes back stays in the heap, unless both thresholds are pinned", async () => {
  const heapAfter = async (options: AnyOptions) =>
    (await resultOf("chonkstep", options)).at(MOMENTS.freed).bytes.system / 1024;
  expect(await heapAfter({})).toBe(15_496);
  expect(await heapAfter({ mmapThreshold: 128 * 1024, trimThreshold: 256 * 1024 })).toBe(132);
});

test("a heap that neither maps nor trims faults in polynomials once, and keeps them", async () => {
  const [usual, keeping] = [
    await resultOf("openfhe"),
    await resultOf("openfhe", { mmapMax: 0, trimThreshold: 2 ** 40 }),
  ];
  expect(usual.faults).toBeGreaterThan(5 * keeping.faults);
  expect(keeping.at(MOMENTS.freed).bytes.resident).toBe(keeping.result.counters.bytes.peakResident);
});

test("a vector that doubles needs a third more where nothing is mapped: no hole takes the next", async () => {
  const systemAtPeak = async (options: AnyOptions) =>
    (await resultOf("emscripten-3661", options)).at(MOMENTS.peak).bytes.system / MIB;
  expect(Math.round(await systemAtPeak({}))).toBe(192);
  expect(Math.round(await systemAtPeak({ mmapMax: 0 }))).toBe(256);
});

test("growing buffers are mapped afresh each time if the threshold is pinned, and else only in the first round", async () => {
  const [usual, pinned] = [
    await resultOf("growing-buffers"),
    await resultOf("growing-buffers", { mmapThreshold: 128 * 1024 }),
  ];
  expect(pinned.faults).toBeGreaterThan(4 * usual.faults);
});
