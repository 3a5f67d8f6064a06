/** The model with several threads against the real glibc: live where it is here, and against what was recorded of it. */
import { cpus } from "node:os";
import { describe, expect, it, vi } from "vitest";
import { burst, queue } from "../../src/experiments/pattern/shapes.js";
import { whyNotLive } from "../oracle/live.js";
import { findOracle, MODELLED_GLIBC, type Oracle } from "../oracle/oracle.js";
import { randomThreads } from "../oracle/random-threads.js";
import { textTrace } from "../oracle/text-trace.js";
import { surprisingTraces, threadNamedTraces } from "../oracle/traces.js";
import {
  comparison,
  differences as differencesFrom,
  goldenDifferences,
  type NamedComparison,
} from "./compared.js";

vi.setConfig({ testTimeout: 600_000 });

/** Random traces compared live. */
const SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? 10);

const found = await findOracle();
const reason = whyNotLive(found);

const differences = (comparisons: NamedComparison[]) =>
  differencesFrom((found as { oracle: Oracle }).oracle, comparisons);

it.each([false, true])(
  "the model does with threads what was recorded of glibc, check build %s",
  async (check) => {
    const options = { version: MODELLED_GLIBC, check };
    expect(await goldenDifferences("threads", await threadNamedTraces(), options)).toEqual([]);
  },
);

async function seeded(seed: number): Promise<NamedComparison> {
  return { ...(await randomThreads(seed)), name: `seed ${seed}`, interval: 8 };
}

const SHAPES = {
  "a burst": () => burst({ threads: 8, rounds: 2, blocks: 100, spread: 20_000 }),
  "a queue": () => queue({ depth: 64, messages: 1000, spread: 20_000 }),
  "a queue that is emptied at once": () => queue({ depth: 64, messages: 1000, spread: 1000, batch: true }),
};

describe.skipIf(reason)("the model does with threads what the glibc of this machine does", () => {
  it("where it surprises", async () => {
    const options = { cpus: cpus().length };
    expect(await differences((await surprisingTraces()).map((trace) => comparison(trace, options)))).toEqual(
      [],
    );
  });

  it.each(Object.entries(SHAPES))("in %s, with any number of arenas", async (name, lines) => {
    const records = await textTrace([...lines()].join("\n"));
    const shared = { name, records, touches: ["none", "object"] as const, interval: 64 };
    const all = [{ cpus: cpus().length }, { arenaMax: 1 }, { arenaMax: 2 }].map((options) => ({
      ...shared,
      options,
    }));
    expect(await differences(all)).toEqual([]);
  });

  it(`on ${SEEDS} random traces`, async () => {
    const all = await Promise.all(Array.from({ length: SEEDS }, (_, seed) => seeded(seed)));
    expect(await differences(all)).toEqual([]);
  });
});
