/** The model with several threads against the real glibc: live where it is here, and against what was recorded of it. */
import { cpus } from "node:os";
import { describe, expect, it, vi } from "vitest";
import type { Pattern } from "../../src/experiments/pattern/pattern.js";
import { patternPresets } from "../../src/experiments/pattern/presets.js";
import { patternTrace } from "../../src/experiments/pattern/trace.js";
import { openSandbox } from "../../src/sandbox/open.js";
import { collectTrace } from "../../src/trace/collect.js";
import { whyNotLive } from "../oracle/live.js";
import { findOracle, MODELLED_GLIBC, type Oracle } from "../oracle/oracle.js";
import { randomThreads } from "../oracle/random-threads.js";
import { surprisingTraces, threadNamedTraces } from "../oracle/traces.js";
import { many } from "../thorough.js";
import {
  comparison,
  differences as differencesFrom,
  goldenDifferences,
  type NamedComparison,
} from "./compared.js";

vi.setConfig({ testTimeout: 600_000 });

/** Random traces compared live. */
const SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? many(3, 5));

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

it.each([
  [1, 8],
  [2, 15],
])(
  "with %i CPUs there are no more arenas beside the main one than %i, check build true",
  async (cpus, most) => {
    const sandbox = await openSandbox("glibc", { cpus, check: true });
    for (let thread = 2; thread <= 40; thread++) {
      sandbox.switchThread(thread);
      sandbox.malloc(24);
    }
    // Each begins with a heap, part of which becomes accessible.
    expect(sandbox.counters().syscalls.mprotect).toBe(most);
    sandbox.check();
  },
);

async function seeded(seed: number): Promise<NamedComparison> {
  return { ...(await randomThreads(seed)), name: `seed ${seed}`, interval: 8 };
}

/** Presets, and how they are shortened. */
const SHAPES: [preset: string, changes: Partial<Pattern>][] = [
  ["burst-large", { rounds: 2, blocks: 100 }],
  ["producer-consumer-large", { blocks: 1000 }],
  ["producer-consumer-batch", { blocks: 1000 }],
];

describe.skipIf(reason)("the model does with threads what the glibc of this machine does", () => {
  it("where it surprises", async () => {
    const options = { cpus: cpus().length };
    expect(await differences((await surprisingTraces()).map((trace) => comparison(trace, options)))).toEqual(
      [],
    );
  });

  it.each(SHAPES)("in %s, with any number of arenas", async (name, changes) => {
    const preset = patternPresets.find((one) => one.name === name)?.pattern as Pattern;
    const { records } = await collectTrace(patternTrace({ ...preset, ...changes }));
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

it("a thread whose number one that ended while it ran had is a new one, with a cache of its own", async () => {
  const sandbox = await openSandbox("glibc", { check: true });
  for (let round = 0; round < 2; round++) {
    sandbox.switchThread(2);
    const block = sandbox.malloc(100);
    sandbox.free(block);
    expect(sandbox.malloc(100)).toBe(block); // out of the cache
    expect(sandbox.statistics().smblks).toBe(0);
    sandbox.free(block);
    sandbox.endThread(2);
    sandbox.switchThread(1);
  }
  sandbox.switchThread(2);
  const [one, other] = [sandbox.malloc(100), sandbox.malloc(100)] as [number, number];
  for (const block of [one, other]) sandbox.free(block);
  expect(sandbox.statistics().smblks).toBe(0); // past a cache they would be in fastbins
  sandbox.check();
});
