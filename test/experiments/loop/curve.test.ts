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

  test("with both of its sides among the costs, in a few hundred sizes", async () => {
    const loop = fakeLoop((n) => ({ zeroed: n <= 33_550_312 ? n : 0 }));
    const { costs } = await measureCurve(loop, whole);
    const sizes = costs.map(({ bytes }) => bytes);
    expect(sizes).toEqual(expect.arrayContaining([1024, 33_550_312, 33_550_313, 2 ** 30]));
    expect(sizes).toEqual([...new Set(sizes)].sort((one, other) => one - other));
    expect(loop.asked.length).toBeLessThan(260);
  });
});

describe("bands", () => {
  const seeking = { ...whole, seeksBands: true };
  /** Linear up to `edge`, but for bands of `width` that end `below` before each multiple of `period`, from `start` on. */
  const banded = (width: number, below: number, start: number, edge: number, period = PAGE) =>
    fakeLoop((n) => {
      const end = Math.ceil((n + below) / period) * period - below;
      const isInBand = n > end - width && end - width >= start;
      return n > edge || isInBand ? { faults: 1 } : { zeroed: n };
    });
  /** As glibc 2.43 has them. */
  const glibc = () => banded(16, 24, 135_128, 33_554_392);

  test("are found to the byte, the first and the last, and do not hide the cliff", async () => {
    const { cliffs, bands, kindAt } = await measureCurve(glibc(), seeking);
    expect(cliffs).toEqual([{ bytes: 33_554_392, below: "linear", above: "constant" }]);
    expect(bands).toEqual([
      {
        ...{ cost: "constant", period: PAGE, count: 8159 },
        ...{ first: { from: 135_129, to: 135_144 }, last: { from: 33_550_297, to: 33_550_312 } },
      },
    ]);
    expect([135_128, 135_129, 135_144, 135_145, 1_048_537].map(kindAt)).toEqual([
      ...["linear", "constant", "constant", "linear", "constant"],
    ]);
  });

  test("of any width and place below a multiple of a page are found, down to one byte", async () => {
    const width = fc.integer({ min: 1, max: 48 });
    const below = fc.integer({ min: 0, max: 16 });
    const pages = fc.constantFrom(1, 2);
    await fc.assert(
      fc.asyncProperty(width, below, pages, async (bytes, end, period) => {
        const edge = 2 ** 24 + 3 * PAGE + 1000;
        const loop = banded(bytes, end, 2 ** 18 + 1000, edge, period * PAGE);
        const { cliffs, bands } = await measureCurve(loop, seeking);
        expect(cliffs).toMatchObject([{ bytes: edge }]);
        const to = 2 ** 18 + 2 * PAGE - end - (period === 1 ? PAGE : 0);
        expect(bands).toMatchObject([
          { cost: "constant", period: period * PAGE, first: { from: to - bytes + 1, to } },
        ]);
        expect(bands[0]?.last.to).toBe(Math.floor((edge + end) / period / PAGE) * period * PAGE - end);
      }),
      { numRuns: 20 },
    );
  });

  test("do not hide a cliff between sizes that are further apart than 32 bits count", async () => {
    const [from, to] = [2 ** 37, 2 ** 37 + 2 ** 33];
    const edge = from + 2 ** 32 + 2 ** 31 + 2000;
    // The size in the middle is in a band; those at both ends are in none.
    const { cliffs } = await measureCurve(banded(600, 0, 2 ** 30, edge, 3 * PAGE), { from, to });
    expect(cliffs).toEqual([{ bytes: edge, below: "linear", above: "constant" }]);
  });

  test("in which a sample lies do not become cliffs", async () => {
    for (const from of [135_130, 1_048_540, 33_550_300]) {
      const { cliffs, bands, kindAt } = await measureCurve(glibc(), { ...seeking, from });
      expect(cliffs).toMatchObject([{ bytes: 33_554_392 }]);
      expect(bands).toMatchObject([{ last: { to: 33_550_312 } }]);
      expect(kindAt(from)).toBe("constant");
    }
  });

  test("are told from the kind around them at one size", async () => {
    expect(await costKind(glibc(), 1_048_540)).toBe("constant");
    expect(await costKind(glibc(), 1_048_536)).toBe("linear");
  });

  test("may cost more than what is around them", async () => {
    const loop = fakeLoop((n) => (n % PAGE === 0 && n >= 2 ** 20 ? { zeroed: n } : { faults: 1 }));
    const { cliffs, bands } = await measureCurve(loop, {
      from: 2 ** 16 + 5,
      to: 2 ** 24 - 5,
      seeksBands: true,
    });
    expect(cliffs).toEqual([]);
    expect(bands).toMatchObject([{ cost: "linear", first: { from: 2 ** 20, to: 2 ** 20 }, period: PAGE }]);
  });

  test("are none where there are none", async () => {
    for (const quantum of [1, 16, 4096]) {
      const loop = fakeLoop((n) => ({ zeroed: n <= 33_550_312 ? roundUp(n, quantum) : 0 }));
      expect((await measureCurve(loop, seeking)).bands).toEqual([]);
    }
    const classes = fakeLoop((n) => ({ zeroed: 2 ** Math.ceil(Math.log2(n)) }));
    expect((await measureCurve(classes, seeking)).bands).toEqual([]);
  });

  test("are sought only where they are asked for", async () => {
    const loop = glibc();
    await measureCurve(loop, whole);
    const asked = loop.asked.length;
    expect(asked).toBeLessThan(330);
    await measureCurve(loop, seeking);
    expect(loop.asked.length).toBeGreaterThan(2 * asked);
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
