/** The model's releases after 2.36 against what was recorded of the real ones, and against those that were fetched. */
import { describe, expect, it, vi } from "vitest";
import { whyNotLive } from "../oracle/live.js";
import { type GlibcOptions, observeModel } from "../oracle/model.js";
import { findOracle, type Oracle } from "../oracle/oracle.js";
import {
  GOLDEN_SEEDS,
  parameterTraces,
  REAL_TRACES,
  realTrace,
  seededTrace,
  shortNamedTraces,
} from "../oracle/traces.js";
import { CHECKS, many, some } from "../thorough.js";
import { comparison, differences, goldenDifferences, sequenceDifferences, stoppedBreak } from "./compared.js";

vi.setConfig({ testTimeout: 600_000 });

const GIB = 2 ** 30;
/** Random traces compared live, each release. */
const SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? many(4, 12));
/** Releases whose packages can be had. */
const RECORDED = ["2.41", "2.43"] as const;
const NEWER = ["2.39", ...RECORDED] as const;

const PARAMETERS: GlibcOptions[] = [
  { mmapThreshold: 0 },
  { mmapThreshold: 8192 },
  { mmapThreshold: 4 * GIB },
  { mmapThreshold: 4 * GIB, trimThreshold: 8 * GIB },
  { trimThreshold: 0 },
  { topPad: 0 },
  { mmapMax: 0 },
  { mmapMax: 2 },
  { perturb: 85 },
  { tcacheCount: 0 },
  { tcacheCount: 2 },
  { tcacheCount: 65535 },
  { mxfast: 0, tcacheMax: 100 },
  { mxfast: 160, tcacheCount: 1 },
  { tcacheUnsortedLimit: 2, tcacheCount: 20 },
];

describe.each(RECORDED)("the model of glibc %s does what was recorded of it", (version) => {
  describe.each(CHECKS)("check build %s", (check) => {
    it.each(REAL_TRACES)("on %s", async (name) => {
      expect(await goldenDifferences(name, [await realTrace(name)], { version, check })).toEqual([]);
    });

    it("on random traces", async () => {
      expect(await goldenDifferences("random", GOLDEN_SEEDS.map(seededTrace), { version, check })).toEqual(
        [],
      );
    });

    it("on short traces", async () => {
      expect(await goldenDifferences("short", await shortNamedTraces(), { version, check })).toEqual([]);
    });
  });

  it("on every sequence of three calls", async () => {
    expect(await sequenceDifferences(version)).toEqual([]);
  });
});

describe("the model of glibc 2.39, of which there is no package", () => {
  it.each(REAL_TRACES)("does what 2.36 does where no block is aligned: on %s", async (name) => {
    const options = { version: "2.39", recorded: "2.36", check: false };
    expect(await goldenDifferences(name, [await realTrace(name)], options)).toEqual([]);
  });
});

describe.each(NEWER)("the model of glibc %s keeps its heap sound", (version) => {
  it.each(some([...PARAMETERS.entries()], 5))("%d: with %o", async (set, options) => {
    for (const { name, records } of parameterTraces(set)) {
      const run = { records, options: { ...options, version }, interval: 25, check: true };
      const { failure } = await observeModel(run);
      expect(failure, name).toBeUndefined();
    }
  });
});

describe.each(RECORDED)("the model of glibc %s, beside the release itself", async (version) => {
  const found = await findOracle(version);
  const reason = whyNotLive(found, version);
  const { oracle } = found as { oracle: Oracle };

  // Of cc1, and of every sequence of three calls, it was recorded: that is the same library.
  it.skipIf(reason)("does the same on git-log", async () => {
    const touches = ["object"] as const;
    const trace = comparison(await realTrace("git-log"), { version });
    expect(await differences(oracle, [{ ...trace, touches }])).toEqual([]);
  });

  it.skipIf(reason)(`does the same on ${SEEDS} random traces`, async () => {
    const traces = Array.from({ length: SEEDS }, (_, seed) => seededTrace(seed));
    expect(
      await differences(
        oracle,
        traces.map((trace) => comparison(trace, { version })),
      ),
    ).toEqual([]);
  });

  it.skipIf(reason).each([0, 4096, 65_536, 200_704])(
    "does the same with %d bytes before the break stops",
    async (room) => {
      expect(await stoppedBreak(room, version)).toEqual([]);
    },
  );

  it.skipIf(reason).each(some([...PARAMETERS.entries()], 5))(
    "%d: does the same with %o",
    async (set, options) => {
      const all = parameterTraces(set).map((trace) => comparison(trace, { ...options, version }));
      expect(await differences(oracle, all)).toEqual([]);
    },
  );
});
