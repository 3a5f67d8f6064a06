import { describe, expect, test } from "vitest";
import { compareRecords } from "../../src/compare/comparison.js";
import { comparisonSheet, slowerThanBefore } from "../../src/compare/comparison-table.js";
import type { BenchRecord } from "../../src/compare/record.js";
import { runBench } from "../../src/compare/run.js";
import type { Answer, Question } from "../../src/compare/runner.js";
import { renderMarkdown } from "../../src/report/markdown.js";
import { fakeCounts, fakeLatency, fakePlan } from "./fakes.js";

/** Of `a`, the baseline, `b` and `c`: nanoseconds, and by how much rounds differ. */
interface Speeds {
  a?: number;
  b?: number;
  c?: number;
  noise?: number;
}

/** A record of a run; `factor` is how slow the machine is. */
async function record(
  { a = 10, b = 20, c = 30, noise = 0.02 }: Speeds = {},
  { factor = 1, rounds = 11, change = {} as Partial<BenchRecord>, fails = false } = {},
): Promise<BenchRecord> {
  const runner = (ns: number) => {
    let round = 0;
    return {
      async ask(question: Question): Promise<Answer> {
        if (question === "counts") return { state: "answer", answer: fakeCounts };
        if (question === "latency") return { state: "answer", answer: fakeLatency };
        const steady = factor * ns * (1 + noise * ((round++ * 7) % 5));
        const times = { first: steady, steady, javascript: null };
        return { state: "answer", answer: { wall: times, cpu: times } };
      },
      close() {},
    };
  };
  const failing = { ask: async (): Promise<Answer> => ({ state: "late", seconds: 9 }), close() {} };
  return runBench(
    { ...fakePlan(null, rounds), ...change },
    {
      open: ({ subject }) => (fails && subject === 1 ? failing : runner([a, b, c][subject] as number)),
      openDriver: () => runner(5),
    },
  );
}

const compare = (old: BenchRecord, fresh: BenchRecord) =>
  compareRecords({ name: "old.json", record: old }, { name: "new.json", record: fresh });
const verdicts = (old: BenchRecord, fresh: BenchRecord) =>
  compare(old, fresh).results.map(({ subject, trace, time }) => `${subject}${trace} ${time?.verdict}`);

/** Modules of the same names, of which these are others. */
const changed = (...names: string[]) => ({
  subjects: fakePlan().subjects.map((one) => (names.includes(one.name) ? { ...one, hash: "another" } : one)),
});
const elsewhere = { hosts: [{ shard: 1, description: "a faster machine" }] };

describe("two records", () => {
  test("of the same differ by noise", async () => {
    const [old, fresh] = [await record(), await record({ noise: 0.03 })];
    const comparison = compare(old, fresh);
    expect(comparison.differences).toEqual([]);
    expect(new Set(verdicts(old, fresh).map((one) => one.split(" ")[1]))).toEqual(new Set(["noise"]));
    expect(slowerThanBefore(comparison, 0)).toEqual([]);
  });

  test("say what is faster, and what is slower", async () => {
    const [old, fresh] = [await record(), await record({ b: 15, c: 40 }, { change: changed("b", "c") })];
    const comparison = compare(old, fresh);
    expect(verdicts(old, fresh).slice(0, 3)).toEqual(["at noise", "bt faster", "ct slower"]);
    expect(comparison.results[1]?.time?.ratio?.value).toBeCloseTo(0.75, 10);
    expect(comparison.results[1]?.time?.toBaseline?.value).toBeCloseTo(0.75, 10);
    expect(comparison.results[0]?.time?.toBaseline).toBeNull();
    expect(comparison.differences).toEqual(["the module b is another", "the module c is another"]);
    expect(slowerThanBefore(comparison, 0.2).map((one) => one.replace(/\d+\.\d/, "N"))).toEqual([
      "c on t is at least N % slower than before",
      "c on u is at least N % slower than before",
    ]);
    expect(slowerThanBefore(comparison, 0.5)).toEqual([]);
  });

  test("of a machine that was busier once are compared by the baseline, and the driver says so", async () => {
    const [old, fresh] = [await record(), await record({ b: 15 }, { factor: 2 })];
    expect(verdicts(old, fresh).slice(0, 3)).toEqual(["at slower", "bt faster", "ct noise"]);
    const { results, drivers } = compare(old, fresh);
    expect(results[1]?.time?.ratio?.value).toBeCloseTo(1.5, 10);
    expect(drivers.map(({ trace, ratio }) => [trace, ratio.value])).toEqual([
      ["t", expect.closeTo(2, 10)],
      ["u", expect.closeTo(2, 10)],
    ]);
  });

  test("of different machines are compared by the baseline alone, or not at all", async () => {
    const old = await record();
    const fresh = await record({ b: 15 }, { factor: 0.5, change: elsewhere });
    const comparison = compare(old, fresh);
    expect(comparison.results[1]?.time?.ratio).toBeNull();
    expect(verdicts(old, fresh).slice(0, 3)).toEqual(["at unknown", "bt faster", "ct noise"]);
    expect(comparison.differences).toEqual([
      "the machines differ (machine 0 before, a faster machine now): times are compared as multiples of a's",
    ]);
    expect(comparison.drivers).toEqual([]);
    const other = await record({ b: 15 }, { change: { ...elsewhere, ...changed("a") } });
    expect(verdicts(old, other).slice(0, 3)).toEqual(["at unknown", "bt unknown", "ct unknown"]);
    expect(compare(old, other).differences.at(-1)).toMatch(/: no time can be compared$/);
    expect(slowerThanBefore(compare(old, other), 0.05)).toHaveLength(6);
  });

  test("with too few rounds are not judged", async () => {
    const [old, fresh] = [await record(), await record({ b: 90 }, { rounds: 5 })];
    expect(verdicts(old, fresh)[1]).toBe("bt unknown");
    expect(compare(old, fresh).differences).toEqual(["rounds was 11, and is 5"]);
  });

  test("have only those traces compared that are the same", async () => {
    const traces = fakePlan().traces.map((one) => (one.name === "u" ? { ...one, hash: "another" } : one));
    const comparison = compare(await record(), await record({}, { change: { traces } }));
    expect(comparison.results.map(({ trace }) => trace)).toEqual(["t", "t", "t"]);
    expect(comparison.differences).toEqual(["the trace u is another, and is not compared"]);
    const others = { traces: fakePlan().traces.map((one) => ({ ...one, name: `${one.name}2` })) };
    const none = compare(await record(), await record({}, { change: others }));
    expect(comparisonSheet(none).sentences).toContain("The records have no allocator and trace in common.");
  });

  test("say what came through once only", async () => {
    const comparison = compare(await record(), await record({}, { fails: true }));
    expect(comparison.results[1]).toMatchObject({ states: { old: "done", new: "late" }, time: null });
    expect(slowerThanBefore(comparison, 0.5)[0]).toBe("b on t came through before, and now it is late");
    expect(slowerThanBefore(compare(await record({}, { fails: true }), await record()), 0.5)).toEqual([]);
  });

  test("of an earlier version, which had times on the wall alone, are compared by these", async () => {
    const old = structuredClone(await record());
    for (const { outcome } of old.results) {
      if (outcome.state !== "done") continue;
      for (const name of ["cpu", "judged", "net", "latency"]) Reflect.deleteProperty(outcome, name);
      Reflect.deleteProperty(outcome.counts, "utilisations");
    }
    Reflect.deleteProperty(old, "drivers");
    const comparison = compare(old, await record());
    expect(comparison.results[1]?.time).toMatchObject({ clock: "wall", verdict: "noise" });
    expect(comparison.results[1]?.counts?.old.resident).toBeNull();
    expect(comparisonSheet(comparison).rows[1]?.[2]?.text).toMatch(/ on the wall$/);
  });
});

test("a comparison is a table", async () => {
  const { results, ...rest } = compare(
    await record(),
    await record(
      { b: 15, c: 40 },
      { change: { ...changed("b"), parameters: { ...fakePlan().parameters, rounds: 11, seed: 8 } } },
    ),
  );
  const sheet = comparisonSheet({ ...rest, results: results.slice(0, 3) });
  expect(renderMarkdown(sheet)).toMatchInlineSnapshot(`
    "bench: new.json compared with old.json

    | allocator | trace | steady, ns/op: old, new | new to old (95 % interval) | the same, as a multiple of the baseline's | time is | memory, one pass | utilisation of resident pages | pages touched | zeroed |
    | :-- | :-- | --: | --: | --: | :-- | --: | --: | --: | --: |
    | a | t | 10.1 → 10.1 | 1.00 (0.97 to 1.04) | - | noise | 1 MiB | 0.80 | 6 | 4 KiB |
    | b | t | 20.2 → 15.2 | 0.75 (0.73 to 0.78) | 0.75 (0.75 to 0.75) | faster | 1 MiB | 0.80 | 6 | 4 KiB |
    | c | t | 30.3 → 40.4 | 1.33 (1.29 to 1.39) | 1.33 (1.33 to 1.33) | slower | 1 MiB | 0.80 | 6 | 4 KiB |

    - The module b is another.
    - Seed was 7, and is 8.
    - Time is faster or slower where the whole interval is, and noise where it holds 1: an interval of multiples of the baseline's, where both records have the same one. It takes 6 rounds. What has one value did not change.
    - On t, the driver alone took 1.00 (0.97 to 1.04) times as long as before: that is the machine's doing.
    - On u, the driver alone took 1.00 (0.97 to 1.04) times as long as before: that is the machine's doing.
    "
  `);
});
