/** Several threads on the real glibc: what its pages say of them, and the model beside it. */
import { describe, expect, it, vi } from "vitest";
import type { Pattern } from "../../src/experiments/pattern/pattern.js";
import { patternPresets } from "../../src/experiments/pattern/presets.js";
import { patternTrace } from "../../src/experiments/pattern/trace.js";
import { collectTrace } from "../../src/trace/collect.js";
import { whyNotLive } from "../oracle/live.js";
import type { Checkpoint } from "../oracle/observation.js";
import { findOracle, type Oracle } from "../oracle/oracle.js";

vi.setConfig({ testTimeout: 600_000 });

const found = await findOracle();
const reason = whyNotLive(found);

/** The states of the real one at the moments of a preset with changes. */
async function marksOf(name: string, changes: Partial<Pattern>, arenaMax?: number): Promise<Checkpoint[]> {
  const { oracle } = found as { oracle: Oracle };
  const preset = patternPresets.find((one) => one.name === name)?.pattern as Pattern;
  const { records } = await collectTrace(patternTrace({ ...preset, ...changes }));
  const environment: Record<string, string> = arenaMax ? { MALLOC_ARENA_MAX: `${arenaMax}` } : {};
  const [run] = await oracle.run([{ records, touch: "none", environment }]);
  expect(run?.signal).toBe(0);
  return run?.checkpoints ?? [];
}

const residents = (marks: Checkpoint[]) => marks.map(({ resident }) => resident);
const systems = (marks: Checkpoint[]) => marks.map(({ mallinfo }) => mallinfo.arena);

/** The most arenas on two CPUs are sixteen: more than the shapes have threads. */
const DEFAULT = undefined;

describe.skipIf(reason)(
  "a burst of eight threads leaves with the real glibc what it left when it was measured",
  () => {
    it.each([
      // blocks, spread, arenaMax, system at the peak, in use when all is freed; pages: peak, freed, trim, end, trim
      [300, 1000, DEFAULT, 1_441_792, 1_432_160, [352, 352, 352, 352, 352]],
      [300, 1000, 2, 1_523_712, 1_416_368, [347, 347, 347, 347, 175]],
      [300, 1000, 1, 1_486_848, 1_414_112, [346, 346, 346, 346, 1]],
      [1500, 1000, DEFAULT, 6_422_528, 1_887_120, [1568, 1568, 1073, 499, 499]],
      [1500, 1000, 2, 6_438_912, 1_871_328, [1559, 1559, 621, 66, 34]],
      [1500, 1000, 1, 6_475_776, 1_869_072, [1558, 1548, 538, 33, 1]],
      [300, 20_000, DEFAULT, 24_018_944, 161_568, [5864, 5830, 366, 8, 8]],
      [300, 20_000, 2, 24_039_424, 149_216, [5848, 5786, 206, 2, 2]],
      [300, 20_000, 1, 23_969_792, 160_896, [5849, 5818, 163, 1, 1]],
    ])(
      "with %i blocks of up to %i bytes, arenaMax %s",
      async (blocks, spread, arenaMax, peak, cached, pages) => {
        const marks = (await marksOf("burst-small", { blocks, max: 15 + spread }, arenaMax)).slice(-5);
        expect([systems(marks)[0], marks[1]?.mallinfo.uordblks, residents(marks)]).toEqual([
          peak,
          cached,
          pages,
        ]);
      },
    );

    it.each([
      [300, 1000, 1_441_792],
      [1500, 1000, 2_416_640],
      [300, 20_000, 1_081_344],
    ])("with %i blocks of up to %i bytes, as the tops of arenas stay", async (blocks, spread, system) => {
      const marks = await marksOf("burst-small", { blocks, max: 15 + spread });
      expect(systems(marks).at(-1)).toBe(system);
    });
  },
);

describe.skipIf(reason)(
  "a queue of 64 messages leaves with the real glibc what it left when it was measured",
  () => {
    it.each([
      // messages, spread, batch, arenaMax, system half-way and drained; pages: drained, trim, end, trim
      [20_000, 1000, false, DEFAULT, [421_888, 421_888], [71, 69, 69, 69]],
      [20_000, 1000, false, 1, [405_504, 405_504], [69, 66, 66, 1]],
      [20_000, 1000, true, DEFAULT, [409_600, 409_600], [68, 68, 68, 68]],
      [5000, 20_000, false, DEFAULT, [1_044_480, 1_097_728], [236, 117, 16, 16]],
      [5000, 20_000, false, 1, [962_560, 1_019_904], [244, 85, 10, 1]],
    ])("of %i messages of up to %i bytes, batch %s, arenaMax %s", async (...row) => {
      const [messages, spread, batch, arenaMax, system, pages] = row;
      const changes = { blocks: messages, max: 15 + spread, drain: batch ? "all" : "one" } as const;
      const [halfWay, , ...left] = await marksOf("producer-consumer", changes, arenaMax);
      const marks = [halfWay, ...left] as Checkpoint[];
      expect([systems(marks).slice(0, 2), residents(left)]).toEqual([system, pages]);
    });
  },
);
