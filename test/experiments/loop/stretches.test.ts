import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutIntoStretches, type Sample } from "../../../src/experiments/loop/stretches.js";

const PAGE = 4096;

/** What an allocator does at one size: bytes it zeroes, and pages it faults in. */
type Rule = (bytes: number) => { zeroed?: number; faults?: number };

const roundUp = (bytes: number, quantum: number) => Math.ceil(bytes / quantum) * quantum;

/** Samples at eight sizes per doubling. */
function samplesOf(rule: Rule, from = 1024, to = 2 ** 30): Sample[] {
  const count = Math.round(8 * Math.log2(to / from)) + 1;
  return Array.from({ length: count }, (_, step) => {
    const bytes = Math.round(from * 2 ** (step / 8));
    return { bytes, zeroed: 0, faults: 0, ...rule(bytes) };
  });
}

/** The kinds of cost, and the smallest size of each stretch but the first. */
function shapeOf(samples: readonly Sample[], pageBytes = PAGE): (string | number)[] {
  const stretches = cutIntoStretches(samples, pageBytes);
  return stretches.flatMap(({ kind, first }) =>
    first === 0 ? [kind] : [(samples[first] as Sample).bytes, kind],
  );
}

describe("one kind throughout", () => {
  const linear: [string, Rule][] = [
    ["bytes as asked for", (n) => ({ zeroed: n })],
    ["bytes rounded to 16, and to 512 above 1,008", (n) => ({ zeroed: roundUp(n, n > 1008 ? 512 : 16) })],
    ["bytes, on fresh pages", (n) => ({ zeroed: n, faults: Math.ceil(n / PAGE) })],
    ["pages alone", (n) => ({ faults: Math.ceil(n / PAGE) + 1 })],
    ["a hundredth of the pages", (n) => ({ faults: Math.ceil(n / 100 / PAGE) })],
    ["classes a quarter apart", (n) => ({ zeroed: roundUp(n, 2 ** Math.ceil(Math.log2(n)) / 8) })],
    ["a steady sum besides", (n) => ({ zeroed: n + 132 * 1024, faults: 3 })],
  ];
  test.each(linear)("is linear: %s", (_, rule) => {
    expect(shapeOf(samplesOf(rule))).toEqual(["linear"]);
    expect(shapeOf(samplesOf(rule, 2 ** 23, 2 ** 25))).toEqual(["linear"]);
  });

  const constant: [string, Rule][] = [
    ["nothing", () => ({})],
    ["a page for a header", () => ({ faults: 1 })],
    ["132 KiB, whatever is asked for", () => ({ zeroed: 132 * 1024, faults: 2 })],
  ];
  test.each(constant)("is constant: %s", (_, rule) => {
    expect(shapeOf(samplesOf(rule))).toEqual(["constant"]);
  });

  test("is constant though it sways by what is left of a page", () => {
    const rule: Rule = (n) => ({ zeroed: 131_072 + PAGE - (n % PAGE), faults: 1 + (n % 2) });
    expect(shapeOf(samplesOf(rule, 2 ** 18))).toEqual(["constant"]);
  });

  test("is linear from the first byte on, though small blocks all cost the same", () => {
    expect(shapeOf(samplesOf((n) => ({ zeroed: Math.max(24, roundUp(n + 8, 16) - 8) }), 1))).toEqual([
      "linear",
    ]);
  });
});

describe("a change of kind", () => {
  test("is seen where cost falls to nothing", () => {
    const rule: Rule = (n) => ({ zeroed: n > 2 ** 25 ? 0 : n });
    expect(shapeOf(samplesOf(rule))).toEqual(["linear", Math.round(2 ** 25.125), "constant"]);
  });

  test("is seen where cost goes on as it was, but no longer grows", () => {
    const rule: Rule = (n) => (n > 2 ** 17 ? { zeroed: 134_504, faults: 2 } : { zeroed: n });
    expect(shapeOf(samplesOf(rule))).toEqual(["linear", Math.round(2 ** 17.125), "constant"]);
  });

  test("is seen both ways", () => {
    const rule: Rule = (n) => ({ zeroed: n > 2 ** 14 && n <= 2 ** 20 ? 0 : n });
    expect(shapeOf(samplesOf(rule))).toEqual([
      "linear",
      Math.round(2 ** 14.125),
      "constant",
      Math.round(2 ** 20.125),
      "linear",
    ]);
  });

  test("is seen at either end, where few samples lie beyond it", () => {
    const rule: Rule = (n) => ({ zeroed: n > 1024 && n < 2 ** 20 ? n : 0 });
    expect(shapeOf(samplesOf(rule, 1024, 2 ** 20))).toEqual([
      "constant",
      1117,
      "linear",
      2 ** 20,
      "constant",
    ]);
  });

  test("is not a step from one constant to another, nor a steeper slope", () => {
    const step: Rule = (n) => ({ zeroed: n > 2 ** 20 ? 2 ** 20 : 0 });
    const steeper: Rule = (n) => ({ zeroed: n, faults: n > 2 ** 20 ? Math.ceil(n / PAGE) : 0 });
    for (const [rule, kind] of [
      [step, "constant"],
      [steeper, "linear"],
    ] as const) {
      expect(new Set(cutIntoStretches(samplesOf(rule), PAGE).map(({ kind }) => kind))).toEqual(
        new Set([kind]),
      );
    }
  });
});

test("the slope of a stretch is what a byte costs", () => {
  const [stretch] = cutIntoStretches(
    samplesOf((n) => ({ zeroed: n, faults: Math.ceil(n / PAGE) })),
    PAGE,
  );
  expect(stretch?.slope.zeroed).toBeCloseTo(1, 6);
  expect((stretch?.slope.faults ?? 0) * PAGE).toBeCloseTo(1, 1);
});

test("no samples make no stretches, and one a stretch of its own", () => {
  expect(cutIntoStretches([], PAGE)).toEqual([]);
  expect(shapeOf([{ bytes: 1024, zeroed: 1024, faults: 0 }])).toEqual(["linear"]);
  expect(shapeOf([{ bytes: 1024, zeroed: 0, faults: 0 }])).toEqual(["constant"]);
});

test("cliffs at least a doubling apart are found between the samples where they are, whatever is rounded", () => {
  const cliffs = fc.uniqueArray(fc.integer({ min: 14, max: 27 }), { maxLength: 4 });
  const quantum = fc.constantFrom(1, 16, 512, 4096);
  const page = fc.constantFrom(4096, 16_384, 65_536);
  fc.assert(
    fc.property(
      cliffs,
      fc.boolean(),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      quantum,
      page,
      (powers, first, part, to, pageBytes) => {
        const edges = powers
          .sort((one, other) => one - other)
          .map((power) => Math.floor(2 ** (power + part)));
        const samples = samplesOf((n) => {
          const isLinear = first !== (edges.filter((edge) => edge < n).length % 2 === 1);
          return isLinear ? { zeroed: roundUp(n, to) } : { faults: 1 };
        }, 8192);
        const stretches = cutIntoStretches(samples, pageBytes);
        expect(stretches.map(({ kind }) => kind)).toEqual(
          [0, ...edges].map((_, i) => ((i % 2 === 1) === first ? "constant" : "linear")),
        );
        for (const [index, edge] of edges.entries()) {
          expect(samples[stretches[index]?.last ?? -1]?.bytes).toBeLessThanOrEqual(edge);
          expect(samples[stretches[index + 1]?.first ?? -1]?.bytes).toBeGreaterThan(edge);
        }
      },
    ),
  );
});
