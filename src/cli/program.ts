import { Command, CommanderError, Option } from "commander";
import { TOUCH_POLICIES } from "../sandbox.js";
import { type CliffsFlags, cliffsCommand } from "./cliffs.js";
import { EXIT, reportError, UsageError } from "./exit.js";
import type { Host } from "./host.js";
import { modelsCommand } from "./models.js";
import { replayCommand, TRACE_FORMATS } from "./replay.js";
import { callocLoopCommand } from "./run.js";
import { type WebFlags, webCommand } from "./web.js";

const ALLOCATORS = `
An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
  libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB`;

const CALLOC_LOOP_EXAMPLES = `${ALLOCATORS}

Examples:
  zeropage run calloc-loop
  zeropage run calloc-loop --size 100MiB,1000MiB --allocator libmalloc,libmalloc:zeroing=dirty
  zeropage run calloc-loop --written 25% --chart zeroed.svg`;

const CLIFFS_EXAMPLES = `${ALLOCATORS}

Examples:
  zeropage cliffs
  zeropage cliffs --allocator glibc,glibc:mmapThreshold=4GiB:trimThreshold=8GiB
  zeropage cliffs --from 64KiB --to 256MiB --chart cliffs.svg`;

const REPLAY_EXAMPLES = `${ALLOCATORS}

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
  run.addCommand(callocLoop(host, exit).copyInheritedSettings(run));
  program.addCommand(cliffs(host, exit).copyInheritedSettings(program));
  program.addCommand(replay(host, exit).copyInheritedSettings(program));
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
  return withReport(command)
    .option("--chart <file>", "draw who zeroed the memory, as an SVG image")
    .addHelpText("after", CALLOC_LOOP_EXAMPLES)
    .action(async (flags) => exit(await callocLoopCommand(flags, host)));
}

function cliffs(host: Host, exit: (code: number) => void): Command {
  const command = new Command("cliffs")
    .description("at which sizes the cost of calloc(1, n); free changes kind, to the byte")
    .option("--from <size>", "smallest n: bytes, or KiB, MiB, GiB", "1KiB")
    .option("--to <size>", "largest n", "1GiB");
  return withReport(command)
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
    .option("--format <format>", `format of the trace, if it is not recognised: ${TRACE_FORMATS.join(", ")}`);
  return withReport(command)
    .option("--timeline <file>", "draw bytes in use, system and resident over time, as an SVG image")
    .option(
      "--addresses <file>",
      "write the address each operation returned, one a line: hexadecimal, 0x0 where there was no memory, - where nothing is allocated; of exactly one --allocator",
    )
    .addHelpText("after", REPLAY_EXAMPLES)
    .action(async (file, flags) => exit(await replayCommand(file, flags, host)));
}

/** Adds what every command that makes a report takes. */
function withReport(command: Command): Command {
  return command
    .option("--allocator <list>", "allocators to run (default: every model)", addToList)
    .option("--check", "run on the check build, which validates the machine as it goes")
    .addOption(new Option("--json", "results as JSON").conflicts(["csv", "markdown"]))
    .addOption(new Option("--csv", "results as CSV").conflicts(["json", "markdown"]))
    .addOption(new Option("--markdown", "results as a Markdown table").conflicts(["json", "csv"]));
}

/** A flag given again adds to what was given before. */
function addToList(more: string, before: string | undefined): string {
  return before === undefined ? more : `${before},${more}`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
