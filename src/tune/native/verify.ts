/**
 * Runs candidates for real: replayer.c, which a C compiler builds once, replays the trace on the allocator that the
 * recommended lines choose and set. Beside it stands what the model says at the same moments.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TOUCH_POLICIES } from "../../allocator/access.js";
import { totalFaults } from "../../allocator/counters.js";
import { numbersOf } from "../../base/random.js";
import { ratioOfQuantiles } from "../../base/statistics.js";
import { type Env, findBuilt, type Recipe } from "../../record/native/compile.js";
import type { OptionValues } from "../../results/run.js";
import type { TuneProof, TuneRealFigures, TuneRealRun, TuneReport, TuneResult } from "../../results/tune.js";
import { openModel } from "../../sandbox/open.js";
import { findModel } from "../../sandbox/options.js";
import { traceOf } from "../../trace/collect.js";
import { TraceRecords } from "../../trace/records.js";
import type { Candidate, Conditions, NamedTrace } from "../evaluate.js";
import { waysToSet } from "../reality.js";

const REPLAYER: Recipe = {
  name: "replayer",
  sources: [fileURLToPath(new URL("replayer.c", import.meta.url))],
  // Bound at start: binding a function at its first call would touch pages.
  flags: ["-O2", "-std=gnu11", "-fno-builtin", "-Wl,-z,now"],
  libraries: [],
  ending: "",
};

const PAGE = 4096;
/** Moments at which both are looked at. */
const MOMENTS = 50;
/** Runs of each whose time is taken, in turn. */
const ROUNDS = 9;
const HEADER_WORDS = 4;

/** What one run printed. */
interface Printed {
  glibc: string;
  nanoseconds: number;
  failed: number;
  figures: TuneRealFigures;
}

/** Runs the baseline and the recommendation for real. What cannot be is told in the notes. */
export async function proveTune(
  report: TuneReport,
  traces: readonly NamedTrace[],
  conditions: Conditions,
  env: Env,
): Promise<TuneProof> {
  const { recommendation, results } = report;
  const places = [...new Set([0, recommendation?.result ?? 0])];
  const built = await findReplayer(env);
  if (typeof built !== "string") return { runs: [], notes: [built.reason] };
  const folder = await mkdtemp(join(tmpdir(), "zeropage-tune-"));
  try {
    const prover = new Prover(built, folder, conditions);
    return await prover.prove(
      places.map((place) => ({ place, result: results[place] as TuneResult })),
      traces,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function findReplayer(env: Env): Promise<string | { reason: string }> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return {
      reason: `nothing was run for real: that takes Linux on x86-64, and this is ${process.platform}`,
    };
  }
  const built = await findBuilt(REPLAYER, env);
  if (built.state === "built") return built.path;
  return { reason: `nothing was run for real: that takes a C compiler (${built.reason})` };
}

interface Placed {
  place: number;
  result: TuneResult;
}

class Prover {
  readonly #notes = new Set<string>();

  constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly conditions: Conditions,
  ) {}

  async prove(placed: readonly Placed[], traces: readonly NamedTrace[]): Promise<TuneProof> {
    const runs: TuneRealRun[] = [];
    const times = placed.map((): number[] => Array.from({ length: ROUNDS }, () => 0));
    for (const [number, trace] of traces.entries()) {
      if ((trace.notes.threads ?? 1) > 1) {
        this.#notes.add(`${trace.name} was not run for real: it has threads`);
        continue;
      }
      const every = Math.max(1, Math.ceil(trace.count / MOMENTS));
      const [looked, timed] = [join(this.folder, `looked-${number}`), join(this.folder, `timed-${number}`)];
      await this.#writeJob(looked, trace, every);
      await this.#writeJob(timed, trace, 0);
      for (const { place, result } of placed) {
        const printed = await this.#run(looked, result);
        if (!printed) return { runs, notes: [...this.#notes] };
        this.#noteVersion(result, printed);
        const predicted = await predict(result, trace, every, this.conditions);
        runs.push({ result: place, trace: trace.name, predicted, measured: printed.figures });
      }
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, { result }] of placed.entries()) {
          const nanoseconds = (await this.#run(timed, result))?.nanoseconds ?? Number.NaN;
          (times[i] as number[])[round] = ((times[i] as number[])[round] as number) + nanoseconds;
        }
      }
    }
    return { runs, ...timeOf(runs, placed, times), notes: [...this.#notes] };
  }

  async #writeJob(path: string, { records, count }: NamedTrace, every: number): Promise<void> {
    const operations = new TraceRecords(records);
    let slots = 1;
    for (let i = 0; i < count; i++) slots = Math.max(slots, operations.slot(i) + 1);
    const header = new BigUint64Array(HEADER_WORDS);
    const touch = TOUCH_POLICIES.indexOf(this.conditions.touch);
    header.set([count, slots, touch, every].map(BigInt));
    await writeFile(path, Buffer.concat([new Uint8Array(header.buffer), records]));
  }

  /** Undefined where it did not come through, which is noted. */
  async #run(job: string, { allocator, options }: TuneResult): Promise<Printed | undefined> {
    const { ways } = waysToSet(allocator, options);
    const lines = ways.find(({ way }) => way === "environment")?.lines ?? [];
    const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)));
    try {
      const { stdout, stderr } = await promisify(execFile)(this.program, [job], { env });
      if (stderr !== "") this.#notes.add(`${allocator} said: ${stderr.trim().split("\n")[0]}`);
      if (/cannot be preloaded/.test(stderr)) return undefined;
      return read(stdout);
    } catch (error) {
      this.#notes.add(
        `${allocator} did not come through for real: ${(error as Error).message.split("\n")[0]}`,
      );
      return undefined;
    }
  }

  #noteVersion({ allocator, options }: TuneResult, { glibc, failed }: Printed): void {
    const { layers, watchesClock, options: known } = findModel(allocator);
    const version = options.version ?? known.find(({ name }) => name === "version")?.default;
    if (layers) this.#notes.add(`${allocator} was run for real without Python's own layer`);
    if ((layers?.base.name ?? allocator) === "glibc" && version !== glibc) {
      this.#notes.add(`glibc here is ${glibc}, and the model's is ${version}`);
    }
    if (watchesClock)
      this.#notes.add(`${allocator} has the real clock for real, and the model's in the model`);
    if (failed > 0) this.#notes.add(`${allocator}: ${failed} allocations failed for real`);
  }
}

/** The recommendation's time as a part of the baseline's. */
function timeOf(
  runs: readonly TuneRealRun[],
  [baseline, recommended]: readonly Placed[],
  [before, now]: readonly number[][],
): Pick<TuneProof, "time"> {
  if (runs.length === 0 || !baseline || !recommended || !before || !now) return {};
  const draw = numbersOf(1);
  const measured = ratioOfQuantiles(now, before, () => draw(2 ** 30) / 2 ** 30);
  const { outcome } = recommended.result;
  return outcome.state === "done" ? { time: { measured, predicted: outcome.ratios.time } } : {};
}

function read(text: string): Printed {
  const lines = text.split("\n").map((line) => line.split(" "));
  const word = (name: string) => lines.find(([first]) => first === name)?.[1] ?? "";
  const pages = lines.filter(([first]) => first === "resident").map(([, , count]) => Number(count));
  return {
    glibc: word("glibc"),
    nanoseconds: Number(word("nanoseconds")),
    failed: Number(word("failed")),
    figures: figuresOf(
      Number(word("faults")),
      pages.map((count) => count * PAGE),
    ),
  };
}

function figuresOf(faults: number, resident: readonly number[]): TuneRealFigures {
  return {
    faults,
    averageResident: resident.reduce((sum, bytes) => sum + bytes, 0) / resident.length,
    peakResident: Math.max(...resident),
    lastResident: resident.at(-1) ?? 0,
  };
}

/** What the model says: beyond what it had before the first operation, as is measured. */
async function predict(
  { allocator, options }: Candidate,
  { records, count, notes }: NamedTrace,
  every: number,
  { touch }: Conditions,
): Promise<TuneRealFigures> {
  const sandbox = await openModel(allocator, options as OptionValues);
  const before = sandbox.counters();
  const { timeline } = await sandbox.replay(traceOf([{ records, count }], notes), {
    touch,
    timelineEvery: every,
  });
  const faults = totalFaults(sandbox.counters().faults) - totalFaults(before.faults);
  return figuresOf(
    faults,
    timeline.map(({ resident }) => resident - before.bytes.resident),
  );
}
