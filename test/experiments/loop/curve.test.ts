import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linuxVm } from "../../../src/costs/linux-vm.js";
import type { Loop } from "../../../src/experiments/loop/cost.js";
import { costKind, measureCurve } from "../../../src/experiments/loop/curve.js";
import type { IterationCost } from "../../../src/results/loop.js";

const PAGE = 4096;
const whole = { from: 1024, to: 2 ** 30 };

interface Costs {
  zeroed?: number;
  faults?: number;
  syscalls?: IterationCost["syscalls"];
}

/** A loop on an allocator that does as the rule says; the rule gives nothing for a size there is no memory for. */
function fakeLoop(rule: (bytes: number) => Costs | undefined, pageBytes = PAGE): Loop & { asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    pageBytes,
    costs: linuxVm,
    async costAt(bytes) {
      asked.push(bytes);
      const costs = rule(bytes);
      if (!costs) return undefined;
      const { zeroed: allocator = 0, faults = 0, syscalls = {} } = costs;
      const zeroed = { kernel: faults * pageBytes, allocator, needless: allocator };
      const cost = { zeroed, faults, syscalls, simulatedSeconds: 0 };
      return { bytes, ...cost, first: cost };
    },
  };
}

const roundUp = (bytes: number, quantum: number) => Math.ceil(bytes / quantum) * quantum;

describe("a cliff is found to the byte", () => {
  test("wherever it is", async () => {
    const edge = fc.integer({ min: 2 ** 16, max: 2 ** 29 });
    const quantum = fc.constantFrom(1, 16, 512);
    await fc.assert(
      fc.asyncProperty(edge, quantum, fc.boolean(), async (bytes, to, isLinearBelow) => {
        const loop = fakeLoop((n) =>
          n <= bytes === isLinearBelow ? { zeroed: roundUp(n, to) } : { faults: 1 },
        );
        const { cliffs } = await measureCurve(loop, whole);
        const [below, above] = isLinearBelow ? ["linear", "constant"] : ["constant", "linear"];
        expect(cliffs).toEqual([{ bytes, below, above }]);
      }),
      { numRuns: 30 },
    );
  });

  test("where cost only stops growing, by the system calls", async () => {
    const edge = fc.integer({ min: 2 ** 17, max: 2 ** 28 });
    await fc.assert(
      fc.asyncProperty(edge, fc.constantFrom(4096, 16_384), async (bytes, page) => {
        const loop = fakeLoop(
          (n) =>
            n <= bytes
              ? { zeroed: n }
              : { zeroed: bytes + page - (n % page), faults: 2, syscalls: { brk: 2 } },
          page,
        );
        expect((await measureCurve(loop, whole)).cliffs).toEqual([
          { bytes, below: "linear", above: "constant" },
        ]);
      }),
      { numRuns: 30 },
    );
  });

  test("and so is each of several", async () => {
    const edges = [10_000, 1_000_001, 77_777_777];
    const loop = fakeLoop((n) => (edges.filter((edge) => edge < n).length % 2 ? {} : { zeroed: n }));
    const { cliffs, kindAt } = await measureCurve(loop, whole);
    expect(cliffs.map(({ bytes }) => bytes)).toEqual(edges);
    expect([1, 10_000, 10_001, 1_000_002, 77_777_778].map(kindAt)).toEqual([
      ...["linear", "linear", "constant", "linear", "constant"],
    ]);
  });

  test("with both of its sides among the costs, in a hundred or two of sizes", async () => {
    const loop = fakeLoop((n) => ({ zeroed: n <= 33_550_312 ? n : 0 }));
    const { costs } = await measureCurve(loop, whole);
    const sizes = costs.map(({ bytes }) => bytes);
    expect(sizes).toEqual(expect.arrayContaining([1024, 33_550_312, 33_550_313, 2 ** 30]));
    expect(sizes).toEqual([...new Set(sizes)].sort((one, other) => one - other));
    expect(loop.asked.length).toBeLessThan(220);
  });
});

describe("the kind of cost at one size", () => {
  const loop = () => fakeLoop((n) => ({ zeroed: n <= 100_000 ? n : 0 }));

  test("is that of its side of a cliff", async () => {
    expect(await costKind(loop(), 100_000)).toBe("linear");
    expect(await costKind(loop(), 100_001)).toBe("constant");
  });

  test("is told by its neighbourhood", async () => {
    const { asked, ...quick } = loop();
    expect(await costKind(quick, 10 ** 7)).toBe("constant");
    expect(Math.min(...asked)).toBe(5 * 10 ** 6);
    expect(Math.max(...asked)).toBe(2 * 10 ** 7);
  });

  test("is not known where there is no memory", async () => {
    expect(
      await costKind(
        fakeLoop((n) => (n > 4096 ? undefined : {})),
        5000,
      ),
    ).toBeUndefined();
    expect(
      await costKind(
        fakeLoop(() => undefined),
        5000,
      ),
    ).toBeUndefined();
  });
});

test("where memory ends is found to the byte", async () => {
  const { costs, kindAt } = await measureCurve(
    fakeLoop((n) => (n > 12_345_678 ? undefined : { zeroed: n })),
    whole,
  );
  expect(costs.at(-1)?.bytes).toBe(12_345_678);
  expect(kindAt(12_345_678)).toBe("linear");
});

test("memory may end where only the neighbourhood lies", async () => {
  const { costs } = await measureCurve(
    fakeLoop((n) => (n > 2 ** 30 ? undefined : { zeroed: n })),
    whole,
  );
  expect(costs.at(-1)?.bytes).toBe(2 ** 30);
});

test("progress goes to the end", async () => {
  const seen: number[][] = [];
  await measureCurve(
    fakeLoop(() => ({})),
    { from: 1024, to: 2048, onProgress: (...done) => seen.push(done) },
  );
  expect(seen[0]).toEqual([1, seen.length]);
  expect(seen.at(-1)).toEqual([seen.length, seen.length]);
});
