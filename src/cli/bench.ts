import { TOUCH_POLICIES } from "../allocator/access.js";
import { UsageError } from "../base/errors.js";
import { parseCount, parseSize, parseTime, parseWord } from "../base/flags.js";
import { LEAST_ROUNDS } from "../base/statistics.js";
import { recordText } from "../compare/digest.js";
import { identityOf } from "../compare/identity.js";
import { MergeError } from "../compare/one-run.js";
import type { BenchRecord } from "../compare/record.js";
import { resume } from "../compare/resume.js";
import { failuresOf, slowerThan } from "../compare/table.js";
import { compareCommand } from "./bench-compare.js";
import { type BenchFormFlags, prepareBenchForms } from "./bench-forms.js";
import { loadSubjects, loadTraces } from "./bench-inputs.js";
import { type BenchInputs, measure } from "./bench-measure.js";
import { readSealedRecord } from "./bench-record.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import { Keeper } from "./keeper.js";
import { prepareFile } from "./outfile.js";
import { parseShard } from "./shard.js";

/** The flags of `zeropage bench`, as typed. */
export interface BenchFlags extends BenchFormFlags {
  trace?: string[];
  process?: string;
  workload?: string[];
  baseline?: string;
  rounds: string;
  passes: string;
  latency: string;
  budget: string;
  memory: string;
  glue?: string;
  touch: string;
  seed: string;
  shard?: string;
  output?: string;
  resume?: string;
  failIfSlower?: string;
  compare?: string[];
}

/** Measures modules against each other. Returns the exit code; throws UsageError before any work. */
export async function benchCommand(
  files: readonly string[],
  flags: BenchFlags,
  environment: Environment,
): Promise<number> {
  const most = flags.failIfSlower === undefined ? null : parsePart(flags.failIfSlower);
  if (flags.compare) return compareCommand(files, flags.compare, flags, most, environment);
  const parameters = parametersOf(flags);
  if (most !== null && parameters.rounds < LEAST_ROUNDS) {
    throw new UsageError(`--fail-if-slower needs --rounds ${LEAST_ROUNDS} or more, to be sure`);
  }
  const print = await prepareBenchForms(flags);
  // A resumed run continues in its own file.
  const path = flags.output ?? flags.resume;
  const output = path === undefined ? undefined : prepareFile("--output", path, { continues: flags.resume });
  const subjects = await loadSubjects(files, flags.glue);
  const asked = {
    files: flags.trace ?? [],
    workloads: flags.workload ?? [],
    process: flags.process,
    seed: parameters.seed,
  };
  const traces = await loadTraces(asked, environment.stdin);
  const baseline = chooseBaseline(subjects, files, flags.baseline);
  const plan = await planOf({ parameters, subjects, traces, baseline }, flags, environment);
  const keeper = new Keeper(output);
  const record = await measure(plan, { subjects, traces }, environment, (sofar) =>
    keeper.keep(() => recordText(sofar)),
  );
  await print(record, environment);
  if (keeper.failure) reportError(keeper.failure, environment);
  if (!record.complete) return EXIT.interrupted;
  return judge(record, most, environment) || (keeper.failure ? EXIT.failed : EXIT.ok);
}

/** The name of the baseline. It may also be given as the allocator was typed: by its file. */
function chooseBaseline(
  subjects: BenchInputs["subjects"],
  typed: readonly string[],
  wanted: string | undefined,
): string {
  const names = subjects.map(({ info }) => info.name);
  const baseline = wanted === undefined ? names[0] : (names[typed.indexOf(wanted)] ?? wanted);
  if (baseline !== undefined && names.includes(baseline)) return baseline;
  throw new UsageError(`--baseline: "${wanted}" is not one of the allocators: ${names.join(", ")}`);
}

/** The record to fill: without results, or with those of the interrupted run that is resumed. */
async function planOf(
  { subjects, traces, parameters, baseline }: BenchInputs & Pick<BenchRecord, "parameters" | "baseline">,
  flags: BenchFlags,
  environment: Environment,
): Promise<BenchRecord> {
  const shard = flags.shard === undefined ? null : parseShard(flags.shard);
  const plan: BenchRecord = {
    ...{ scenario: "bench", version: environment.version, identity: "", complete: false, shard, resumed: [] },
    ...{
      hosts: [{ shard: shard?.index ?? 1, description: environment.description ?? "" }],
      parameters,
      baseline,
    },
    ...{ subjects: subjects.map(({ info }) => info), traces: traces.map(({ info }) => info) },
    ...{ results: [], drivers: [] },
  };
  plan.identity = identityOf(plan);
  return flags.resume === undefined ? plan : resumed(plan, flags.resume);
}

async function resumed(plan: BenchRecord, name: string): Promise<BenchRecord> {
  const before = await readSealedRecord(name);
  try {
    return resume(plan, before, name);
  } catch (error) {
    throw error instanceof MergeError ? new UsageError(`--resume: ${error.message}`) : error;
  }
}

/**
 * Fails if an allocator failed. With `most`, also if one is surely slower than the baseline, or did not finish a trace that
 * the baseline finished.
 */
function judge(record: BenchRecord, most: number | null, { stderr }: Environment): number {
  const sentences = new Set([...failuresOf(record), ...(most === null ? [] : slowerThan(record, most))]);
  for (const sentence of sentences) stderr.write(`zeropage: ${sentence}\n`);
  return sentences.size > 0 ? EXIT.failed : EXIT.ok;
}

function parametersOf(flags: BenchFlags): BenchRecord["parameters"] {
  return {
    rounds: parseCount(flags.rounds, "--rounds"),
    passes: parseCount(flags.passes, "--passes"),
    budgetSeconds: parseTime(flags.budget, "--budget"),
    memoryBytes: parseSize(flags.memory, "--memory"),
    latencyRuns: flags.latency === "0" ? 0 : parseCount(flags.latency, "--latency"),
    touch: parseWord(flags.touch, "--touch", TOUCH_POLICIES),
    seed: parseCount(flags.seed, "--seed"),
  };
}

/** Reads `5%` as 0.05. It may be more than 100%. */
function parsePart(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text);
  if (!match) throw new UsageError(`--fail-if-slower: "${text}" is not a percentage: write one such as 5%`);
  return Number(match[1]) / 100;
}
