import { availableParallelism } from "node:os";
import { TOUCH_POLICIES } from "../allocator/access.js";
import { formatCount } from "../base/bytes.js";
import { UsageError } from "../base/errors.js";
import { parseCount, parseTime, parseWord } from "../base/flags.js";
import { joinWords } from "../base/numbers.js";
import { sealedText } from "../compare/sealed.js";
import { TUNE_GOALS, type TuneEnd, type TuneReport } from "../results/tune.js";
import { tuneChart } from "../tune/chart.js";
import type { Candidate } from "../tune/evaluate.js";
import { proveTune } from "../tune/native/verify.js";
import { TuneLog, traceInfo } from "../tune/record.js";
import { TUNE_SETTINGS, TUNED, type TuneRun, tune } from "../tune/tune.js";
import { type ModelFlags, parseAllocators, runOptions } from "./allocators.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import { Keeper } from "./keeper.js";
import { prepareFile, prepareSvg } from "./outfile.js";
import type { FormFlags } from "./output.js";
import { openProgress } from "./progress.js";
import { printTune } from "./tune-forms.js";
import { ownAllocators, readTraces, type TuneInputFlags } from "./tune-inputs.js";
import { modulesAsked, tuneModules } from "./tune-modules.js";
import { openTunePool } from "./tune-pool.js";
import { chooseShard, recordToFill, type TuneRecordFlags } from "./tune-record.js";

/** The flags of `zeropage tune`, as typed. */
export interface TuneFlags
  extends FormFlags,
    CostsFlags,
    TuneInputFlags,
    TuneRecordFlags,
    Pick<ModelFlags, "clock"> {
  allocator?: string;
  goal: string;
  touch: string;
  settings?: string;
  budget?: string;
  jobs?: string;
  verify?: boolean;
  chart?: string;
}

/** Searches settings for some traces, and recommends. Returns the exit code; throws UsageError before any work. */
export async function tuneCommand(
  files: readonly string[],
  flags: TuneFlags,
  environment: Environment,
): Promise<number> {
  const goal = parseWord(flags.goal, "--goal", TUNE_GOALS);
  const touch = parseWord(flags.touch, "--touch", TOUCH_POLICIES);
  const settings = flags.settings === undefined ? TUNE_SETTINGS : parseCount(flags.settings, "--settings");
  const seconds = flags.budget === undefined ? undefined : parseTime(flags.budget, "--budget");
  const modules = modulesAsked(flags.allocator);
  if (modules) return tuneModules(modules, files, flags, { goal, touch, seconds }, environment);
  const jobs = flags.jobs === undefined ? availableParallelism() : parseCount(flags.jobs, "--jobs");
  const allocators = chooseAllocators(flags.allocator ?? ownAllocators(files, flags), flags, environment);
  const shard = chooseShard(flags, allocators.length);
  if (shard && flags.verify) throw new UsageError("--verify: a shard recommends nothing: verify the whole");
  const costs = await chooseCosts(flags);
  // A resumed run continues in its own file.
  const path = flags.output ?? flags.resume;
  const output = path === undefined ? undefined : prepareFile("--output", path, { continues: flags.resume });
  const chart = flags.chart === undefined ? undefined : prepareSvg("--chart", flags.chart);
  const traces = await readTraces(files, flags, environment);
  const plan = {
    ...{ version: environment.version, parameters: { goal, touch, settings }, costs: costs.costs ?? null },
    ...{ allocators, traces: traces.map(traceInfo) },
  };
  const log = new TuneLog(await recordToFill(plan, shard, flags.resume));
  const keeper = new Keeper(output);
  const report = await run(
    { ...{ traces, allocators, goal, touch, settings }, ...costs, ...(shard && { shard }) },
    { seconds, jobs, log, keep: () => keeper.keep(() => sealedText(log.sofar())) },
    environment,
  );
  keeper.keep(() => sealedText(log.ended(report)));
  if (flags.verify) report.proof = await proveTune(report, traces, { touch }, environment.env);
  const code = await printTune(report, flags, environment, {
    ...(chart && { picture: { file: chart, draw: () => tuneChart(report) } }),
    ...(shard && {
      text: `This is shard ${shard.index} of ${shard.count}: zeropage merge makes one of all.\n`,
    }),
  });
  if (keeper.failure) reportError(keeper.failure, environment);
  if (report.ended === "interrupted") return EXIT.interrupted;
  return code || (keeper.failure ? EXIT.failed : EXIT.ok);
}

/** How a search is run. */
interface Running {
  seconds: number | undefined;
  jobs: number;
  log: TuneLog;
  /** Called at the start, and after each candidate. */
  keep: () => void;
}

/** Ends between candidates, by the clock or by Ctrl-C. What was run until then is reported. */
async function run(
  asked: TuneRun,
  { seconds, jobs, log, keep }: Running,
  { stderr, onInterrupt }: Environment,
): Promise<TuneReport> {
  keep();
  const progress = openProgress(stderr);
  const begun = performance.now();
  let over: Exclude<TuneEnd, "converged" | "settings"> | null = null;
  const release = onInterrupt?.(() => {
    over = "interrupted";
  });
  const isLate = () => seconds !== undefined && performance.now() - begun > 1000 * seconds;
  const pool = jobs > 1 ? openTunePool(Math.min(jobs, asked.settings ?? jobs)) : undefined;
  try {
    return await tune({
      ...asked,
      known: log.known,
      onEvaluated: (candidate, evaluation) => {
        log.add(candidate, evaluation);
        keep();
      },
      over: () => over ?? (isLate() ? "time" : null),
      onProgress: (done) => progress.show(`${formatCount(done)} of at most ${asked.settings} candidates`),
      ...(pool && { evaluator: pool.evaluator }),
    });
  } finally {
    pool?.close();
    release?.();
    progress.clear();
  }
}

/** @throws UsageError for a module, and for a model of nothing real, which nobody can use. */
function chooseAllocators(
  allocator: string | undefined,
  { clock }: TuneFlags,
  { library }: Environment,
): Candidate[] {
  const chosen =
    allocator === undefined
      ? TUNED.map(({ allocator: model, options }) => ({ model, options }))
      : parseAllocators(allocator, library);
  const unreal = chosen.filter(({ model }) => {
    const info = library.models.find(({ name }) => name === model);
    return (info?.layers?.base ?? info)?.sureness === undefined;
  });
  if (unreal.length > 0) {
    const names = joinWords(unreal.map(({ model }) => model));
    throw new UsageError(
      `--allocator: ${names} ${unreal.length === 1 ? "models" : "model"} no real allocator: name others, such as glibc,jemalloc`,
    );
  }
  return chosen.map((choice) => ({
    allocator: choice.model,
    options: runOptions(choice, clock === undefined ? {} : { clock }) as Candidate["options"],
  }));
}
