import { Command, CommanderError, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { costProfiles } from "../costs/profiles.js";
import type { Experiment } from "../experiments/experiment.js";
import { experiments } from "../experiments/registry.js";
import { ROLES } from "../foreign/conventions.js";
import { TOUCH_POLICIES } from "../sandbox/sandbox.js";
import { type BenchFlags, benchCommand } from "./bench.js";
import { BENCH_FORMS } from "./bench-forms.js";
import { type CalibrateFlags, calibrateCommand } from "./calibrate.js";
import { type CheckFlags, checkCommand } from "./check.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import { type ExperimentFlags, experimentCommand } from "./experiment.js";
import { type MergeFlags, mergeCommand } from "./merge.js";
import { modelsCommand } from "./models.js";
import { FORMS } from "./output.js";
import { type ProfileFlags, profileCommand } from "./profile.js";
import { replayCommand, TRACE_FORMATS } from "./replay.js";
import { type WebFlags, webCommand } from "./web.js";

const ALLOCATORS = `
An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
  libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB`;

const MODULE_SYNTAX = `options name functions that are not found by themselves
(${ROLES.join(", ")}), and their convention:`;

const MODULES = `
Or a wasm module, which really runs: its path, and ${MODULE_SYNTAX}
  lazy,mine.wasm,other.wasm:malloc=take:free=give`;

const PROFILE_EXAMPLES = `
Examples:
  zeropage profile calloc-loop --allocator libmalloc --collapsed stacks.txt
  zeropage profile trace.txt.gz --allocator glibc --touch pages --speedscope out.json --pprof out.pb.gz`;

const CHECK_EXAMPLES = `
A module is its path, and ${MODULE_SYNTAX}
  mine.wasm:malloc=take:free=give

Each case runs in a Worker of its own, on a fresh instance. Exit code: 0 if none failed, 1 if one did, 2 for a wrong command line.

Examples:
  zeropage check allocator.wasm
  zeropage check allocator.wasm --junit report.xml --timeout 10s
  zeropage check allocator.wasm --case calloc-reused,calloc-overflow`;

const BENCH_EXAMPLES = `
A module is its path, and ${MODULE_SYNTAX}
  mine.wasm:malloc=take:free=give
as-tlsf and as-stub are AssemblyScript's own allocators, which come with zeropage.

Examples:
  zeropage bench
  zeropage bench mine.wasm as-tlsf --trace trace.txt.gz --baseline as-tlsf --html bench.html
  zeropage bench new.wasm old.wasm --baseline old --fail-if-slower 5%
  zeropage bench *.wasm --trace *.gz --output all.json
  zeropage bench *.wasm --trace *.gz --resume all.json
  zeropage bench *.wasm --shard 2/4 --output shard-2.json`;

const MERGE_EXAMPLES = `
Example:
  zeropage merge shard-*.json --output all.json --markdown`;

const COSTS = `what simulated time is counted with: ${costProfiles.map(({ name }) => name).join(", ")}, or a file by zeropage calibrate (default: that of the kernel)`;

const REPLAY_EXAMPLES = `${ALLOCATORS}${MODULES}

Examples:
  zeropage replay trace.txt.gz
  zeropage replay trace.rep --allocator libmalloc --touch pages --timeline bytes.svg
  zeropage replay trace.txt --allocator glibc --addresses glibc.txt
  valgrind --trace-malloc=yes ls 2>&1 >/dev/null | zeropage replay - --format valgrind`;

const EXAMPLES = `
Examples:
  zeropage run calloc-loop
  zeropage cliffs --chart cliffs.svg
  zeropage replay trace.txt.gz --allocator libmalloc --touch pages
  zeropage web
  zeropage models`;

/** Runs the command line on the arguments after the program's name. Returns the exit code; never throws. */
export async function runCommandLine(argv: readonly string[], environment: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(environment, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has written its own message, or its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    reportError(error, environment);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function buildProgram(environment: Environment, exit: (code: number) => void): Command {
  const program = new Command("zeropage")
    .description("Shows, to the page, what an allocation really costs.")
    .version(environment.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => environment.stdout.write(text),
      writeErr: (text) => environment.stderr.write(text),
      getOutHelpWidth: () => environment.stdout.columns ?? 80,
      getErrHelpWidth: () => environment.stderr.columns ?? 80,
      outputError: (text, write) => write(`zeropage: ${oneLine(text.replace(/^error: /, ""))}\n`),
    })
    .addHelpText("after", EXAMPLES);
  const run = program.command("run").description("run an experiment on allocators");
  for (const experiment of experiments) {
    const parent = experiment.command.startsWith("run ") ? run : program;
    parent.addCommand(experimentParser(experiment, environment, exit).copyInheritedSettings(parent));
  }
  program.addCommand(replay(environment, exit).copyInheritedSettings(program));
  program.addCommand(check(environment, exit).copyInheritedSettings(program));
  program.addCommand(profile(environment).copyInheritedSettings(program));
  program.addCommand(calibrate(environment).copyInheritedSettings(program));
  program.addCommand(bench(environment, exit).copyInheritedSettings(program));
  program.addCommand(merge(environment).copyInheritedSettings(program));
  program
    .command("models")
    .description("list the allocator models and their options")
    .option("--json", "as JSON")
    .action((flags: { json?: boolean }) => modelsCommand(flags, environment));
  program
    .command("web")
    .description("serve the page: two allocators side by side, page by page; Ctrl-C ends it")
    .option("--port <number>", "port on this computer; 0 for any that is free", "8080")
    .action(async (flags: WebFlags) => exit(await webCommand(flags, environment)));
  return program;
}

/** The command of an experiment, made of what that says of itself. */
function experimentParser(
  experiment: Experiment,
  environment: Environment,
  exit: (code: number) => void,
): Command {
  const { command: name, description, examples, flags, takes, allocators, chart } = experiment;
  const takesModules = takes === "models and modules";
  const command = new Command(name.replace(/^run /, "")).description(description);
  for (const [flag, { value, help, default: preset }] of Object.entries(flags)) {
    command.option(`--${flag} ${value}`, help, preset);
  }
  withReport(command, allocators?.help);
  if (takesModules) withLimits(command);
  const lines = examples.map((example) => `  zeropage ${name} ${example}`.trimEnd());
  return command
    .option("--chart <file>", chart.help)
    .addHelpText("after", `${ALLOCATORS}${takesModules ? MODULES : ""}\n\nExamples:\n${lines.join("\n")}`)
    .action(async (typed: ExperimentFlags) => exit(await experimentCommand(experiment, typed, environment)));
}

function replay(environment: Environment, exit: (code: number) => void): Command {
  const command = new Command("replay")
    .description("replay a trace of a real program, plain or gzipped")
    .argument("<file>", "the trace; - is standard input")
    .option(
      "--touch <policy>",
      `what the program touches of a new object: ${TOUCH_POLICIES.join(", ")}`,
      "none",
    )
    .option("--format <format>", `format of the trace, if it is not recognised: ${TRACE_FORMATS.join(", ")}`);
  return withLimits(withReport(command))
    .option("--timeline <file>", "draw bytes in use, system and resident over time, as an SVG image")
    .option(
      "--addresses <file>",
      "write the address each operation returned, one a line: hexadecimal, 0x0 where there was no memory, - where nothing is allocated; of exactly one --allocator",
    )
    .addHelpText("after", REPLAY_EXAMPLES)
    .action(async (file, flags) => exit(await replayCommand(file, flags, environment)));
}

function check(environment: Environment, exit: (code: number) => void): Command {
  const command = new Command("check")
    .description("check the allocator in a wasm module against what the C library promises")
    .argument("<file>", "the module, .wasm")
    .option("--case <names>", "only these cases; several by commas");
  return withLimits(command, "most time for each case")
    .option("--json", "as JSON")
    .option("--junit <file>", "write JUnit's XML too")
    .addHelpText("after", CHECK_EXAMPLES)
    .action(async (file: string, flags: CheckFlags) => exit(await checkCommand(file, flags, environment)));
}

function profile(environment: Environment): Command {
  return new Command("profile")
    .description("where the simulated time of one run goes, by call path")
    .argument("<what>", "calloc-loop, or a trace; - is standard input")
    .requiredOption("--allocator <one>", "the allocator to run")
    .option("--size <size>", "of calloc-loop: size of the block", "100MiB")
    .option("--count <number>", "of calloc-loop: how many times", "1000")
    .option("--written <share>", "of calloc-loop: share of the block the program writes each time", "0%")
    .option("--touch <policy>", `of a trace: ${TOUCH_POLICIES.join(", ")}`, "none")
    .option("--format <format>", `of a trace: ${TRACE_FORMATS.join(", ")}`)
    .option("--costs <name>", COSTS)
    .option("--check", "run on the check build, which validates the machine as it goes")
    .option("--collapsed <file>", "write collapsed stacks, for flamegraph.pl and others")
    .option("--speedscope <file>", "write speedscope's JSON")
    .option("--pprof <file>", "write a pprof profile, gzipped")
    .option("--json", "print the tree as JSON")
    .addHelpText("after", PROFILE_EXAMPLES)
    .action((what, flags: ProfileFlags) => profileCommand(what, flags, environment));
}

function bench(environment: Environment, exit: (code: number) => void): Command {
  const command = new Command("bench")
    .description("measure wasm allocators against each other: time, memory, pages and zeroing")
    .argument("[modules...]", "wasm files, or as-tlsf, as-stub (default: both of these)")
    .option("--trace <files...>", "traces to run; - is standard input (default: a generated workload)")
    .option("--baseline <name>", "the allocator whose time is 1 (default: the first)")
    .option("--rounds <number>", "how often to measure each allocator, in turn", "11")
    .option("--passes <number>", "passes of a round on one instance, after the first", "3")
    .option("--budget <time>", "most time of an allocator on a trace, all rounds together", "60s")
    .option("--memory <size>", "most memory a module may have", "1GiB")
    .option(
      "--touch <policy>",
      `what the program touches of a new object: ${TOUCH_POLICIES.join(", ")}`,
      "none",
    )
    .option("--seed <number>", "of the workload and of the intervals", "1")
    .option("--shard <i/n>", "run one part of n only, for zeropage merge")
    .option("--output <file>", "write the record as JSON, after each round")
    .option("--resume <file>", "go on with a run that was interrupted, from its --output, and in that file")
    .option("--fail-if-slower <part>", "exit with 1 if an allocator is surely slower than that, such as 5%");
  return withBenchForms(command)
    .addHelpText("after", BENCH_EXAMPLES)
    .action(async (files: string[], flags: BenchFlags) =>
      exit(await benchCommand(files, flags, environment)),
    );
}

function merge(environment: Environment): Command {
  const command = new Command("merge")
    .description("make one report of what the shards of a bench wrote")
    .argument("<files...>", "the records of all shards")
    .option("--output <file>", "write the merged record as JSON");
  return withBenchForms(command)
    .addHelpText("after", MERGE_EXAMPLES)
    .action((files: string[], flags: MergeFlags) => mergeCommand(files, flags, environment));
}

/** Adds the forms of a bench's record. */
function withBenchForms(command: Command): Command {
  return withForms(command, BENCH_FORMS).option("--html <file>", "write a page with charts");
}

/** Adds a flag for each form, of which one may be given. */
function withForms(command: Command, forms: Readonly<Record<string, { help: string }>>): Command {
  for (const [name, { help }] of Object.entries(forms)) {
    const others = Object.keys(forms).filter((other) => other !== name);
    command.addOption(new Option(`--${name}`, help).conflicts(others));
  }
  return command;
}

function calibrate(environment: Environment): Command {
  return new Command("calibrate")
    .description("measure what faults and clearing cost on this host, as a cost profile for --costs")
    .option("--name <word>", "name of the profile", "this-host")
    .option("--rounds <number>", "how often to measure", "15")
    .option("--save <file>", "write the profile, as JSON")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  zeropage calibrate --save here.json && zeropage run calloc-loop --costs here.json",
    )
    .action((flags: CalibrateFlags) => calibrateCommand(flags, environment));
}

/** Adds what every command that makes a report takes. */
function withReport(command: Command, allocators = "every model"): Command {
  command
    .option("--allocator <list>", `allocators to run (default: ${allocators})`, addToList)
    .option("--costs <name>", COSTS)
    .option("--check", "run models on the check build, which validates the machine as it goes");
  return withForms(command, FORMS);
}

/** Adds what every command that runs modules in jail takes. */
function withLimits(command: Command, time = "end a module that makes no progress for so long"): Command {
  return command
    .option("--timeout <time>", time, "60s")
    .option("--memory <size>", "most memory for a module", "4GiB");
}

/** A flag given again adds to what was given before. */
function addToList(more: string, before: string | undefined): string {
  return before === undefined ? more : `${before},${more}`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
