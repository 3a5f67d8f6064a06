/** Forked programs, by hand where they are small, and beside what was measured of CPython 3.11 on Linux 6.18. */
import { describe, expect, test } from "vitest";
import { seeded } from "../../../src/base/random.js";
import { forkSheet } from "../../../src/experiments/fork/sheet.js";
import { type ForkLoad, type ForkProgram, runFork } from "../../../src/index.js";
import { PAGE } from "../../results/fakes.js";

const small: ForkLoad = {
  ...{ data: 64 * PAGE, children: 3, written: 0.5, object: "list", value: PAGE, own: 0, seed: 1 },
};

const runSmall = (program: ForkProgram, changes: Partial<ForkLoad> = {}, model = "naive") =>
  runFork({ model, options: { check: true }, program, ...small, ...changes });

/** Pages of all the data: a block of naive is whole pages, and nothing else. */
const ALL = 64;

describe("a parent and three children", () => {
  test("share everything that is only read", async () => {
    const { processes, working, afterwards, ...result } = await runSmall("read");
    const all = ALL * PAGE;
    expect(result).toMatchObject({ loaded: all, forkedPages: ALL, together: all, separate: 4 * all });
    expect(processes).toEqual(Array(4).fill({ resident: all, proportional: all / 4, unique: 0 }));
    const nothing = { copies: 0, copiedBytes: 0, reuses: 0, zeroFills: 0 };
    expect([working, afterwards]).toEqual([nothing, nothing]);
    expect(result.saved).toBe(3 * all);
  });

  test("have a copy each of what the children write, and the parent finds the first one its own", async () => {
    const { processes, working, afterwards, together } = await runSmall("write");
    expect(working).toEqual({ copies: 3 * 32, copiedBytes: 3 * 32 * PAGE, reuses: 0, zeroFills: 0 });
    expect(afterwards).toEqual({ copies: 0, copiedBytes: 0, reuses: 32, zeroFills: 0 });
    const proportional = (32 + 32 / 4) * PAGE;
    expect(processes).toEqual(Array(4).fill({ resident: ALL * PAGE, proportional, unique: 32 * PAGE }));
    expect(together).toBe((ALL + 3 * 32) * PAGE);
  });

  test("share 2 MiB as one entry, and copy pages of it one by one, until the parent has it alone", async () => {
    const huge = { ...small, data: 4 * 2 ** 20, children: 1, written: 0.1 };
    const options = { check: true, hugePages: "always" } as const;
    const { forkedPages, working, afterwards } = await runFork({
      ...{ model: "naive", options, program: "write" },
      ...huge,
    });
    expect(forkedPages).toBe(2);
    expect(working).toEqual({ copies: 103, copiedBytes: 103 * PAGE, reuses: 0, zeroFills: 0 });
    expect(afterwards).toEqual({ copies: 0, copiedBytes: 0, reuses: 1, zeroFills: 0 });
  });

  test("copy as many pages for a snapshot, and fewer entries for a fork, with huge pages", async () => {
    const load = { ...small, data: 4 * 2 ** 20, value: 1024, written: 0.1 };
    const ofGlibc = (options: Record<string, string | number>) =>
      runFork({ model: "glibc", options, program: "snapshot", ...load });
    const [without, huge] = [await ofGlibc({}), await ofGlibc({ hugetlb: 1, hugePages: "madvise" })];
    expect(huge.forkedPages).toBeLessThan(without.forkedPages / 4);
    expect(Math.abs(huge.working.copies - without.working.copies)).toBeLessThan(without.working.copies / 20);
    const report = (result: typeof huge) => ({
      scenario: "fork" as const,
      parameters: load,
      results: [result],
    });
    expect(forkSheet(report(huge)).sentences[0]).toContain(
      `Huge pages leave fork ${huge.forkedPages} entries to copy instead of`,
    );
    expect(forkSheet(report(without)).sentences[0]).not.toContain("Huge");
  });

  test("zero only what children allocate for themselves", async () => {
    const { working, processes, together } = await runSmall("read", { own: 4 * PAGE });
    expect(working).toMatchObject({ copies: 0, zeroFills: 3 * 4 });
    expect(processes.map(({ unique }) => unique / PAGE)).toEqual([0, 4, 4, 4]);
    expect(together).toBe((ALL + 3 * 4) * PAGE);
  });

  test.each<ForkProgram>(["read", "write", "iterate", "collect", "freeze", "snapshot"])(
    "have together the sum of their proportional sizes: %s",
    async (program) => {
      const { processes, together } = await runSmall(program, { own: 10_000 }, "glibc");
      const sum = processes.reduce((bytes, { proportional }) => bytes + proportional, 0);
      expect(sum).toBeCloseTo(together, 3);
    },
  );
});

test("a snapshot copies each page that the parent changes once, and later changes of others reuse theirs", async () => {
  const { children, working, afterwards, processes } = await runSmall("snapshot", { seed: 7 });
  // 64 values of a page each; half as many changes, and as many again.
  const random = seeded(7);
  const draw = () => new Set(Array.from({ length: 32 }, () => Math.floor(random() * 64)));
  const [during, later] = [draw(), draw()];
  const others = [...later].filter((value) => !during.has(value));
  expect(children).toBe(1);
  expect(working).toMatchObject({ copies: during.size, reuses: 0 });
  expect(afterwards).toMatchObject({ copies: 0, reuses: others.length });
  expect(processes.map(({ unique }) => unique)).toEqual(Array(2).fill(during.size * PAGE));
});

describe("CPython 3.11", () => {
  const python = { children: 1, model: "pymalloc/glibc", own: 0 } as const;
  const lists = { ...small, ...python, data: 300_000 * 64 };
  const floats = { ...small, ...python, data: 1_000_000 * 32, object: "float" } as const;

  // Faults as measured in the child, then in the parent; to half a percent.
  test.each([
    ["300,000 lists, iterated", "iterate", lists, 4711, 4727],
    ["300,000 lists, collected", "collect", lists, 5322, undefined],
    ["300,000 lists, collected when frozen", "freeze", lists, 0, undefined],
    ["1,000,000 floats, iterated", "iterate", floats, 7846, 7861],
    ["1,000,000 floats, collected", "collect", floats, 603, undefined],
  ] as const)("%s", async (_, program, load, copies, reuses) => {
    const { working, afterwards } = await runFork({ program, ...load });
    const near = (figure: number, measured: number) =>
      expect(Math.abs(figure - measured)).toBeLessThanOrEqual(0.005 * measured);
    near(working.copies, copies);
    if (reuses !== undefined) near(afterwards.reuses, reuses);
    expect(afterwards.copies).toBe(0);
  });
});

test("says what cannot be", async () => {
  await expect(runSmall("read", {}, "libmalloc")).rejects.toThrow("Darwin does not fork");
  await expect(runSmall("read", { children: 0 })).rejects.toThrow(RangeError);
  await expect(runSmall("write", { written: 2 })).rejects.toThrow("written must be from 0 to 1; got 2");
  await expect(runSmall("vfork" as ForkProgram)).rejects.toThrow("program must be one of read, write");
});
