/** Profiles by site of real runs. */
import { describe, expect, it, test } from "vitest";
import { totalFaults } from "../../../src/allocator/counters.js";
import { macos2016 } from "../../../src/costs/macos-2016.js";
import { measureOf, SITE_MEASURES, siteStacks } from "../../../src/experiments/profile/site-stacks.js";
import {
  collapsedStacks,
  openSandbox,
  profileSites,
  readTrace,
  replayTrace,
  type SiteUse,
  simulatedTime,
  speedscopeFile,
  TraceError,
} from "../../../src/index.js";
import { fakeSites } from "../../results/sites.js";
import { fileBytes } from "../../trace/helpers.js";

const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);

describe("a trace of sqlite3 by site", () => {
  const read = async () => readTrace(await fileBytes("./sqlite.txt.gz"));

  it("adds up to the counters of its replay", async () => {
    const { sites, failedAllocations } = await profileSites({
      ...{ model: "glibc", options: { check: true }, trace: await read(), touch: "pages", costs: macos2016 },
    });
    const sandbox = await openSandbox("glibc");
    await sandbox.replay(await read(), { touch: "pages" });
    const { faults, zeroed, ...others } = sandbox.counters();
    const { seconds } = simulatedTime({ faults, zeroed, ...others }, macos2016);
    expect(sum(sites.map((site) => site.seconds))).toBeCloseTo(seconds, 12);
    expect(failedAllocations).toBe(0);
    expect(sum(sites.map((site) => totalFaults(site.faults)))).toBe(totalFaults(faults));
    for (const kind of ["kernel", "allocator", "needless"] as const) {
      expect(sum(sites.map((site) => site.zeroed[kind]))).toBe(zeroed[kind]);
    }
  });

  it("holds at each site the same on every allocator that serves all", async () => {
    const held = async (model: string) => {
      const { sites } = await profileSites({ model, trace: await read(), touch: "none" });
      const allocating = sites.filter(({ allocated }) => allocated.objects > 0);
      return allocating.map(({ frames, live, peak, allocated }) => ({ frames, live, peak, allocated }));
    };
    const sites = await held("naive");
    expect(await held("libmalloc")).toEqual(sites);
    expect(sum(sites.map(({ live }) => live.bytes))).toBe(161_167);
    expect(sum(sites.map(({ peak }) => peak.bytes))).toBeGreaterThan(161_167);
    const insert = sites.find(({ frames }) => frames.join(" ") === INSERT);
    expect(insert?.live).toEqual({ objects: 25, bytes: 109_200 });
  });
});

const INSERT = "main sqlite3_step sqlite3VdbeExec sqlite3BtreeInsert sqlite3Malloc";

test("what fails is at no site, and a realloc moves its object to its own", async () => {
  const text = `s one\na 0 100\ns two\nr 0 300\ns three\na 1 ${2 ** 46}\ns three\nf 1\n`;
  const { sites, failedAllocations } = await profileSites({
    ...{ model: "naive", options: { addressSpace: 2 ** 32 }, trace: await readTrace(text), touch: "none" },
  });
  expect(failedAllocations).toBe(1);
  const told = sites.map(({ frames, live, allocated }) => [frames.join(), live.bytes, allocated.bytes]);
  expect(told).toEqual([
    ["one", 0, 100],
    ["two", 300, 300],
    // Nothing was allocated here, but an object of another site was given back to the kernel.
    ["three", 0, 0],
  ]);
});

test("a site at which something happened is told even if it costs nothing", async () => {
  const everything = (value: unknown): unknown =>
    typeof value === "number"
      ? 0
      : Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, everything(one)]));
  const free = { ...macos2016, ns: everything(macos2016.ns) as typeof macos2016.ns };
  const framesWith = async (costs?: typeof macos2016) => {
    const trace = await readTrace("a 0 100\ns main;free\nf 0\n");
    const { sites } = await profileSites({ model: "naive", trace, touch: "object", ...(costs && { costs }) });
    return sites.map(({ frames, seconds }) => [frames.join(), seconds > 0]);
  };
  expect(await framesWith()).toEqual([
    ["unknown", true],
    ["main,free", true],
  ]);
  expect(await framesWith(free)).toEqual([
    ["unknown", false],
    ["main,free", false],
  ]);
});

test("a trace without sites is refused", async () => {
  const trace = await readTrace("a 0 100\n");
  const error = await profileSites({ model: "naive", trace, touch: "none" }).catch((caught) => caught);
  expect(error).toBeInstanceOf(TraceError);
  expect(error.message).toMatch(
    /^this trace names no sites: record them .* or put a line such as `s main;parse;grow`/,
  );
});

test("a wasm module runs a trace with sites as one without", async () => {
  const text = "a 0 5000\nc 1 3 4096\nr 0 90000\nf 1\nw 0 0 70000\n";
  const countersOf = async (lines: string) => {
    const trace = await readTrace(lines);
    return (await replayTrace({ model: "as-tlsf", trace, touch: "pages" })).result.counters;
  };
  const sited = text.replace(/^/gm, "s main;one\n").replace(/s main;one\n$/, "");
  expect(await countersOf(sited)).toEqual(await countersOf(text));
});

test("files of stacks have every measure of every site", () => {
  const stacks = siteStacks(fakeSites);
  const of = (site: SiteUse) => site.live.bytes;
  expect(collapsedStacks(stacks, measureOf("live"))).toBe(
    "main;parse file;grow 3000\nmain;walk;walk;grow 1000\n",
  );
  const file = speedscopeFile(stacks, "a run", SITE_MEASURES, measureOf("live"));
  expect(file.profiles[file.activeProfileIndex]).toMatchObject({
    ...{ name: "inuse_space", unit: "bytes", endValue: sum(fakeSites.map(of)) },
  });
  expect(file.profiles.map(({ name, endValue }) => [name, endValue])).toEqual([
    ["inuse_objects", 3],
    ["inuse_space", 4000],
    ["alloc_objects", 13],
    ["alloc_space", 10_070],
    ["peak_objects", 4],
    ["peak_space", 5000],
    ["needless_space", 4096],
    ["faults", 8],
    ["time", 12_500_000],
  ]);
});
