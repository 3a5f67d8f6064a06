/** Each format, opened with a reader of its own: nothing of the tree may be lost or made up. */
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { expect, test } from "vitest";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { macos2016 } from "../../src/costs/macos-2016.js";
import { collapsedStacks } from "../../src/profile/collapsed.js";
import { MEASURES } from "../../src/profile/measures.js";
import { pprofFile } from "../../src/profile/pprof.js";
import { sampleText } from "../../src/profile/sample-text.js";
import { type SpeedscopeFile, speedscopeFile } from "../../src/profile/speedscope.js";
import { stacksOf } from "../../src/profile/stacks.js";
import type { ProfileNode } from "../../src/sandbox/call-tree.js";
import { fakeNode, fakeProfile } from "./fakes.js";

const stacks = stacksOf(fakeProfile, linuxVm);

const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);

/** Totals of the tree by measure, counted apart from what is tested. */
function totals(node: ProfileNode): number[] {
  const below = node.children.map(totals);
  return MEASURES.map(
    ({ of }, i) => of(node.counters, linuxVm) + sum(below.map((child) => child[i] as number)),
  );
}

/** By call path, joined by " > ": all measures that are not 0. */
function byPath(node: ProfileNode, callers: string[] = []): Map<string, number[]> {
  const path = [...callers, node.name];
  const values = MEASURES.map(({ of }) => of(node.counters, linuxVm));
  const own: [string, number[]][] = sum(values) > 0 ? [[path.join(" > "), values]] : [];
  return new Map([...own, ...node.children.flatMap((child) => [...byPath(child, path)])]);
}

const expected = byPath(fakeProfile);

test("the tree's totals are what happened", () => {
  expect(totals(fakeProfile)).toEqual([
    10 * 3360 + 40_960 * (140 / 4096) + 9750 + 99 * 2 ** 20 * (140 / 4096) + 299 * 2800,
    40_960 + 99 * 2 ** 20,
    98 * 2 ** 20,
    10,
    300,
  ]);
});

test("collapsed stacks", () => {
  const lines = collapsedStacks(stacks).trimEnd().split("\n");
  const read = lines.map((line) => {
    const [, frames = "", value] = /^(.+) (\d+)$/.exec(line) ?? [];
    return [frames.split(";").join(" > "), Number(value)];
  });
  expect(new Map(read as [string, number][])).toEqual(
    new Map([...expected].map(([path, [time]]) => [path, time])),
  );
});

test("a name cannot end a frame or a line of collapsed stacks", () => {
  const odd = fakeNode("a;b\nc d", 1, { syscalls: { brk: 1 } });
  expect(collapsedStacks(stacksOf(odd, linuxVm))).toBe("a:b:c d 12750\n");
});

/** What speedscope's schema demands of a file, and its importer of a sampled profile. */
function checkSpeedscope(file: SpeedscopeFile): void {
  expect(file.$schema).toBe("https://www.speedscope.app/file-format-schema.json");
  expect(file.profiles[file.activeProfileIndex]).toBeDefined();
  for (const frame of file.shared.frames) expect(typeof frame.name).toBe("string");
  for (const { type, name, unit, startValue, endValue, samples, weights } of file.profiles) {
    expect(type).toBe("sampled");
    expect(name).not.toBe("");
    expect(["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]).toContain(unit);
    expect(weights).toHaveLength(samples.length);
    expect(endValue - startValue).toBe(sum(weights));
    for (const index of samples.flat()) {
      expect(Number.isInteger(index) && index >= 0 && index < file.shared.frames.length).toBe(true);
    }
  }
}

test("speedscope", () => {
  const file: SpeedscopeFile = JSON.parse(JSON.stringify(speedscopeFile(stacks, "a run")));
  checkSpeedscope(file);
  expect(file.profiles.map(({ name, unit }) => [name, unit])).toEqual([
    ["simulated time", "nanoseconds"],
    ["zeroed", "bytes"],
    ["needlessly zeroed", "bytes"],
    ["faults", "none"],
    ["system calls", "none"],
  ]);
  for (const [i, { samples, weights }] of file.profiles.entries()) {
    const names = samples.map((stack) => stack.map((frame) => file.shared.frames[frame]?.name).join(" > "));
    expect(new Map(names.map((path, at) => [path, weights[at]]))).toEqual(
      new Map(
        [...expected].filter(([, values]) => values[i] !== 0).map(([path, values]) => [path, values[i]]),
      ),
    );
  }
});

test("pprof", () => {
  const bytes = pprofFile(stacks, "a run");
  const profile = Profile.decode(gunzipSync(bytes));
  const text = (at: number | bigint) => profile.stringTable.strings[Number(at)];
  expect(profile.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual(
    MEASURES.map(({ name, unit }) => [name, unit]),
  );
  expect(text(profile.defaultSampleType)).toBe("simulated time");
  expect(profile.comment.map(text)).toEqual(["a run"]);
  const functions = new Map(profile.function.map(({ id, name }) => [Number(id), text(name)]));
  const locations = new Map(
    profile.location.map(({ id, line }) => [Number(id), functions.get(Number(line[0]?.functionId))]),
  );
  const read = profile.sample.map(({ locationId, value }): [string, number[]] => {
    const outermostFirst = locationId.map((id) => locations.get(Number(id))).reverse();
    return [outermostFirst.join(" > "), value.map(Number)];
  });
  expect(new Map(read)).toEqual(expected);
  expect(pprofFile(stacks, "a run")).toEqual(bytes);
});

test("all formats add up to the tree", () => {
  const file = speedscopeFile(stacks, "");
  expect(file.profiles.map(({ endValue }) => endValue)).toEqual(totals(fakeProfile));
});

test("text in the manner of sample", () => {
  expect(sampleText(fakeProfile, macos2016)).toMatchInlineSnapshot(`
    "Call graph, in simulated time by macos-2016:
        42.7 ms (100%)  program  (1 call)
        + 42.1 ms (98.6%)  calloc  (100 calls)
        + ! 41.8 ms (97.9%)  bzero  (99 calls)
        + ! 277 µs (0.6%)  madvise  (99 calls)
        + ! 9.75 µs (<0.1%)  mmap  (1 call)
        + 560 µs (1.3%)  free  (100 calls)
        + ! 560 µs (1.3%)  madvise  (200 calls)

    Sort by top of stack:
        bzero    41.8 ms (97.9%)
        madvise  837 µs (2%)
        program  50.1 µs (0.1%)
        mmap     9.75 µs (<0.1%)
    "
  `);
});

test("a profile in which nothing happened", () => {
  const nothing = fakeNode("program", 1);
  expect(stacksOf(nothing, linuxVm)).toEqual([]);
  expect(collapsedStacks([])).toBe("");
  checkSpeedscope(speedscopeFile([], "nothing"));
  expect(Profile.decode(gunzipSync(pprofFile([], ""))).sample).toEqual([]);
  expect(sampleText(nothing, linuxVm)).toContain("    0 s (-)  program  (1 call)\n");
});
