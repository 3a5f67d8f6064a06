/** What accesses cost by copies, against the table of the specification; and how often a page is moved. */
import { describe, expect, it } from "vitest";
import {
  accessesThatPay,
  migrationsOf,
  movesOf,
  movesPerScan,
} from "../../../src/experiments/sockets/balancing.js";
import { costOfCopies, costOfFork } from "../../../src/experiments/sockets/model.js";
import { balancePage, runSockets } from "../../../src/experiments/sockets/run.js";
import type { SocketsMachine } from "../../../src/results/sockets.js";
import { MIB } from "../../results/fakes.js";

const MACHINE: SocketsMachine = {
  ...{ sockets: 2, workers: 8, cache: 32 * MIB, hit: 20, local: 90, remote: 150, migration: 10_000 },
};
const SIZE = 256 * MIB;
const COPIES = [1, 2, 4, 16];

/** Nanoseconds, as the table has them: without a limit of bandwidth, or at 12 ns a line. */
const TABLE = [
  { data: 256, written: 0, line: 0, ns: [108, 81, 86, 89] },
  { data: 256, written: 0, line: 12, ns: [168, 84, 90, 95] },
  { data: 256, written: 0.01, line: 12, ns: [170, 85, 93, 109] },
  { data: 256, written: 0.2, line: 0, ns: [115, 103, 145, 375] },
  { data: 24, written: 0, line: 0, ns: [20, 20, 43, 78] },
  { data: 24, written: 0, line: 12, ns: [20, 20, 43, 80] },
  { data: 24, written: 0.01, line: 0, ns: [29, 22, 47, 93] },
];

const nsOf = (machine: SocketsMachine, data: number, copies: number, line = 0, written = 0) =>
  costOfCopies(machine, { data, written, line }, copies).ns;

describe("an access", () => {
  it.each(TABLE)("to $data MiB, $written written, $line ns a line costs what the table says", (row) => {
    const { data, written, line, ns } = row;
    expect(COPIES.map((copies) => Math.round(nsOf(MACHINE, data * MIB, copies, line, written)))).toEqual(ns);
  });

  it.each([1, 2, 3, 4, 8])("of a reader on %i sockets is cheapest with a copy on each", (sockets) => {
    const machine = { ...MACHINE, sockets };
    for (const line of [0, 6, 12]) {
      const costs = Array.from({ length: sockets * 8 }, (_, at) => nsOf(machine, SIZE, at + 1, line));
      const best = costs[sockets - 1] as number;
      for (const [at, ns] of costs.entries()) {
        if (at + 1 !== sockets) expect(ns).toBeGreaterThan(best);
        // Beyond, it never gets better again.
        if (at + 1 > sockets) expect(ns).toBeGreaterThanOrEqual(costs[at - 1] as number);
      }
    }
  });

  it("gains 1.3 times by latency and 2 by bandwidth from a second copy, and nothing where data fit the cache", () => {
    const gain = (data: number, line: number) => nsOf(MACHINE, data, 1, line) / nsOf(MACHINE, data, 2, line);
    expect(gain(SIZE, 0)).toBeCloseTo(107.5 / 81.25, 12);
    expect(gain(SIZE, 12)).toBe(2);
    for (const line of [0, 12]) expect(gain(MACHINE.cache, line)).toBe(1);
    expect(gain(MACHINE.cache + 1, 0)).toBeGreaterThan(1);
  });

  it("tells why: what is cached, what waits for lines, and what for the busiest memory", () => {
    expect(costOfCopies(MACHINE, { data: SIZE, written: 0, line: 12 }, 4)).toEqual({
      ...{ copies: 4, memory: 4 * SIZE, footprint: 2 * SIZE, hits: 1 / 16 },
      ...{ latency: 85.625, queue: 90, ns: 90 },
    });
  });

  it("finds nothing in the cache that others have written before it is used again", () => {
    const hits = (written: number) => costOfCopies(MACHINE, { data: SIZE, written, line: 0 }, 1).hits;
    expect([0, 0.05, 0.125, 1].map(hits)).toEqual([0.125, 0.125 * 0.6, 0, 0]);
  });
});

describe("a fork", () => {
  const forked = (copied: number, line = 12) =>
    costOfFork(MACHINE, { data: SIZE, written: 0.5, line }, copied);
  const { copies: _, ...one } = costOfCopies(MACHINE, { data: SIZE, written: 0, line: 12 }, 1);
  const { copies: __, ...all } = costOfCopies(MACHINE, { data: SIZE, written: 0, line: 12 }, 16);

  it("is one copy while nobody writes, and one for each worker when all is written", () => {
    expect(forked(0)).toMatchObject(one);
    expect(forked(1)).toMatchObject(all);
  });

  it("costs more when little is written: copies crowd the cache before much is near", () => {
    expect(forked(0.1, 0).ns).toBeGreaterThan(forked(0, 0).ns);
    expect(forked(0.1, 0)).toMatchObject({ memory: SIZE * 2.5, footprint: expect.closeTo(SIZE * 1.7, 3) });
  });
});

describe("a page that two sockets use in turn", () => {
  const use = { scans: 1200, sockets: 2, seed: 1 } as const;
  const moved = (burst: number | "coin", more: object = {}) =>
    migrationsOf({ ...use, kernel: "current", page: "threads", burst, ...more });

  it("is moved once in each turn that lasts two scans, and never in shorter ones", () => {
    expect([0.5, 1, 2, 3, 4, 10].map((burst) => moved(burst))).toEqual([0, 0, 599, 399, 299, 119]);
  });

  it("is moved at one of six scans if either may be found, whatever the seed", () => {
    expect(movesPerScan(2)).toBeCloseTo(1 / 6, 12);
    for (const seed of [1, 2, 3])
      expect(moved("coin", { scans: 120_000, seed }) / 120_000).toBeCloseTo(1 / 6, 2);
    expect(new Set([1, 2, 3, 4].map((seed) => moved("coin", { seed }))).size).toBeGreaterThan(1);
  });

  it("is moved as often as the chain says on more sockets, and never on one", () => {
    for (const sockets of [3, 4, 8])
      expect(moved("coin", { scans: 120_000, sockets }) / 120_000).toBeCloseTo(movesPerScan(sockets), 2);
    expect([movesPerScan(1), moved("coin", { sockets: 1 })]).toEqual([0, 0]);
  });

  it("is left alone since Linux 4.16 if processes share it since a fork", () => {
    const shared = { page: "forked" } as const;
    expect(moved(2, shared)).toBe(0);
    expect(moved(2, { ...shared, kernel: "before-4.16" })).toBe(599);
    expect(movesOf(MACHINE, SIZE, "current")).toEqual({ kernel: "current", pagesPerSecond: 0, share: 0 });
    const before = movesOf(MACHINE, SIZE, "before-4.16");
    expect(before.pagesPerSecond).toBeCloseTo(65536 / 6, 6);
    expect(before.share).toBeCloseTo(65536 / 6 / 1e5 / 16, 12);
    // A scan goes over 256 MiB, however much there is.
    expect(movesOf(MACHINE, 4 * SIZE, "before-4.16")).toEqual(before);
  });

  it("pays when it is read often enough where it went", () => {
    expect(accessesThatPay(MACHINE)).toBeCloseTo(10_000 / 60, 12);
    expect(accessesThatPay({ ...MACHINE, remote: 90 })).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a machine that cannot be", () => {
  const run = { ...MACHINE, data: SIZE, written: 0, line: 0, copies: [1], copied: [], kernels: [] };
  const page = { kernel: "current", page: "threads", burst: 2, scans: 10, sockets: 2, seed: 1 } as const;

  it.each([
    [{ sockets: 0 }, "sockets must be a whole number from 1 to 64; got 0"],
    [{ workers: 1025 }, "workers must be a whole number from 1 to 1024; got 1025"],
    [{ cache: 0 }, "cache must be a whole number from 1"],
    [{ hit: -1 }, "hit must be from 0 to"],
    [{ local: 19 }, "local must be from 20 to"],
    [{ remote: Number.NaN }, "remote must be from 90 to"],
    [{ migration: Number.POSITIVE_INFINITY }, "migration must be from 0 to"],
    [{ copies: [17] }, "copies must be a whole number from 1 to 16; got 17"],
    [{ copied: [1.1] }, "copied must be from 0 to 1; got 1.1"],
    [{ data: 0.5 }, "data must be a whole number"],
    [{ written: 2 }, "written must be from 0 to 1; got 2"],
    [{ line: -1 }, "line must be from 0 to"],
    [{ kernels: ["7.0" as "current"] }, "kernels must be one of before-4.16, current; got 7.0"],
  ])("is refused: %j", async (wrong, message) => {
    await expect(runSockets({ ...run, ...wrong })).rejects.toThrow(message);
    await expect(runSockets({ ...run, ...wrong })).rejects.toBeInstanceOf(RangeError);
  });

  it.each([
    [{ burst: 0 }, "burst must be from"],
    [{ scans: 0 }, "scans must be a whole number from 1 to 1000000; got 0"],
    [{ sockets: 65 }, "sockets must be"],
    [{ seed: -1 }, "seed must be"],
    [{ kernel: "none" as "current" }, "kernel must be one of"],
    [{ page: "none" as "forked" }, "page must be one of"],
  ])("is refused of a page: %j", async (wrong, message) => {
    await expect(balancePage({ ...page, ...wrong })).rejects.toThrow(message);
  });
});
