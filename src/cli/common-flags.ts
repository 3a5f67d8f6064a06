/** Flags that several commands have. */
import { TOUCH_POLICIES } from "../allocator/access.js";
import { type Command, Option } from "../libraries/commander.js";
import { BENCH_FORMS } from "./bench-forms.js";
import { CLOCK, COSTS } from "./help.js";
import { FORMS } from "./output.js";

/** Adds the output forms of a benchmark's record. */
export function withBenchForms(command: Command): Command {
  return writing(withForms(command, BENCH_FORMS)).option("--html <file>", "write an HTML file with charts");
}

/** Adds a flag for each output form. At most one may be given. */
export function withForms(command: Command, forms: Readonly<Record<string, { help: string }>>): Command {
  for (const [name, { help }] of Object.entries(forms)) {
    const others = Object.keys(forms).filter((other) => other !== name);
    command.addOption(new Option(`--${name}`, help).conflicts(others));
  }
  return command;
}

/** Adds the flags of every command that makes a report. */
export function withReport(
  command: Command,
  allocators = "the best known models; all: every model",
): Command {
  command
    .option("--allocator <list>", `allocators to run (default: ${allocators})`, addToList)
    .option("--costs <name>", COSTS)
    .option("--check", "run models on the check build, which validates the machine as it goes")
    .option("--clock <nanoseconds>", CLOCK);
  return withForms(command, FORMS);
}

/** Adds the flags of every command that runs modules in a jail. */
export function withLimits(
  command: Command,
  time = "end a module that makes no progress for this long",
): Command {
  return command
    .option("--timeout <time>", time, "60s")
    .option("--memory <size>", "memory limit of a module", "4GiB")
    .addOption(glueOption());
}

/** Of every command that replays a program which does not say itself what it touches. */
export function touchOption(): Option {
  const help = `what the program touches of a new object: ${TOUCH_POLICIES.join(", ")}`;
  return new Option("--touch <policy>", help).default("none");
}

/** Of every command that takes modules. */
export function glueOption(): Option {
  return new Option(
    "--glue <file>",
    "the JavaScript that Emscripten wrote for a module, which knows the names it made short (default: found beside it)",
  );
}

/** Of every command that writes files. */
export function writing(command: Command): Command {
  return command.option("--force", "replace files that are there (never one that is read)");
}

/** Adds the value of a repeated flag to a list of those before it. */
export function collectValue(more: string, before: readonly string[] = []): string[] {
  return [...before, more];
}

/** Adds the value of a repeated flag to the values before it. */
export function addToList(more: string, before: string | undefined): string {
  return before === undefined ? more : `${before},${more}`;
}
