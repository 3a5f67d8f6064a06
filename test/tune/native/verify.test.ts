/** The proof of a tune: runs for real, by the lines that were recommended. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OptionValues } from "../../../src/results/run.js";
import type { TuneReport, TuneResult } from "../../../src/results/tune.js";
import { collectTrace } from "../../../src/trace/collect.js";
import { generateTrace } from "../../../src/trace/generate.js";
import { parseWorkload } from "../../../src/trace/workload.js";
import type { NamedTrace } from "../../../src/tune/evaluate.js";
import { proveTune } from "../../../src/tune/native/verify.js";
import { proofSheets } from "../../../src/tune/proof-sheet.js";
import { some } from "../../thorough.js";

const result = (allocator: string, options: OptionValues): TuneResult => ({
  ...{ allocator, options },
  outcome: { state: "done", figures: [], ratios: { resident: 0.5, time: 0.5 } },
});

/** A report whose baseline is glibc as it is, with a recommendation. */
const reportOf = (recommended: TuneResult): TuneReport => ({
  ...{ scenario: "tune", parameters: { goal: "both", touch: "object", settings: 2 }, traces: [] },
  ...{ ended: "converged", results: [result("glibc", {}), recommended], front: [] },
  recommendation: { result: 1, isBaseline: false, ways: [], unknownWays: [], variations: [] },
});

const trace = async (text: string): Promise<NamedTrace> => ({
  name: "bursts",
  ...(await collectTrace(generateTrace(parseWorkload(text)))),
});

/** The C library's release, where there is one and a compiler; null says that nothing can be run for real. */
function glibcHere(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return /^ldd .* (\d+\.\d+)$/m.exec(execFileSync("ldd", ["--version"], { encoding: "utf8" }))?.[1] ?? null;
  } catch {
    return null;
  }
}

let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "zeropage-verify-"));
});

afterAll(() => rm(cache, { recursive: true, force: true }));

const env = () => ({ ...process.env, XDG_CACHE_HOME: cache });
const here = glibcHere();
if (here !== "2.36") console.warn(`a tune is not proved: it takes glibc 2.36 and cc, and there is ${here}`);

describe.runIf(here === "2.36")("for real", () => {
  const settings = [
    { mmapThreshold: 32768 },
    { trimThreshold: 0, topPad: 4096 },
    { tcacheCount: 0, mxfast: 0, topPad: 1048576 },
  ];
  it.each(some(settings, 1))(
    "glibc with %o has the faults and the resident pages that were predicted",
    async (options) => {
      const bursts = await trace("bursts:ops=6000:live=400:max=400000:seed=5");
      const proof = await proveTune(reportOf(result("glibc", options)), [bursts], { touch: "object" }, env());
      expect(proof.notes).toEqual([]);
      expect(proof.runs).toHaveLength(2);
      const [baseline, recommended] = proof.runs;
      expect(baseline?.measured).toEqual(baseline?.predicted);
      expect(recommended?.measured).toEqual(recommended?.predicted);
      expect(recommended?.measured).not.toEqual(baseline?.measured);
      expect(proof.time?.measured.value).toBeGreaterThan(0);
    },
  );

  it("without a compiler nothing is run, and it says why", async () => {
    const bursts = await trace("bursts:ops=100:live=40:seed=5");
    const missing = { ...env(), PATH: "/nowhere", CC: "/nowhere/cc" };
    const proof = await proveTune(reportOf(result("glibc", {})), [bursts], { touch: "none" }, missing);
    expect(proof).toEqual({ runs: [], notes: [expect.stringContaining("that takes a C compiler")] });
  });

  it("a trace with threads is left out, and that is said", async () => {
    const bursts = await trace("bursts:ops=100:live=40:seed=5");
    const threaded = { ...bursts, notes: { ...bursts.notes, threads: 2 } };
    const proof = await proveTune(
      reportOf(result("glibc", { topPad: 0 })),
      [threaded],
      { touch: "none" },
      env(),
    );
    expect(proof).toEqual({ runs: [], notes: ["bursts was not run for real: it has threads"] });
  });
});

it("predicted and real figures stand side by side", () => {
  const figures = { faults: 100, averageResident: 4096, peakResident: 8192, lastResident: 4096 };
  const report: TuneReport = {
    ...reportOf(result("tcmalloc", { releaseRate: 10 })),
    proof: {
      runs: [
        { result: 0, trace: "a trace", predicted: figures, measured: figures },
        { result: 1, trace: "a trace", predicted: figures, measured: { ...figures, faults: 104 } },
      ],
      time: { measured: { value: 0.6, low: 0.5, high: 0.7 }, predicted: 0.4 },
      notes: ["something is odd"],
    },
  };
  const [sheet] = proofSheets(report);
  expect(sheet?.rows.map((row) => row.map(({ text }) => text))).toEqual([
    ["glibc", "a trace", "faults", "100", "100", "none"],
    ["", "", "average resident", "4 KiB", "4 KiB", "none"],
    ["", "", "peak resident", "8 KiB", "8 KiB", "none"],
    ["", "", "resident at the end", "4 KiB", "4 KiB", "none"],
    ["tcmalloc:releaseRate=10", "a trace", "faults", "100", "104", "3.8%"],
    ["", "", "average resident", "4 KiB", "4 KiB", "none"],
    ["", "", "peak resident", "8 KiB", "8 KiB", "none"],
    ["", "", "resident at the end", "4 KiB", "4 KiB", "none"],
  ]);
  expect(sheet?.sentences).toEqual([
    "Faults differ from what was predicted by 3.8% at most, resident memory by 0%.",
    "Of the CPU time of glibc the recommendation takes 60% (50% to 70%); of simulated time, in which nothing is computed, 40%.",
    "something is odd.",
  ]);
});
