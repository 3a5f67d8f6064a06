import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replayHeading } from "../../../src/experiments/replay/sheet.js";
import { sharedParameters } from "../../../src/experiments/runs/parameters.js";
import { verdict } from "../../../src/experiments/runs/verdict.js";
import type { CostKind } from "../../../src/results/loop.js";
import type { Report } from "../../../src/results/run.js";
import { benfield, type FakeRun, MIB, reportOf } from "../../results/fakes.js";

const GIB = 2 ** 30;

/** What is said of one run on libmalloc. */
const saidOf = (counters: FakeRun["counters"], run: Partial<FakeRun> = {}) =>
  verdict(reportOf({ allocator: "libmalloc", ...run, ...(counters && { counters }) }));

test("Benfield's experiment", () => {
  expect(verdict(benfield)).toMatchInlineSnapshot(`
    [
      "naive at 100 MiB: cost grows with the size (linear). The allocator zeroed 976.6 GiB that already read as zero, the kernel 976.6 GiB; every one of its 256,000,000 faults was needless.",
      "lazy at 100 MiB and 1,000 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.",
      "libmalloc at 100 MiB: cost grows with the size (linear). The allocator zeroed 976.5 GiB that already read as zero; every one of its 25,600 faults was needless.",
      "naive at 1,000 MiB: cost grows with the size (linear). The allocator zeroed 9.5 TiB that already read as zero, the kernel 9.5 TiB; every one of its 2,560,000,000 faults was needless.",
      "libmalloc at 1,000 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.",
      "libmalloc: a cliff lies between 100 MiB (linear) and 1,000 MiB (constant).",
    ]
  `);
});

describe("zeroing by the allocator", () => {
  test("all needless", () => {
    const counters = {
      faults: { zeroFill: 25_600, needless: 25_600 },
      zeroed: { allocator: GIB, needless: GIB },
    };
    expect(saidOf(counters, { mib: 100, cost: "linear" })).toEqual([
      "libmalloc at 100 MiB: cost grows with the size (linear). The allocator zeroed 1 GiB that already read as zero; every one of its 25,600 faults was needless.",
    ]);
  });

  test("partly needless", () => {
    const counters = {
      faults: { zeroFill: 800, zeroMap: 200, needless: 250 },
      zeroed: { kernel: MIB, allocator: 4 * GIB, needless: GIB },
    };
    expect(saidOf(counters, { mib: 100, cost: "linear" })).toEqual([
      "libmalloc at 100 MiB: cost grows with the size (linear). The allocator zeroed 4 GiB, of which 1 GiB (25%) already read as zero; 250 of its 1,000 faults (25%) were needless.",
    ]);
  });

  test("nearly all needless is not all", () => {
    const counters = {
      faults: { zeroFill: 10, needless: 1 },
      zeroed: { allocator: GIB, needless: GIB - GIB / 2048 },
    };
    expect(saidOf(counters)).toEqual([
      "libmalloc: the allocator zeroed 1 GiB, of which 1,023.5 MiB (>99.9%) already read as zero; 1 of its 10 faults (10%) was needless.",
    ]);
  });

  test("all needed", () => {
    const counters = { faults: { zeroFill: 10 }, zeroed: { kernel: MIB, allocator: GIB } };
    expect(saidOf(counters)).toEqual([
      "libmalloc: the allocator zeroed 1 GiB, all of it needed; none of its 10 faults was needless.",
    ]);
  });

  test("without faults", () => {
    expect(saidOf({ zeroed: { allocator: GIB, needless: GIB } })).toEqual([
      "libmalloc: the allocator zeroed 1 GiB that already read as zero; no fault was taken.",
    ]);
  });
});

test("a module that mostly reads, whose faults are not known", () => {
  const faults = { zeroMap: Number.NaN, zeroFill: Number.NaN, copyOnWrite: Number.NaN, needless: 12 };
  const zeroed = { allocator: MIB, needless: MIB };
  const said = (touched: { read: number; written: number }) => saidOf({ faults, zeroed, touched });
  expect(said({ read: 25_600, written: 12 })).toEqual([
    "libmalloc: the allocator zeroed 1 MiB that already read as zero; 12 pages were touched by needless zeroing alone; 25,600 pages were read, whose cost is not counted.",
  ]);
  expect(said({ read: 4, written: 12 })).toEqual([
    "libmalloc: the allocator zeroed 1 MiB that already read as zero; 12 pages were touched by needless zeroing alone.",
  ]);
});

describe("zeroing by the kernel", () => {
  test("alone, for the program's own writes", () => {
    const counters = { faults: { zeroFill: 512 }, zeroed: { kernel: 2 * MIB }, touched: { written: 512 } };
    expect(saidOf(counters, { mib: 2, cost: "linear" })).toEqual([
      "libmalloc at 2 MiB: cost grows with the size (linear). The allocator zeroed nothing, the kernel 2 MiB; none of its 512 faults was needless.",
    ]);
  });

  test("is mentioned where it is as much as the allocator's", () => {
    const counters = { faults: { zeroFill: 1 }, zeroed: { kernel: 4096, allocator: 4096 } };
    expect(saidOf(counters)).toEqual([
      "libmalloc: the allocator zeroed 4 KiB, all of it needed, the kernel 4 KiB; its one fault was not needless.",
    ]);
  });
});

describe("nothing zeroed", () => {
  test("and nothing touched", () => {
    expect(saidOf({}, { mib: 100, cost: "constant" })).toEqual([
      "libmalloc at 100 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.",
    ]);
    expect(saidOf({})).toEqual(["libmalloc: nothing was zeroed and no page was touched."]);
  });

  test("but pages touched that were there already", () => {
    expect(saidOf({ touched: { read: 1 } })).toEqual([
      "libmalloc: nothing was zeroed and no fault was taken.",
    ]);
  });

  test("but the zero page mapped", () => {
    expect(saidOf({ faults: { zeroMap: 1 }, touched: { read: 1 } })).toEqual([
      "libmalloc: nothing was zeroed; its one fault was not needless.",
    ]);
    expect(saidOf({ faults: { zeroMap: 2, needless: 2 } })).toEqual([
      "libmalloc: nothing was zeroed; every one of its 2 faults was needless.",
    ]);
  });
});

describe("several sizes", () => {
  const loop = (mib: number, cost: CostKind, allocator = "libmalloc"): FakeRun => ({ allocator, mib, cost });

  test("at which an allocator did the same share a sentence", () => {
    expect(verdict(reportOf(loop(3, "constant"), loop(2, "constant"), loop(1, "constant")))).toEqual([
      "libmalloc at 3 MiB, 2 MiB and 1 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.",
    ]);
  });

  test("have a cliff between neighbours of different kinds, whatever their order", () => {
    const report = reportOf(loop(4, "linear"), loop(1, "constant"), loop(3, "constant"), loop(2, "linear"));
    expect(verdict(report).filter((sentence) => sentence.includes("cliff"))).toEqual([
      "libmalloc: a cliff lies between 1 MiB (constant) and 2 MiB (linear).",
      "libmalloc: a cliff lies between 2 MiB (linear) and 3 MiB (constant).",
      "libmalloc: a cliff lies between 3 MiB (constant) and 4 MiB (linear).",
    ]);
  });

  test("of different allocators, or of the same with other options, have none", () => {
    const options = { zeroing: "dirty" };
    const report = reportOf(
      loop(1, "linear"),
      { ...loop(2, "constant"), options },
      loop(2, "constant", "lazy"),
    );
    expect(verdict(report).join()).not.toContain("cliff");
  });

  test("a page apart are told apart", () => {
    const report = reportOf(loop(128 - 1 / 256, "linear"), loop(128, "constant"));
    expect(verdict(report).at(-1)).toBe(
      "libmalloc: a cliff lies between 131,068 KiB (linear) and 128 MiB (constant).",
    );
  });

  test("with writes between, what changes is not a cliff of the untouched loop", () => {
    const plain = reportOf(loop(1, "linear"), loop(2, "constant"));
    const report: Report = {
      ...plain,
      parameters: { written: 0.5 },
      results: plain.results.map((result) => ({
        ...result,
        parameters: { ...result.parameters, written: 0.5 },
      })),
    };
    expect(verdict(report).at(-1)).toBe(
      "libmalloc: its cost changes kind between 1 MiB (linear) and 2 MiB (constant).",
    );
  });
});

test("allocations that failed are told of, where there are any", () => {
  const replayed = (failedAllocations: number): Report => {
    const report = reportOf({ allocator: "libmalloc" });
    return {
      ...report,
      scenario: "replay",
      results: report.results.map((result) => ({
        ...result,
        parameters: { operations: 5000, failedAllocations },
      })),
    };
  };
  const said = (failed: number) => verdict(replayed(failed)).slice(1);
  expect(said(0)).toEqual([]);
  expect(said(1)).toEqual([
    "libmalloc: 1 allocation failed for want of memory; the program went on without.",
  ]);
  expect(said(1234)).toEqual([
    "libmalloc: 1,234 allocations failed for want of memory; the program went on without.",
  ]);
  expect(replayHeading(sharedParameters(replayed(3)))).toBe(
    "replay: count 10000, written 0, 5,000 operations",
  );
});

test("whatever the counters, a sentence claims all or none only where it is so", () => {
  const count = fc.nat({ max: 5 });
  fc.assert(
    fc.property(count, count, count, count, count, (zeroMap, zeroFill, kernel, allocator, part) => {
      const faults = zeroMap + zeroFill;
      const needless = { faults: Math.min(part, faults), bytes: Math.min(part, allocator) };
      const counters = {
        faults: { zeroMap, zeroFill, needless: needless.faults },
        zeroed: { kernel, allocator, needless: needless.bytes },
      };
      const [sentence = ""] = saidOf(counters);
      expect(sentence.includes("every one")).toBe(faults > 1 && needless.faults === faults);
      expect(/none of its \d+ faults/.test(sentence)).toBe(faults > 1 && needless.faults === 0);
      expect(sentence.includes("that already read as zero")).toBe(
        allocator > 0 && needless.bytes === allocator,
      );
      expect(sentence.includes("all of it needed")).toBe(allocator > 0 && needless.bytes === 0);
      expect(sentence.includes("nothing was zeroed")).toBe(allocator + kernel === 0);
      expect(sentence).toMatch(/^libmalloc: [^\n]*[^.]\.$/);
    }),
  );
});
