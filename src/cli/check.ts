import { UsageError, ZeropageError } from "../base/errors.js";
import { parseCount, parseWord } from "../base/flags.js";
import { type CheckReport, chooseCases, reportOf } from "../conformance/check.js";
import { checklist } from "../conformance/checklist.js";
import { junitXml } from "../conformance/junit.js";
import { moduleOptions } from "../foreign/module-options.js";
import type { ModuleCheckOptions, ModuleCheckReport } from "../jail/check.js";
import { jsonReport } from "../report/json.js";
import { checkTrace, openTrace } from "./check-trace.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import { type FuzzFlags, fuzzCommand } from "./fuzz.js";
import { type LimitFlags, parseLimits } from "./limits.js";
import { parseModule, readModuleFile } from "./modules.js";
import { type OutStream, prepareStream } from "./outfile.js";
import { openProgress } from "./progress.js";
import type { TraceSource } from "./source.js";

/** The flags of `zeropage check`, as typed. */
export interface CheckFlags extends LimitFlags, FuzzFlags {
  /** Each may have several, separated by commas. */
  case?: readonly string[];
  alignment?: string;
  glue?: string;
  seed?: string;
  json?: boolean;
  junit?: string;
  quiet?: boolean;
  /** True for the trace that comes with zeropage; false for none. Default: that one, if no cases are named. */
  trace?: string | boolean;
}

/** Checks a module. Returns the exit code; throws UsageError before any work. */
export async function checkCommand(
  file: string,
  flags: CheckFlags,
  environment: Environment,
): Promise<number> {
  checkMode(flags);
  if (flags.fuzz) return fuzzCommand(file, flags, environment);
  const settings = {
    ...parseLimits(flags),
    ...(flags.case !== undefined && { cases: parseCases(flags.case) }),
    ...(flags.alignment !== undefined && { alignment: parseAlignment(flags.alignment) }),
    ...(flags.seed !== undefined && { seed: parseCount(flags.seed, "--seed") }),
  };
  const module = await readModuleFile(parseModule(file), flags.glue);
  const { trace: traced = flags.case === undefined } = flags;
  const trace = traced === false ? undefined : await openTrace(traced, environment);
  const junit = flags.junit === undefined ? undefined : prepareStream("--junit", flags.junit);
  const progress = openProgress(environment.stderr);
  const onCase = (name: string, done: number, total: number) =>
    progress.show(`${name}: ${done} of ${total} done`);
  const options = { ...moduleOptions(module.options), ...settings };
  const checked = await environment.library
    .checkModule(module.wasm, { ...options, onCase })
    .finally(() => progress.clear())
    .catch((error) => unopened(error, environment));
  const report =
    trace === undefined ? checked : await withTrace(checked, module.wasm, trace, options, environment);
  print(file, report, flags, environment, module.glue);
  if (junit) write(junit, junitXml(file, report.outcomes), environment);
  return report.passed ? EXIT.ok : EXIT.failed;
}

/** A check with a trace as one case more, if the module could be opened. */
async function withTrace<Checked extends ModuleCheckReport | Unopened>(
  checked: Checked,
  wasm: Uint8Array,
  trace: TraceSource,
  { cases: _, alignment: __, seed: ___, ...options }: ModuleCheckOptions,
  environment: Environment,
): Promise<Checked> {
  if (!checked.module) return checked;
  const progress = openProgress(environment.stderr);
  progress.show(`replaying ${trace.name}`);
  const outcome = await checkTrace(wasm, trace, options, environment).finally(() => progress.clear());
  return { ...checked, ...reportOf([...checked.outcomes, outcome]) };
}

const OF_CASES = ["case", "alignment", "junit", "quiet", "trace"] as const;
const OF_FUZZ = ["for", "runs", "output"] as const;
/** What `--fuzz` does, unless it is told not to. */
const NOT_OF_FUZZ = ["exhaustion", "growth"] as const;

/** @throws UsageError for a flag that is not for what is done */
function checkMode(flags: CheckFlags): void {
  const [others, why] = flags.fuzz
    ? [OF_CASES, "--fuzz runs no cases: leave out one of the two"]
    : [OF_FUZZ, "it is for random programs: add --fuzz"];
  const denied = NOT_OF_FUZZ.find((name) => !flags.fuzz && flags[name] === false);
  const wrong = others.find((name) => flags[name] !== undefined) ?? (denied && `no-${denied}`);
  if (wrong !== undefined) throw new UsageError(`--${wrong}: ${why}`);
}

/** The report on a file that cannot be opened as an allocator, or not within its limits. */
interface Unopened extends CheckReport {
  module: null;
}

/** Turns the error of a module that cannot be opened into a failed outcome. Throws any other error again. */
function unopened(error: unknown, environment: Environment): Unopened {
  if (!(error instanceof ZeropageError)) throw error;
  reportError(error, environment);
  const failed = { state: "fail" as const, seen: error.message, calls: [] };
  return { module: null, ...reportOf([{ name: "opens", promise: "it opens as an allocator", ...failed }]) };
}

function parseAlignment(text: string): 8 | 16 {
  return parseWord(text, "--alignment", ["8", "16"]) === "8" ? 8 : 16;
}

function parseCases(texts: readonly string[]): string[] {
  const names = texts.flatMap((text) => text.split(",")).map((name) => name.trim());
  try {
    return chooseCases(names).map(({ name }) => name);
  } catch (error) {
    throw new UsageError(`--case: ${(error as Error).message}`);
  }
}

function print(
  file: string,
  report: ModuleCheckReport | Unopened,
  { json, quiet = false }: CheckFlags,
  { stdout, version }: Environment,
  glue?: string,
): void {
  if (json) {
    stdout.write(jsonReport({ file, ...report }, version));
    return;
  }
  if (!report.module) return;
  if (quiet) {
    stdout.write(checklist(report, { file, quiet }));
    return;
  }
  stdout.write(`${file}: an allocator with the calling convention "${report.module.convention}"\n`);
  if (glue !== undefined) stdout.write(`note: what its short names stand for was read from ${glue}\n`);
  for (const finding of report.module.findings) stdout.write(`note: ${finding}\n`);
  stdout.write(`\n${checklist(report, { file })}`);
}

function write(stream: OutStream, text: string, { stderr }: Environment): void {
  stream.append(text);
  stream.finish();
  stderr.write(`wrote ${stream.path}\n`);
}
