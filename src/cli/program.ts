import { Command, CommanderError, Option } from "commander";
import { TOUCH_POLICIES } from "../allocator/access.js";
import { costProfiles } from "../costs/profiles.js";
import { ROLES } from "../foreign/families.js";
import { TRACE_FORMAT_NAMES } from "../trace/formats.js";
import { type BenchFlags, benchCommand } from "./bench.js";
import { type CalibrateFlags, calibrateCommand } from "./calibrate.js";
import { type CallocFixesFlags, callocFixesCommand } from "./calloc-fixes.js";
import { type CheckFlags, checkCommand } from "./check.js";
import { type CliffsFlags, cliffsCommand } from "./cliffs.js";
import { EXIT, reportError, UsageError } from "./exit.js";
import type { Host } from "./host.js";
import { BUG_REPORT_ALLOCATORS, type IterContentFlags, iterContentCommand } from "./iter-content.js";
import { type MergeFlags, mergeCommand } from "./merge.js";
import { modelsCommand } from "./models.js";
import { type ProfileFlags, profileCommand } from "./profile.js";
import { replayCommand } from "./replay.js";
import { callocLoopCommand } from "./run.js";
import { type WebFlags, webCommand } from "./web.js";

const ALLOCATORS = `
An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
  libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB`;

const MODULE_SYNTAX = `options name functions that are not found by themselves
(${ROLES.join(", ")}), and their convention:`;

const MODULES = `
Or a wasm module, which really runs: its path, and ${MODULE_SYNTAX}
  lazy,mine.wasm,other.wasm:malloc=take:free=give`;

const CALLOC_LOOP_EXAMPLES = `${ALLOCATORS}${MODULES}

Examples:
  zeropage run calloc-loop
  zeropage run calloc-loop --size 100MiB,1000MiB --allocator libmalloc,libmalloc:zeroing=dirty
  zeropage run calloc-loop --written 25% --chart zeroed.svg`;

const CLIFFS_EXAMPLES = `${ALLOCATORS}${MODULES}

Examples:
  zeropage cliffs
  zeropage cliffs --allocator glibc,glibc:mmapThreshold=4GiB:trimThreshold=8GiB
  zeropage cliffs --from 64KiB --to 256MiB --chart cliffs.svg`;

const ITER_CONTENT_EXAMPLES = `${ALLOCATORS}

Examples:
  zeropage run iter-content
  zeropage run iter-content --size 64MiB --allocator libmalloc:zeroing=dirty --costs macos-2016`;

const CALLOC_FIXES_EXAMPLES = `${ALLOCATORS}

Examples:
  zeropage run calloc-fixes --chart fixes.svg
  zeropage run calloc-fixes --costs linux-vm --allocator lazy,glibc,libmalloc`;

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
export async function runCommandLine(argv: readonly string[], host: Host): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(host, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has written its own message, or its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    reportError(error, host);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function buildProgram(host: Host, exit: (code: number) => void): Command {
  const program = new Command("zeropage")
    .description("Shows, to the page, what an allocation really costs.")
    .version(host.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 80,
      getErrHelpWidth: () => host.stderr.columns ?? 80,
      outputError: (text, write) => write(`zeropage: ${oneLine(text.replace(/^error: /, ""))}\n`),
    })
    .addHelpText("after", EXAMPLES);
  const run = program.command("run").description("run an experiment on allocators");
  for (const command of [callocLoop, iterContent, callocFixes]) {
    run.addCommand(command(host, exit).copyInheritedSettings(run));
  }
  program.addCommand(cliffs(host, exit).copyInheritedSettings(program));
  program.addCommand(replay(host, exit).copyInheritedSettings(program));
  program.addCommand(check(host, exit).copyInheritedSettings(program));
  program.addCommand(profile(host).copyInheritedSettings(program));
  program.addCommand(calibrate(host).copyInheritedSettings(program));
  program.addCommand(bench(host, exit).copyInheritedSettings(program));
  program.addCommand(merge(host).copyInheritedSettings(program));
  program
    .command("models")
    .description("list the allocator models and their options")
    .option("--json", "as JSON")
    .action((flags: { json?: boolean }) => modelsCommand(flags, host));
  program
    .command("web")
    .description("serve the page: two allocators side by side, page by page; Ctrl-C ends it")
    .option("--port <number>", "port on this computer; 0 for any that is free", "8080")
    .action(async (flags: WebFlags) => exit(await webCommand(flags, host)));
  return program;
}

function callocLoop(host: Host, exit: (code: number) => void): Command {
  const command = new Command("calloc-loop")
    .description("p = calloc(1, n); free(p), over and over: who zeroes the memory, and is it needed?")
    .option(
      "--size <sizes>",
      "size of the block: bytes, or KiB, MiB, GiB; several by commas",
      "100MiB,1000MiB",
    )
    .option("--count <number>", "how many times", "10000")
    .option("--written <share>", "share of the block the program writes each time, 0% to 100%", "0%");
  return withLimits(withReport(command))
    .option("--chart <file>", "draw who zeroed the memory, as an SVG image")
    .addHelpText("after", CALLOC_LOOP_EXAMPLES)
    .action(async (flags) => exit(await callocLoopCommand(flags, host)));
}

function iterContent(host: Host, exit: (code: number) => void): Command {
  const command = new Command("iter-content")
    .description("the bug report: a body read over TLS, each read into a new buffer of a whole chunk")
    .option("--size <sizes>", "size of a chunk; several by commas", "10MiB,100MiB,1GiB")
    .option("--body <size>", "bytes to read in all", "100MiB");
  return withReport(command, BUG_REPORT_ALLOCATORS)
    .option("--chart <file>", "draw throughput against the size of a chunk, as an SVG image")
    .addHelpText("after", ITER_CONTENT_EXAMPLES)
    .action(async (flags: IterContentFlags) => exit(await iterContentCommand(flags, host)));
}

function callocFixes(host: Host, exit: (code: number) => void): Command {
  const command = new Command("calloc-fixes")
    .description("what calloc could do instead, by the part of the pages that is written")
    .option("--size <size>", "size of the block", "100MiB")
    .option(
      "--written <shares>",
      "parts of the pages the program writes; several by commas",
      "0%,1%,10%,50%,100%",
    );
  return withReport(command, "libmalloc, its variants, and glibc")
    .option("--chart <file>", "draw time against the part written, as an SVG image")
    .addHelpText("after", CALLOC_FIXES_EXAMPLES)
    .action(async (flags: CallocFixesFlags) => exit(await callocFixesCommand(flags, host)));
}

function cliffs(host: Host, exit: (code: number) => void): Command {
  const command = new Command("cliffs")
    .description("at which sizes the cost of calloc(1, n); free changes kind, to the byte")
    .option("--from <size>", "smallest n: bytes, or KiB, MiB, GiB", "1KiB")
    .option("--to <size>", "largest n", "1GiB");
  return withLimits(withReport(command))
    .option("--chart <file>", "draw cost against size, of all allocators together, as an SVG image")
    .addHelpText("after", CLIFFS_EXAMPLES)
    .action(async (flags: CliffsFlags) => exit(await cliffsCommand(flags, host)));
}

function replay(host: Host, exit: (code: number) => void): Command {
  const command = new Command("replay")
    .description("replay a trace of a real program, plain or gzipped")
    .argument("<file>", "the trace; - is standard input")
    .option(
      "--touch <policy>",
      `what the program touches of a new object: ${TOUCH_POLICIES.join(", ")}`,
      "none",
    )
    .option(
      "--format <format>",
      `format of the trace, if it is not recognised: ${TRACE_FORMAT_NAMES.join(", ")}`,
    );
  return withLimits(withReport(command))
    .option("--timeline <file>", "draw bytes in use, system and resident over time, as an SVG image")
    .option(
      "--addresses <file>",
      "write the address each operation returned, one a line: hexadecimal, 0x0 where there was no memory, - where nothing is allocated; of exactly one --allocator",
    )
    .addHelpText("after", REPLAY_EXAMPLES)
    .action(async (file, flags) => exit(await replayCommand(file, flags, host)));
}

function check(host: Host, exit: (code: number) => void): Command {
  const command = new Command("check")
    .description("check the allocator in a wasm module against what the C library promises")
    .argument("<file>", "the module, .wasm")
    .option("--case <names>", "only these cases; several by commas");
  return withLimits(command, "most time for each case")
    .option("--json", "as JSON")
    .option("--junit <file>", "write JUnit's XML too")
    .addHelpText("after", CHECK_EXAMPLES)
    .action(async (file: string, flags: CheckFlags) => exit(await checkCommand(file, flags, host)));
}

function profile(host: Host): Command {
  return new Command("profile")
    .description("where the simulated time of one run goes, by call path")
    .argument("<what>", "calloc-loop, or a trace; - is standard input")
    .requiredOption("--allocator <one>", "the allocator to run")
    .option("--size <size>", "of calloc-loop: size of the block", "100MiB")
    .option("--count <number>", "of calloc-loop: how many times", "1000")
    .option("--written <share>", "of calloc-loop: share of the block the program writes each time", "0%")
    .option("--touch <policy>", `of a trace: ${TOUCH_POLICIES.join(", ")}`, "none")
    .option("--format <format>", `of a trace: ${TRACE_FORMAT_NAMES.join(", ")}`)
    .option("--costs <name>", COSTS)
    .option("--check", "run on the check build, which validates the machine as it goes")
    .option("--collapsed <file>", "write collapsed stacks, for flamegraph.pl and others")
    .option("--speedscope <file>", "write speedscope's JSON")
    .option("--pprof <file>", "write a pprof profile, gzipped")
    .option("--json", "print the tree as JSON")
    .addHelpText("after", PROFILE_EXAMPLES)
    .action((what, flags: ProfileFlags) => profileCommand(what, flags, host));
}

function bench(host: Host, exit: (code: number) => void): Command {
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
    .action(async (files: string[], flags: BenchFlags) => exit(await benchCommand(files, flags, host)));
}

function merge(host: Host): Command {
  const command = new Command("merge")
    .description("make one report of what the shards of a bench wrote")
    .argument("<files...>", "the records of all shards")
    .option("--output <file>", "write the merged record as JSON");
  return withBenchForms(command)
    .addHelpText("after", MERGE_EXAMPLES)
    .action((files: string[], flags: MergeFlags) => mergeCommand(files, flags, host));
}

/** Adds the forms of a bench's record. */
function withBenchForms(command: Command): Command {
  const forms = {
    json: "the record as JSON",
    github: "as github-action-benchmark reads it",
    benchstat: "as benchstat reads it",
    markdown: "as a Markdown table",
  };
  for (const [name, what] of Object.entries(forms)) {
    command.addOption(
      new Option(`--${name}`, what).conflicts(Object.keys(forms).filter((one) => one !== name)),
    );
  }
  return command.option("--html <file>", "write a page with charts");
}

function calibrate(host: Host): Command {
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
    .action((flags: CalibrateFlags) => calibrateCommand(flags, host));
}

/** Adds what every command that makes a report takes. */
function withReport(command: Command, allocators = "every model"): Command {
  return command
    .option("--allocator <list>", `allocators to run (default: ${allocators})`, addToList)
    .option("--costs <name>", COSTS)
    .option("--check", "run models on the check build, which validates the machine as it goes")
    .addOption(new Option("--json", "results as JSON").conflicts(["csv", "markdown"]))
    .addOption(new Option("--csv", "results as CSV").conflicts(["json", "markdown"]))
    .addOption(new Option("--markdown", "results as a Markdown table").conflicts(["json", "csv"]));
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
