import { describe, expect, test } from "vitest";
import { callTimesOf, clockCost } from "../../src/compare/latency.js";
import { latencyChart, latencySheet } from "../../src/compare/latency-table.js";
import type { BenchRecord } from "../../src/compare/record.js";
import { runBench } from "../../src/compare/run.js";
import { openWasmAllocator, readTrace } from "../../src/index.js";
import { renderTable } from "../../src/report/table.js";
import { collectTrace } from "../../src/trace/collect.js";
import { parseSvg } from "../report/svg-check.js";
import { doneOf, fakeCounts, fakeLatency, fakePlan } from "./fakes.js";

const recordsOf = async (text: string) => collectTrace(await readTrace(text));

describe("the times of single calls", () => {
  test("are summed up by kind, and those of accesses left out", async () => {
    const { records } = await recordsOf("a 0 8\nw 0 0 8\na 1 8\nc 2 1 8\nf 0\n");
    const times = callTimesOf(records, Float64Array.of(100, 7, 30, 500, 20));
    expect(Object.keys(times)).toEqual(["malloc", "calloc", "free"]);
    expect(times.malloc).toEqual({
      ...{ calls: 2, median: 30, p99: 100, worst: 100 },
      // 2^(19/4) and 2^(26/4)
      histogram: [
        [26.91, 1],
        [90.51, 1],
      ],
    });
    expect(times.free).toMatchObject({ calls: 1, median: 20, p99: 20, worst: 20 });
  });

  test("have a 99th percentile that a hundredth is above, and all calls in their bars", async () => {
    const { records } = await recordsOf(Array.from({ length: 1000 }, (_, id) => `a ${id} 8\n`).join(""));
    const took = Float64Array.from({ length: 1000 }, (_, i) => (i < 10 ? 9000 : 1 + (i % 7)));
    const { malloc } = callTimesOf(records, took);
    expect(malloc).toMatchObject({ calls: 1000, p99: 7, worst: 9000 });
    expect(malloc?.histogram.reduce((sum, [, calls]) => sum + calls, 0)).toBe(1000);
    const froms = malloc?.histogram.map(([from]) => from) ?? [];
    expect(froms).toEqual([...froms].sort((one, other) => one - other));
  });

  test("are the least of several runs, and of one operation each", async () => {
    const trace = await recordsOf("c 0 1 100\na 1 50\nr 0 300\nf 1\nf 0\n".repeat(2000));
    const took = new Float64Array(trace.count).fill(Number.POSITIVE_INFINITY);
    let ticks = 0;
    const slow = () => 7 * ticks++;
    const allocator = await openWasmAllocator("as-tlsf");
    allocator.timeOperations(trace, "none", slow, took);
    expect(new Set(took)).toEqual(new Set([7]));
    allocator.timeOperations(trace, "none", () => 5 * ticks++, took);
    allocator.timeOperations(trace, "none", slow, took);
    expect(new Set(took)).toEqual(new Set([5]));
    expect(ticks).toBe(3 * 2 * trace.count);
    expect(allocator.operations).toBe(3 * trace.count);
    expect(allocator.counters().bytes.inUse).toBe(0);
  });

  test("come with what the clock adds, where nothing disturbs it", () => {
    let [readings, time] = [0, 0];
    const now = () => {
      time += readings++ % 50 === 0 ? 1000 : 30;
      return time;
    };
    expect(clockCost(now)).toBe(30);
  });
});

/** A record of three allocators, measured by fakes. */
const measured = (latencyRuns: number): Promise<BenchRecord> => {
  const plan = fakePlan();
  const times = { first: 20, steady: 10, javascript: null };
  const runner = () => ({
    async ask(question: string) {
      if (question === "counts") return { state: "answer" as const, answer: fakeCounts };
      if (question === "latency") return { state: "answer" as const, answer: fakeLatency };
      return { state: "answer" as const, answer: { wall: times, cpu: times } };
    },
    close() {},
  });
  const asked = { ...plan, parameters: { ...plan.parameters, latencyRuns } };
  return runBench(asked, { open: runner, openDriver: runner });
};

describe("the report", () => {
  test("has a row for each allocator, trace and kind, and says what is the clock's", async () => {
    const sheet = latencySheet(await measured(3));
    expect(sheet && renderTable({ ...sheet, rows: sheet.rows.slice(0, 2) })).toMatchInlineSnapshot(`
      "single calls, in nanoseconds on the wall: of each call the least of 3 runs, each on a new instance

                                       first pass:              second pass:
      allocator  trace  call    calls       median  p99  worst        median  p99  worst
      ─────────  ─────  ──────  ─────  ───────────  ───  ─────  ────────────  ───  ─────
      a          t      malloc      3           50  900    900            40   60     60
      b          t      malloc      3           50  900    900            40   60     60

      On t, the clock and the driver take 40 of malloc: the medians on an allocator that does nothing; two readings of the clock alone are 20 apart.
      On u, the clock and the driver take 40 of malloc: the medians on an allocator that does nothing; two readings of the clock alone are 20 apart.
      "
    `);
    expect(sheet?.rows).toHaveLength(6);
  });

  test("has a chart with a panel for each trace and kind", async () => {
    const { marks, texts } = parseSvg(latencyChart(await measured(3)) ?? "");
    expect(marks.line).toBe(6);
    expect(texts).toEqual(expect.arrayContaining(["t: malloc", "u: malloc", "a", "b", "nanoseconds"]));
  });

  test("has neither where no calls were timed", async () => {
    const record = await measured(0);
    expect(record.complete).toBe(true);
    expect(doneOf(record.results[0]).latency).toBeNull();
    expect([latencySheet(record), latencyChart(record)]).toEqual([undefined, undefined]);
  });
});
