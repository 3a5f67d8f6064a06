/** What calloc could do instead, by the part of the pages written. */
import { describe, expect, test } from "vitest";
import { type CostProfile, costProfiles, findCrossover, runCallocFix } from "../../../src/index.js";

const MIB = 2 ** 20;
const PAGES = 25_600;
const [linux, macos] = costProfiles as [CostProfile, CostProfile];

const fix = (model: string, costs = macos, options = {}) =>
  runCallocFix({ model, options, bytes: 100 * MIB, shares: [0, 0.01, 0.1, 0.5, 1], costs });

const seconds = ({ points }: Awaited<ReturnType<typeof fix>>) =>
  points.map((point) => point.simulatedSeconds);

describe.each([
  ["macos-2016", macos],
  ["linux-vm", linux],
])("by %s", (_, costs) => {
  test("mapping afresh wins where nothing is written, and Apple's clearing where everything is", async () => {
    const [apple, glibc] = [seconds(await fix("libmalloc", costs)), seconds(await fix("glibc", costs))];
    expect(glibc[0]).toBeLessThan((apple[0] as number) / 20);
    expect(apple[4]).toBeLessThan((glibc[4] as number) / 2);
  });

  test("the two cross where they say, to the page", async () => {
    const [one, other] = [{ model: "libmalloc" }, { model: "glibc" }];
    const crossover = await findCrossover({ one, other, bytes: 100 * MIB, costs });
    expect(crossover?.cheaperAbove).toBe("one");
    const pages = crossover?.pages as number;
    expect(crossover?.share).toBe(pages / PAGES);
    const shares = [(pages - 1) / PAGES, pages / PAGES];
    const [apple, glibc] = await Promise.all(
      [one, other].map(async (it) => seconds(await runCallocFix({ ...it, bytes: 100 * MIB, shares, costs }))),
    );
    expect(apple?.[0]).toBeGreaterThanOrEqual(glibc?.[0] as number);
    expect(apple?.[1]).toBeLessThan(glibc?.[1] as number);
  });
});

test("clearing only what was written clears that and no more", async () => {
  const { points } = await fix("libmalloc", macos, { zeroing: "dirty" });
  expect(points.map(({ pages }) => pages)).toEqual([0, 256, 2560, 12_800, 25_600]);
  for (const { pages, zeroed, faults } of points) {
    expect({ zeroed, faults }).toEqual({
      zeroed: { kernel: 0, allocator: pages * 4096, needless: 0 },
      faults: 0,
    });
  }
});

test("clearing always costs the same, and is needless for what was not written", async () => {
  const { points } = await fix("libmalloc");
  expect(new Set(points.map((point) => point.simulatedSeconds)).size).toBe(1);
  expect(points.map(({ pages, zeroed }) => zeroed.needless + pages * 4096)).toEqual(Array(5).fill(100 * MIB));
});

test("an allocator does not cross itself", async () => {
  const one = { model: "lazy" };
  expect(await findCrossover({ one, other: one, bytes: MIB, costs: linux })).toBeUndefined();
});

test("a share that is none is refused", async () => {
  const run = runCallocFix({ model: "lazy", bytes: MIB, shares: [2], costs: linux });
  await expect(run).rejects.toThrow("shares must be from 0 to 1; got 2");
});
