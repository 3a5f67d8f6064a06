import { describe, expect, test } from "vitest";
import { closeTrace } from "../../src/compare/closed-trace.js";
import { hashOf, identityOf } from "../../src/compare/identity.js";
import { mergeShards } from "../../src/compare/merge.js";
import { MergeError, type RunFile } from "../../src/compare/one-run.js";
import { type BenchRecord, judgedTimes } from "../../src/compare/record.js";
import { resume } from "../../src/compare/resume.js";
import { type BenchHooks, runBench } from "../../src/compare/run.js";
import type { Answer, Question, Times } from "../../src/compare/runner.js";
import { type BenchJob, jobsOf } from "../../src/compare/shards.js";
import { generateWorkload } from "../../src/compare/workload.js";
import { collectTrace } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";
import { doneOf, fakeCounts, fakeLatency, fakePlan } from "./fakes.js";

const timesOf = (steady: number): Times => ({ first: 2 * steady, steady, javascript: null });

/** Allocator i takes i + 1 times as long as the first; each round is slower than the one before. */
function fakeHooks(
  asked: string[] = [],
  answers: (job: BenchJob, round: number) => Answer | null = () => null,
  cpuOf: (steady: number, job: BenchJob) => number = (steady) => steady,
) {
  const hooks: BenchHooks = {
    open(job) {
      let round = 0;
      return {
        async ask(question) {
          asked.push(`${question[0]}${job.trace}${job.subject}`);
          if (question === "counts") return { state: "answer", answer: fakeCounts };
          if (question === "latency") return { state: "answer", answer: fakeLatency };
          round++;
          const steady = 10 * round * (job.subject + 1);
          return (
            answers(job, round) ?? {
              state: "answer",
              answer: { wall: timesOf(steady), cpu: timesOf(cpuOf(steady, job)) },
            }
          );
        },
        close: () => asked.push(`close${job.trace}${job.subject}`),
      };
    },
  };
  return hooks;
}

const outcomes = ({ results }: BenchRecord) =>
  results.map(({ subject, trace, outcome }) => `${subject} on ${trace}: ${outcome.state}`);

describe("rounds", () => {
  test("go over all allocators in turn, a trace at a time, between the counts and single calls", async () => {
    const asked: string[] = [];
    await runBench(fakePlan(null, 2), fakeHooks(asked));
    const each = (what: string, t: number) => `${what}${t}0 ${what}${t}1 ${what}${t}2`;
    const trace = (t: number) => ["c", "r", "r", "l"].map((what) => each(what, t)).join(" ");
    const close = (t: number) => `close${t}0 close${t}1 close${t}2`;
    expect(asked.join(" ")).toBe(`${trace(0)} ${close(0)} ${trace(1)} ${close(1)}`);
  });

  test("give samples, medians and ratios to the baseline", async () => {
    const { results, complete } = await runBench(fakePlan(null, 6), fakeHooks());
    expect(complete).toBe(true);
    const second = doneOf(results[1]);
    expect(second.steady).toEqual({
      samples: [20, 40, 60, 80, 100, 120],
      median: 70,
      low: 45,
      spread: 25 / 70,
      ratio: { value: 2, low: 2, high: 2 },
      ratioOf: "median",
    });
    expect(second.cpu?.steady.ratioOf).toBe("low");
    expect(second.first.median).toBe(140);
    expect(doneOf(results[0]).steady.ratio).toBeNull();
  });

  test("are judged by CPU time, whose ratio is another than that on the wall", async () => {
    const cpuOf = (steady: number, { subject }: BenchJob) => (subject === 1 ? 3 * steady : steady);
    const { results } = await runBench(
      fakePlan(null, 6),
      fakeHooks([], () => null, cpuOf),
    );
    const second = doneOf(results[1]);
    expect(second.judged).toBe("cpu");
    expect(second.steady.ratio).toEqual({ value: 2, low: 2, high: 2 });
    expect(second.cpu?.steady.ratio).toEqual({ value: 6, low: 6, high: 6 });
    expect(second.cpu?.first.samples).toEqual([120, 240, 360, 480, 600, 720]);
    expect(judgedTimes(second)).toBe(second.cpu);
  });

  test("so short that no CPU time is seen are judged by the wall", async () => {
    const cpuOf = (steady: number, { subject }: BenchJob) => (subject === 1 && steady === 60 ? 0 : steady);
    const { results } = await runBench(
      fakePlan(null, 6),
      fakeHooks([], () => null, cpuOf),
    );
    const second = doneOf(results[1]);
    expect(second).toMatchObject({ judged: "wall", cpu: null });
    expect(judgedTimes(second).steady).toBe(second.steady);
    expect(doneOf(results[2]).judged).toBe("cpu");
  });

  test("have the driver's time measured beside them, and ratios without it", async () => {
    const hooks = fakeHooks();
    const openDriver = (trace: number) => {
      let round = 0;
      return {
        ask: async (question: Question): Promise<Answer> => {
          if (question === "latency") return { state: "answer", answer: fakeLatency };
          round++;
          // Half of what the baseline takes, on the first trace; all of it on the second.
          const times = timesOf((trace === 0 ? 5 : 10) * round);
          return { state: "answer", answer: { wall: times, cpu: times } };
        },
        close() {},
      };
    };
    const { results, drivers } = await runBench(fakePlan(null, 6), { ...hooks, openDriver });
    expect(drivers[0]?.latency).toEqual(fakeLatency);
    expect(drivers.map(({ trace, shard, steady }) => [trace, shard, steady.median])).toEqual([
      ["t", 1, 17.5],
      ["u", 1, 35],
    ]);
    expect(drivers[0]?.cpu?.first.ratio).toBeNull();
    const [first, second] = results.map(doneOf);
    expect(first?.net).toMatchObject({ samples: [5, 10, 15, 20, 25, 30], ratio: null });
    // (2 - 0.5) / (1 - 0.5)
    expect(second?.net?.ratio).toEqual({ value: 3, low: 3, high: 3 });
    const [all, beyond] = results.slice(3).map(doneOf);
    expect(all?.net).toMatchObject({ median: 0, ratio: null });
    expect(beyond?.net).toMatchObject({ ratio: null });
    expect((await runBench(fakePlan(), fakeHooks())).drivers).toEqual([]);
  });

  test("go on without the driver's time where it cannot be measured", async () => {
    const failed: Answer = { state: "failed", error: "ModuleTrap", message: "it trapped" };
    const openDriver = () => ({ ask: async () => failed, close() {} });
    const { results, drivers, complete } = await runBench(fakePlan(), { ...fakeHooks(), openDriver });
    expect({ drivers, complete }).toEqual({ drivers: [], complete: true });
    expect(results.map((one) => doneOf(one).net)).toEqual(Array(6).fill(null));
  });

  test("end for one allocator alone when it fails; late ones keep the rounds they had", async () => {
    const late: Answer = { state: "late", seconds: 10 };
    const memory = { operations: 9, failedAllocations: 3, trapped: false, memoryBytes: 65_536 };
    const exhausted: Answer = { state: "exhausted", ...memory };
    const hooks = fakeHooks([], ({ subject, trace }, round) => {
      if (subject === 1) return exhausted;
      return subject === 2 && (trace === 1 || round > 2) ? late : null;
    });
    const record = await runBench(fakePlan(), hooks);
    expect(outcomes(record)).toEqual([
      ...["a on t: done", "b on t: exhausted", "c on t: done"],
      ...["a on u: done", "b on u: exhausted", "c on u: late"],
    ]);
    const fewer = doneOf(record.results[2]);
    expect(fewer.rounds).toBe(2);
    expect(fewer.steady.ratio?.value).toBe(3);
  });

  test("stop when told, with what there is", async () => {
    const asked: string[] = [];
    const seen: number[] = [];
    const record = await runBench(fakePlan(), {
      ...fakeHooks(asked),
      onRound: ({ results, complete }) => {
        expect(complete).toBe(false);
        seen.push(results.length);
      },
      stopped: () => asked.includes("r11"),
    });
    expect(seen).toEqual([3, 3, 3, 3]);
    expect(record.complete).toBe(false);
    expect(outcomes(record)).toEqual(
      ["a on t", "b on t", "c on t", "a on u", "b on u"].map((job) => `${job}: done`),
    );
    expect(asked.filter((one) => one.startsWith("close"))).toHaveLength(6);
  });
});

test("what ends because all ends has not failed", async () => {
  let stopped = false;
  const ended: Answer = { state: "failed", error: "Error", message: "its Worker ended with code 1" };
  const hooks = fakeHooks([], ({ subject }, round) => {
    stopped = subject === 1 && round === 2;
    return stopped ? ended : null;
  });
  const { results, complete } = await runBench(fakePlan(), { ...hooks, stopped: () => stopped });
  expect(complete).toBe(false);
  expect(results.map(({ finished, outcome }) => [finished, outcome.state])).toEqual(
    Array(3).fill([false, "done"]),
  );
  expect(doneOf(results[1]).rounds).toBe(1);
});

describe("going on after an interruption", () => {
  /** Ended in the first round of the second trace, in which `b` had failed. */
  const interrupted = async () => {
    const asked: string[] = [];
    const failed: Answer = { state: "failed", error: "ModuleTrap", message: "it trapped" };
    const hooks = fakeHooks(asked, ({ subject, trace }) => (subject === 1 && trace === 1 ? failed : null));
    return runBench(fakePlan(), { ...hooks, stopped: () => asked.includes("r12") });
  };

  test("runs what is not finished, and the baseline beside it", async () => {
    const before = await interrupted();
    expect(before.results.map(({ finished }) => finished)).toEqual([true, true, true, false, true, false]);
    const asked: string[] = [];
    const plan = resume(fakePlan(), before, "x.json");
    const record = await runBench(plan, fakeHooks(asked));
    expect(asked.join(" ")).toBe("c10 c12 r10 r12 r10 r12 r10 r12 l10 l12 close10 close12");
    expect(record).toMatchObject({ complete: true, resumed: [4], hosts: before.hosts });
    expect(record.results.slice(0, 3)).toEqual(before.results.slice(0, 3));
    expect(outcomes(record).slice(3)).toEqual(["a on u: done", "b on u: failed", "c on u: done"]);
    expect(doneOf(record.results[5]).steady.ratio?.value).toBe(3);
  });

  test("keeps what is not finished until there is more", async () => {
    const before = await interrupted();
    const plan = resume(fakePlan(), before, "x.json");
    const again = await runBench(plan, { ...fakeHooks(), stopped: () => true });
    expect(again.complete).toBe(false);
    expect(again.results).toEqual(before.results);
    expect(resume(fakePlan(), again, "x.json").resumed).toEqual([4, 4]);
  });

  test("does so in a shard", async () => {
    const shard = { index: 2, count: 2 };
    const asked: string[] = [];
    const hooks = { ...fakeHooks(asked), stopped: () => asked.includes("r12") };
    const before = await runBench(fakePlan(shard), hooks);
    expect(before.complete).toBe(false);
    const second = await runBench(resume(fakePlan(shard), before, "2.json"), fakeHooks());
    const first = await runBench(fakePlan({ index: 1, count: 2 }), fakeHooks());
    const merged = mergeShards([
      { name: "1.json", record: first },
      { name: "2.json", record: second },
    ]);
    expect(merged).toMatchObject({ complete: true, resumed: [2] });
    expect(outcomes(merged)).toEqual(outcomes(await runBench(fakePlan(), fakeHooks())));
  });

  test("has nothing to do where all is done, and names another machine", async () => {
    const whole = await runBench(fakePlan(), fakeHooks());
    const asked: string[] = [];
    expect(await runBench(resume(fakePlan(), whole, "x.json"), fakeHooks(asked))).toEqual(whole);
    expect(asked).toEqual([]);
    const elsewhere = { ...fakePlan(), hosts: [{ shard: 1, description: "another" }] };
    expect(resume(elsewhere, await interrupted(), "x.json").hosts).toHaveLength(2);
  });

  test.each<[string, Partial<BenchRecord>, RegExp]>([
    [
      "version",
      { version: "9" },
      /of another run, which differs in version \(9 and 1\.2\.3\): resume with the same version/,
    ],
    ["baseline", { baseline: "b" }, /in baseline \(b and a\): /],
    ["shard", { shard: { index: 1, count: 2 } }, /in shard \(1\/2 and none\): /],
    [
      "parameters",
      { parameters: { ...fakePlan().parameters, rounds: 9, seed: 1 } },
      /in rounds \(9 and 3\) and seed \(1 and 7\): /,
    ],
    ["modules", { subjects: fakePlan().subjects.slice(0, 2) }, /in modules \(c\): /],
    ["traces", { traces: fakePlan().traces.map((one) => ({ ...one, hash: "?" })) }, /in traces \(t, u\): /],
    ["order", { traces: fakePlan().traces.toReversed() }, /in the order of modules or traces: /],
  ])("refuses another %s", async (_, change, message) => {
    const before = { ...(await interrupted()), ...change };
    before.identity = identityOf(before);
    expect(() => resume(fakePlan(), before, "x.json")).toThrow(MergeError);
    expect(() => resume(fakePlan(), before, "x.json")).toThrow(message);
  });

  test("refuses a record that was changed by hand", async () => {
    const before = { ...(await interrupted()), baseline: "b" };
    expect(() => resume(fakePlan(), before, "x.json")).toThrow("x.json was changed after it was written");
  });
});

describe("shards", () => {
  test("have every job once, and the baseline wherever it is needed", () => {
    for (const count of [1, 2, 3, 4, 7]) {
      const shards = Array.from({ length: count }, (_, i) => jobsOf(fakePlan(), { index: i + 1, count }));
      const others = shards.flat().filter(({ subject }) => subject !== 0);
      expect(new Set(others.map((job) => JSON.stringify(job))).size).toBe(4);
      expect(others).toHaveLength(4);
      for (const shard of shards) {
        for (const { trace } of shard) expect(shard).toContainEqual({ subject: 0, trace });
      }
    }
    expect(jobsOf(fakePlan(), null)).toHaveLength(6);
  });

  const parts = (count: number): Promise<RunFile<BenchRecord>[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => ({
        name: `${i + 1}.json`,
        record: await runBench(fakePlan({ index: i + 1, count }), fakeHooks()),
      })),
    );

  test.each([1, 2, 3, 4, 6])("%i of them merge into what one run gives", async (count) => {
    const whole = await runBench(fakePlan(), fakeHooks());
    const merged = mergeShards((await parts(count)).reverse());
    const comparable = ({ results }: BenchRecord) => results.map(({ shard: _, ...result }) => result);
    expect(comparable(merged)).toEqual(comparable(whole));
    expect(merged).toMatchObject({ complete: true, shard: null, identity: whole.identity });
    expect(merged.hosts).toHaveLength(count);
  });

  test.each<[string, (all: RunFile<BenchRecord>[]) => RunFile<BenchRecord>[], RegExp]>([
    ["nothing", () => [], /nothing to merge/],
    ["a missing shard", (all) => all.slice(1), /no shard 1\/3: run zeropage bench with --shard 1\/3/],
    [
      "a doubled shard",
      (all) => [...all, { ...(all[0] as RunFile<BenchRecord>), name: "x" }],
      /1\.json and x are the same shard/,
    ],
    ["a whole run", ([one]) => [changed(one, { shard: null })], /is a whole run/],
    ["an interrupted shard", ([one, ...rest]) => [changed(one, { complete: false }), ...rest], /interrupted/],
    [
      "another version",
      ([one, ...rest]) => [...rest, renewed(one, { version: "9" })],
      /different runs, which differ in version \(1\.2\.3 and 9\): run all/,
    ],
    ["a changed record", ([one, ...rest]) => [...rest, changed(one, { baseline: "b" })], /changed after/],
    [
      "another baseline",
      ([one, ...rest]) => [...rest, renewed(one, { baseline: "b" })],
      /in baseline \(a and b\): run all/,
    ],
  ])("refuse %s", async (_, spoil, message) => {
    const spoilt = spoil(await parts(3));
    expect(() => mergeShards(spoilt)).toThrow(MergeError);
    expect(() => mergeShards(spoilt)).toThrow(message);
  });

  test("refuse a baseline that counts differently", async () => {
    const all = await parts(2);
    const outcome = doneOf(all[1]?.record.results[0]);
    outcome.counts = { ...outcome.counts, utilisation: 0.1 };
    expect(() => mergeShards(all)).toThrow(/count a on t differently/);
  });
});

const changed = (
  part: RunFile<BenchRecord> | undefined,
  change: Partial<BenchRecord>,
): RunFile<BenchRecord> => {
  const { name, record } = part as RunFile<BenchRecord>;
  return { name, record: { ...record, ...change } };
};

function renewed(part: RunFile<BenchRecord> | undefined, change: Partial<BenchRecord>): RunFile<BenchRecord> {
  const plan = { ...fakePlan({ index: 1, count: 3 }), ...change };
  return changed(part, { ...change, identity: identityOf(plan) });
}

describe("traces", () => {
  const closed = async (text: string) => closeTrace(await collectTrace(await readTrace(text)));

  test("are closed by frees of what they leave, and know the most they held", async () => {
    const trace = await closed("a 1 100\nc 2 3 10\na 3 7\nr 1 50\nf 3\n");
    expect(trace.count).toBe(7);
    expect(trace.peakLiveBytes).toBe(137);
    const again = closeTrace(trace);
    expect(again).toEqual(trace);
  });

  test("are generated from a seed, and valid", async () => {
    expect(generateWorkload(3, 5000)).toBe(generateWorkload(3, 5000));
    expect(generateWorkload(3, 5000)).not.toBe(generateWorkload(4, 5000));
    const trace = await closed(generateWorkload(1, 20_000));
    expect(trace.count).toBeGreaterThanOrEqual(20_000);
    expect(trace.peakLiveBytes).toBeGreaterThan(100_000);
    expect(hashOf(trace.records)).toBe(hashOf((await closed(generateWorkload(1, 20_000))).records));
  });
});
