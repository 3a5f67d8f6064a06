/** What each command is told: its arguments and flags. Its own code is loaded once it is run. */
import { TOUCH_POLICIES } from "../allocator/access.js";
import { Command } from "../libraries/commander.js";
import { RECORDERS } from "../record/native/recorders.js";
import { TUNE_GOALS } from "../results/tune.js";
import { TRACE_FORMAT_NAMES } from "../trace/formats.js";
import type { BenchFlags } from "./bench.js";
import type { CalibrateFlags } from "./calibrate.js";
import type { CheckFlags } from "./check.js";
import {
  addToList,
  collectValue,
  glueOption,
  touchOption,
  withBenchForms,
  withForms,
  withLimits,
  withReport,
  writing,
} from "./common-flags.js";
import type { Environment } from "./environment.js";
import {
  BENCH_EXAMPLES,
  BUILT_IN,
  CHECK_EXAMPLES,
  CLOCK,
  COSTS,
  MERGE_EXAMPLES,
  PROFILE_EXAMPLES,
  RECORD_EXAMPLES,
  REPLAY_EXAMPLES,
  TUNE_HELP,
  VALUES,
} from "./help.js";
import type { MergeFlags } from "./merge.js";
import { FORMS } from "./output.js";
import type { ProfileFlags } from "./profile.js";
import type { RecordFlags } from "./record.js";
import { FRAMES, MILLISECOND, MOST_FRAMES } from "./record-limits.js";
import { PROCESS_HELP } from "./trace-flags.js";
import type { TuneFlags } from "./tune.js";
import type { WebFlags } from "./web.js";

/** Sets the exit code. */
export type Exit = (code: number) => void;

/** Makes the parser of a command. */
type Parser = (environment: Environment, exit: Exit) => Command;

function record(environment: Environment, exit: Exit): Command {
  return writing(new Command("record"))
    .description(
      "run a native program (Linux) or a WASI program in a wasm file, and write what it asks of its allocator as a trace",
    )
    .usage("[options] -- <program> [arguments...]")
    .argument("[words...]", "the program and its arguments")
    .passThroughOptions()
    .option(
      "-o, --output <file>",
      "the trace, gzipped if its name ends in .gz (default: PROGRAM.trace.gz, or with a number what no file is called)",
    )
    .option(
      "--children",
      "also write the traces of the programs that it starts: FILE.1-NAME.trace.gz and so on",
    )
    .option("--sites", "record who calls: the functions of each call stack")
    .option(
      "--frames <number>",
      `with --sites: the most frames of a stack, from the innermost (default: ${FRAMES}; at most ${MOST_FRAMES})`,
    )
    .option(
      "--touches",
      "record which pages of blocks of a page or more the program reads and writes; such blocks get pages of their own (of wasm all that is touched is recorded anyway)",
    )
    .option(
      "--exact-touches",
      "--touches, each between the two operations between which it was; takes longer",
    )
    .option(
      "--times <nanoseconds>",
      `the least time between two times in the trace; 0 gives each operation its own (default: ${MILLISECOND}; for wasm, no times)`,
    )
    .option(
      "--with <recorder>",
      `${RECORDERS.join(" or ")} (default: a preloaded library, which a C compiler builds once; Valgrind where there is none)`,
    )
    .option("--json <file>", "also write what was recorded as JSON: programs, operations, files")
    .option(
      "--dir <folder>",
      "for wasm: a folder that the program sees, or HOST::GUEST; may be given again",
      collectValue,
    )
    .option(
      "--env <name=value>",
      "for wasm: a variable that the program sees, or a NAME of ours; may be given again",
      collectValue,
    )
    .option(
      "--timeout <time>",
      "for wasm: end the program after this time; what was recorded until then is kept, but for the last operations",
    )
    .addHelpText("after", RECORD_EXAMPLES)
    .action(async (command: string[], flags: RecordFlags) => {
      const { recordCommand } = await import("./record.js");
      exit(await recordCommand(command, flags, environment));
    });
}

function replay(environment: Environment, exit: Exit): Command {
  const command = new Command("replay")
    .description("replay a trace of a real program, plain, gzipped or packed by zstd")
    .argument("[file]", "the trace; - is standard input")
    .option("--workload <workload>", "a workload instead of a trace")
    .addOption(touchOption())
    .option(
      "--format <format>",
      `format of the trace, if zeropage does not recognise it: ${TRACE_FORMAT_NAMES.join(", ")}`,
    )
    .option("--process <number>", PROCESS_HELP);
  return writing(withLimits(withReport(command)))
    .option(
      "--trim",
      "at the end let models give back what they keep, as by malloc_trim(0); show bytes before and after",
    )
    .option("--verify", "replay a second time on models, too, and see whether their blocks are kept")
    .option("--no-verify", "replay once on modules, and not again to see whether they lie")
    .option("--timeline <file>", "draw in use, system and resident bytes over time, as an SVG image")
    .option(
      "--every <operations>",
      "with --csv or --json, also a row of these bytes after every so many operations; with --timeline, the points of the chart",
    )
    .option(
      "--addresses <file>",
      "write the address that each operation returned, one per line: hexadecimal, 0x0 for no memory, - for an operation that allocates nothing; needs exactly one --allocator",
    )
    .option(
      "--malloc-stats <file>",
      "write what malloc_stats prints, at each mark of the trace and at its end; of the models glibc, mimalloc and tcmalloc",
    )
    .option("--malloc-info <file>", "the same of malloc_info, which is XML; of the model glibc alone")
    .addHelpText("after", REPLAY_EXAMPLES)
    .action(async (file, flags) => {
      const { replayCommand } = await import("./replay.js");
      exit(await replayCommand(file, flags, environment));
    });
}

function tune(environment: Environment, exit: Exit): Command {
  const command = new Command("tune")
    .description("find which allocator, with which settings, suits a program, from its trace")
    .argument("[traces...]", "traces to replay; - is standard input")
    .option(
      "--goal <goal>",
      `what is to be small: ${TUNE_GOALS.join(", ")} (resident memory, simulated time)`,
      "both",
    )
    .option(
      "--allocator <list>",
      "allocators to try, the first of which is what the program has now; options that are given stay (default: glibc,jemalloc,mimalloc,tcmalloc); or wasm modules, which are measured",
      addToList,
    )
    .option("--settings <number>", "most candidates to try (default: 200)")
    .option("--budget <time>", "begin no further candidate after this time")
    .option("--jobs <number>", "candidates to run at once (default: one for each core)")
    .option("--shard <i/n>", "search only part i of n of the allocators, for zeropage merge")
    .option("--output <file>", "write all candidates as JSON after each, so that the run can go on")
    .option("--resume <file>", "continue an interrupted run from its --output, and in that file")
    .option(
      "--verify",
      "also run the first allocator and the recommendation for real, and show what that takes (Linux on x86-64, with a C compiler)",
    )
    .addOption(glueOption())
    .addOption(touchOption())
    .option("--workload <workloads...>", "workloads to replay, besides traces or instead of them")
    .option(
      "--preset <names...>",
      "the same of programs of public reports: the presets of run pattern, and git-cinnabar",
    )
    .option(
      "--format <format>",
      `format of the traces: ${TRACE_FORMAT_NAMES.join(", ")} (default: found out)`,
    )
    .option("--process <number>", PROCESS_HELP)
    .option("--costs <name>", COSTS)
    .option("--clock <nanoseconds>", CLOCK);
  return writing(withForms(command, FORMS))
    .option("--chart <file>", "draw resident memory against simulated time as SVG")
    .addHelpText("after", TUNE_HELP)
    .action(async (files: string[], flags: TuneFlags) => {
      const { tuneCommand } = await import("./tune.js");
      exit(await tuneCommand(files, flags, environment));
    });
}

function check(environment: Environment, exit: Exit): Command {
  const command = new Command("check")
    .description("check the allocator in a wasm module against what the C library promises")
    .argument("<module>", `a wasm file, or ${BUILT_IN}; with --fuzz also a model`)
    .option(
      "--case <names>",
      "run only this case; separate several by commas, or repeat the option",
      (name: string, before: string[] = []) => [...before, name],
    )
    .option(
      "--alignment <bytes>",
      "what the ABI asks of blocks of 16 bytes and more: 16, or 8 of Emscripten's (default: what the module's names tell)",
    )
    .option("--seed <number>", "seed of the random program (default: 24301), or of --fuzz (default: drawn)")
    .option("--fuzz", "instead of cases run random programs, and shrink one that fails to a least trace")
    .option("--for <time>", "with --fuzz: how long (default: 30s, unless --runs says how many)")
    .option("--runs <number>", "with --fuzz: how many programs, at most")
    .option("--no-exhaustion", "with --fuzz: ask for no more memory than there is")
    .option(
      "--no-growth",
      "with --fuzz: leave all memory to the module's allocator, as a program that never grows it",
    )
    .option(
      "--output <file>",
      "with --fuzz: where the trace of a failure goes (default: fuzz-SEED.trace, or fuzz-SEED-2.trace)",
    );
  return writing(withLimits(command, "time limit of each case, or program"))
    .option(
      "--trace [file]",
      "the trace that is replayed, verified, as the last case (default: that of git log, which comes with zeropage; with --case: none)",
    )
    .option("--no-trace", "replay no trace")
    .option("--quiet", "print only what failed, and the verdict")
    .option("--json", "print the report as JSON")
    .option("--junit <file>", "also write the report as JUnit XML")
    .addHelpText("after", CHECK_EXAMPLES)
    .action(async (file: string, flags: CheckFlags) => {
      const { checkCommand } = await import("./check.js");
      exit(await checkCommand(file, flags, environment));
    });
}

function profile(environment: Environment): Command {
  return writing(new Command("profile"))
    .description(
      "show where the simulated time of one run goes, by call path; or what each allocation site of a trace holds and causes",
    )
    .argument("<what>", "calloc-loop, or a trace; - is standard input")
    .requiredOption("--allocator <one>", "the allocator to run")
    .option("--size <size>", "for calloc-loop: size of the block", "100MiB")
    .option("--count <number>", "for calloc-loop: number of iterations", "1000")
    .option(
      "--written <share>",
      "for calloc-loop: share of the block that the program writes each time",
      "0%",
    )
    .option("--touch <policy>", `for a trace: ${TOUCH_POLICIES.join(", ")}`, "none")
    .option("--format <format>", `for a trace: ${TRACE_FORMAT_NAMES.join(", ")}`)
    .option("--process <number>", `for a trace: ${PROCESS_HELP}`)
    .option("--costs <name>", COSTS)
    .option("--check", "run on the check build, which validates the machine as it goes")
    .option("--clock <nanoseconds>", CLOCK)
    .option("--by <what>", "site: by the sites that a trace names (`s main;parse;grow`), not by call path")
    .option("--value <value>", VALUES)
    .option("--flame <file>", "with --by site, draw a flame graph as SVG")
    .option("--graph <file>", "with --by site, draw functions as boxes and calls as arrows, as SVG")
    .option("--collapsed <file>", "write collapsed stacks, for flamegraph.pl and others")
    .option("--speedscope <file>", "write JSON for speedscope")
    .option("--pprof <file>", "write a gzipped profile for pprof; with --by site a heap profile")
    .option("--json", "print the tree, or all sites, as JSON")
    .addHelpText("after", PROFILE_EXAMPLES)
    .action(async (what, flags: ProfileFlags) => {
      const { profileCommand } = await import("./profile.js");
      await profileCommand(what, flags, environment);
    });
}

function bench(environment: Environment, exit: Exit): Command {
  const command = new Command("bench")
    .description("measure wasm allocators against each other: time, memory, pages and zeroing")
    .argument("[modules...]", `wasm files, or ${BUILT_IN} (default: all of these)`)
    .option("--trace <files...>", "traces to replay; - is standard input (default: a generated workload)")
    .option("--process <number>", PROCESS_HELP)
    .option("--workload <workloads...>", "workloads to replay, besides traces or instead of them")
    .option("--baseline <name>", "the allocator whose time is 1 (default: the first)")
    .option("--rounds <number>", "rounds; each measures every allocator once", "11")
    .option("--passes <number>", "passes of a round on one instance, after the first", "3")
    .option("--latency <runs>", "runs in which each call is timed by itself; 0 for none", "3")
    .option("--budget <time>", "time limit of an allocator on a trace, for all rounds together", "60s")
    .option("--memory <size>", "memory limit of a module", "1GiB")
    .addOption(glueOption())
    .addOption(touchOption())
    .option("--seed <number>", "seed of the workload and of the confidence intervals", "1")
    .option("--shard <i/n>", "run only part i of n, for zeropage merge")
    .option("--output <file>", "write the record as JSON after each round")
    .option("--resume <file>", "continue an interrupted run from its --output, and in that file")
    .option(
      "--fail-if-slower <percent>",
      "exit with 1 if an allocator is surely slower than the baseline by more than this, such as 5%; with --compare, than before",
    )
    .option("--compare <records...>", "instead of measuring, compare two records, the old one first");
  return withBenchForms(command)
    .addHelpText("after", BENCH_EXAMPLES)
    .action(async (files: string[], flags: BenchFlags) => {
      const { benchCommand } = await import("./bench.js");
      exit(await benchCommand(files, flags, environment));
    });
}

function merge(environment: Environment, exit: Exit): Command {
  const command = new Command("merge")
    .description("merge the records of all shards of a bench or a tune into one report")
    .argument("<files...>", "the records of all shards")
    .option("--output <file>", "write the merged record as JSON");
  return withBenchForms(command)
    .addHelpText("after", MERGE_EXAMPLES)
    .action(async (files: string[], flags: MergeFlags) => {
      const { mergeCommand } = await import("./merge.js");
      exit(await mergeCommand(files, flags, environment));
    });
}

function calibrate(environment: Environment): Command {
  return writing(new Command("calibrate"))
    .description("measure what faults and clearing cost on this host, as a cost profile for --costs")
    .option("--name <word>", "name of the cost profile", "this-host")
    .option("--rounds <number>", "rounds to measure", "15")
    .option("--save <file>", "write the cost profile as JSON")
    .option("--json", "print the calibration as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  zeropage calibrate --save here.json && zeropage run calloc-loop --costs here.json",
    )
    .action(async (flags: CalibrateFlags) => {
      const { calibrateCommand } = await import("./calibrate.js");
      await calibrateCommand(flags, environment);
    });
}

function models(environment: Environment): Command {
  return new Command("models")
    .description(
      "list the allocator models and their options, and the wasm allocators that come with zeropage",
    )
    .option("--json", "print the list as JSON")
    .action(async (flags: { json?: boolean }) => {
      const { modelsCommand } = await import("./models.js");
      modelsCommand(flags, environment);
    });
}

function web(environment: Environment, exit: Exit): Command {
  return new Command("web")
    .description("serve the web page: two allocators side by side, page by page; Ctrl-C stops it")
    .option("--port <number>", "port on this host; 0 is any free port", "8080")
    .action(async (flags: WebFlags) => {
      const { webCommand } = await import("./web.js");
      exit(await webCommand(flags, environment));
    });
}

/** In the order of help, after the experiments. */
export const commands: readonly Parser[] = [
  record,
  replay,
  tune,
  check,
  profile,
  calibrate,
  bench,
  merge,
  models,
  web,
];
