/** `zeropage check --fuzz`: random programs, until one fails or there is no time. */
import { isModule, splitChoice } from "../allocator/choice.js";
import { formatCount } from "../base/bytes.js";
import { UsageError } from "../base/errors.js";
import { parseCount, parseTime } from "../base/flags.js";
import { exactBytes } from "../base/numbers.js";
import { moduleOptions } from "../foreign/module-options.js";
import type { FuzzFailure, FuzzReport } from "../fuzz/fuzz.js";
import { FUZZ_MEMORY } from "../fuzz/generate.js";
import type { ModuleFuzzReport } from "../jail/fuzz.js";
import { jsonReport } from "../report/json.js";
import { type AllocatorChoice, parseAllocators } from "./allocators.js";
import type { Environment } from "./environment.js";
import { EXIT } from "./exit.js";
import { type LimitFlags, parseLimits } from "./limits.js";
import { parseModule, readModuleFile } from "./modules.js";
import { type OutStream, prepareStream } from "./outfile.js";
import { openProgress } from "./progress.js";
import { writeLines } from "./terminal.js";
import { takeName } from "./trace-file.js";

/** The flags of `zeropage check` that are for `--fuzz`, as typed. */
export interface FuzzFlags extends LimitFlags {
  fuzz?: boolean;
  seed?: string;
  for?: string;
  runs?: string;
  output?: string;
  exhaustion?: boolean;
  growth?: boolean;
  glue?: string;
  json?: boolean;
}

/** How long it runs where nobody says. */
const SECONDS = 30;
const MOST_SEED = 2 ** 32 - 1;
/** Lines of a trace that are printed, too. */
const SHORT = 40;

/** Runs random programs on a model or a module. Returns the exit code; throws UsageError before any work. */
export async function fuzzCommand(
  target: string,
  flags: FuzzFlags,
  environment: Environment,
): Promise<number> {
  const { runs, seconds } = readExtent(flags);
  const seed = flags.seed === undefined ? drawSeed() : parseSeed(flags.seed);
  const run = await chooseTarget(target, flags, environment);
  const output = flags.output === undefined ? undefined : prepareStream("--output", flags.output);
  const { stderr, onInterrupt } = environment;
  const progress = openProgress(stderr);
  const interrupt = new AbortController();
  const calm = onInterrupt?.(() => interrupt.abort());
  writeLines(stderr, `seed ${seed}\n`);
  const end = performance.now() + 1000 * seconds;
  try {
    const report = await run({
      ...{ seed, runs, signal: interrupt.signal },
      ...(flags.exhaustion === false && { endsMemory: false }),
      ...(flags.growth === false && { growsMemory: false }),
      goesOn: () => performance.now() < end,
      onProgress: ({ programs, operations, steps }) => {
        const done = `${counted(programs, "program")}, ${counted(operations, "operation")}`;
        progress.show(
          steps === undefined ? done : `a program fails: shrunk to ${formatCount(steps)} operations`,
        );
      },
    });
    progress.clear();
    return finish(target, report, flags, output, environment);
  } finally {
    progress.clear();
    calm?.();
  }
}

/** How many programs, and for how long. */
function readExtent({ runs, for: time }: FuzzFlags): { runs: number; seconds: number } {
  return {
    runs: runs === undefined ? Number.MAX_SAFE_INTEGER : parseCount(runs, "--runs"),
    seconds:
      time !== undefined ? parseTime(time, "--for") : runs === undefined ? SECONDS : Number.POSITIVE_INFINITY,
  };
}

function parseSeed(text: string): number {
  const seed = parseCount(text, "--seed");
  if (seed > MOST_SEED) throw new UsageError(`--seed: "${text}" is more than ${MOST_SEED}, the largest seed`);
  return seed;
}

/** Chance is here alone: all else follows from the seed. */
function drawSeed(): number {
  return 1 + ((crypto.getRandomValues(new Uint32Array(1))[0] as number) % MOST_SEED);
}

interface RunOptions {
  seed: number;
  runs: number;
  signal: AbortSignal;
  endsMemory?: boolean;
  goesOn: () => boolean;
  onProgress: (progress: { programs: number; operations: number; steps?: number }) => void;
}

type Found = FuzzReport & Partial<Pick<ModuleFuzzReport, "module">>;

async function chooseTarget(
  target: string,
  flags: FuzzFlags,
  { library }: Environment,
): Promise<(options: RunOptions) => Promise<Found>> {
  if (!isModule(splitChoice(target).name)) {
    const { model, options: settings } = parseModel(target, library);
    return (options) => library.fuzzModel(model, settings, options);
  }
  const { seconds, memoryBytes: most } = parseLimits(flags);
  const limits = { seconds, memoryBytes: Math.min(most, FUZZ_MEMORY) };
  const module = await readModuleFile(parseModule(target), flags.glue);
  const naming = moduleOptions(module.options);
  return (options) => library.fuzzModule(module.wasm, { ...naming, ...limits, ...options });
}

function parseModel(target: string, library: Environment["library"]): AllocatorChoice {
  const [choice, ...more] = targetsOf(target, library);
  if (choice && more.length === 0) return choice;
  throw new UsageError(`"${target}" is several allocators: name one`);
}

function targetsOf(target: string, library: Environment["library"]): AllocatorChoice[] {
  try {
    return parseAllocators(target, library, "modules");
  } catch (error) {
    if (error instanceof UsageError) error.message = error.message.replace(/^--allocator: /, "");
    throw error;
  }
}

function finish(
  target: string,
  report: Found,
  { json }: FuzzFlags,
  output: OutStream | undefined,
  { stdout, stderr, version }: Environment,
): number {
  const { failure, module, ...counts } = report;
  const file = failure && writeTrace(target, report, failure, output);
  const again = file && replayCommand(target, file, report);
  if (json) {
    const { program: _, ...told } = failure ?? { program: [] };
    stdout.write(
      jsonReport(
        {
          ...{ target, ...counts },
          ...(module && { module }),
          ...(failure && { failure: { ...told, file, again } }),
        },
        version,
      ),
    );
  } else {
    if (module)
      writeLines(stdout, `${target}: an allocator with the calling convention "${module.convention}"\n`);
    if (failure) writeLines(stdout, failureText(failure, again ?? ""));
    writeLines(stdout, summary(report));
  }
  if (file !== undefined) stderr.write(`wrote ${file}\n`);
  return failure ? EXIT.failed : EXIT.ok;
}

/** Writes the trace, by a name that no file has unless one was given. Returns the name. */
function writeTrace(target: string, { seed }: Found, failure: FuzzFailure, output?: OutStream): string {
  const file = output ?? prepareStream("--output", takeName(`fuzz-${failure.seed}`, ".trace"));
  const heading = `# zeropage check ${target} --fuzz --seed ${failure.seed} --runs 1 (found with --seed ${seed})`;
  file.append(`${heading}\n# ${failure.seen}\n${failure.trace}`);
  file.finish();
  return file.path;
}

/** The command that shows it again. */
function replayCommand(target: string, file: string, { memoryBytes, module }: Found): string {
  const memory = exactBytes(memoryBytes);
  if (module) return `zeropage replay ${file} --verify --allocator ${target} --memory ${memory}`;
  const limited = target.includes("addressSpace=") ? target : `${target}:addressSpace=${memory}`;
  return `zeropage replay ${file} --verify --allocator ${limited}`;
}

function failureText(failure: FuzzFailure, again: string): string {
  const { seen, steps, tries, minimal, program, trace } = failure;
  const shrunk = `shrunk from ${counted(steps, "operation")} to ${formatCount(program.length)}, in ${formatCount(tries)} tries`;
  return [
    `\nFAIL  ${seen}`,
    `      ${shrunk}${minimal ? "" : "; it may be shrunk further"}`,
    ...(program.length <= SHORT ? ["", trace.trimEnd()] : []),
    "",
    `to see it again: ${again}`,
    "",
  ].join("\n");
}

const counted = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;

function summary({ seed, programs, operations, failedAllocations, failure }: Found): string {
  const ran = `seed ${seed}: ${counted(programs, "program")}, ${counted(operations, "operation")}`;
  const none = `${counted(failedAllocations, "allocation")} got no memory, which is no failure`;
  return `\n${ran}: ${failure ? "the last one failed" : "none failed"}. ${none}.\n`;
}
