import { identityOf } from "../../src/compare/identity.js";
import type {
  BenchCounts,
  BenchRecord,
  BenchResult,
  Done,
  Latency,
  Shard,
} from "../../src/compare/record.js";

export const fakeCounts: BenchCounts = {
  memory: { initial: 65_536, peak: 2 ** 20, final: 2 ** 21 },
  utilisation: 0.5,
  utilisations: { growth: 0.53, resident: 0.8 },
  metered: { touched: { read: 3, written: 5, either: 6 }, zeroed: { bytes: 4096, needless: 1024 } },
  findings: [],
};

export const fakeLatency: Latency = {
  clockNs: 20,
  first: {
    malloc: {
      calls: 3,
      median: 50,
      p99: 900,
      worst: 900,
      histogram: [
        [45.25, 2],
        [861.1, 1],
      ],
    },
  },
  steady: {
    malloc: {
      calls: 3,
      median: 40,
      p99: 60,
      worst: 60,
      histogram: [
        [38.05, 2],
        [53.82, 1],
      ],
    },
  },
};

/** A record nothing was measured for yet: three allocators, two traces. */
export function fakePlan(shard: Shard | null = null, rounds = 3): BenchRecord {
  const plan: BenchRecord = {
    ...{ scenario: "bench", version: "1.2.3", identity: "", complete: false, shard, resumed: [] },
    hosts: [{ shard: shard?.index ?? 1, description: `machine ${shard?.index ?? 0}` }],
    parameters: {
      ...{
        rounds,
        passes: 2,
        budgetSeconds: 10,
        memoryBytes: 2 ** 30,
        touch: "none",
        latencyRuns: 3,
        seed: 7,
      },
    },
    baseline: "a",
    subjects: ["a", "b", "c"].map((name) => ({ name, options: {}, bytes: 1000, hash: `hash of ${name}` })),
    traces: ["t", "u"].map((name) => ({
      name,
      operations: 100,
      peakLiveBytes: 2 ** 19,
      hash: `hash of ${name}`,
    })),
    results: [],
    drivers: [],
  };
  return { ...plan, identity: identityOf(plan) };
}

/** The outcome of a result that has to be there and done. */
export function doneOf(result: BenchResult | undefined): Done {
  if (result?.outcome.state !== "done") throw new Error(`not done: ${JSON.stringify(result)}`);
  return result.outcome;
}
