import { UsageError } from "../base/errors.js";
import { oneLine } from "../base/printable.js";
import type { Experiment } from "../experiments/experiment.js";
import { experiments } from "../experiments/registry.js";
import { Command, CommanderError } from "../libraries/commander.js";
import { commands, type Exit } from "./commands.js";
import { withForms, withLimits, withReport, writing } from "./common-flags.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import type { ExperimentFlags } from "./experiment.js";
import { beginFileUses } from "./file-uses.js";
import { ALLOCATORS, EXAMPLES, MODULES } from "./help.js";
import { FORMS } from "./output.js";

/** Runs the command line on the arguments after the program's name. Returns the exit code; never throws. */
export async function runCommandLine(argv: readonly string[], environment: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(environment, (code) => {
    exitCode = code;
  });
  program.hook("preAction", (_, command) => beginFileUses(command.opts().force === true));
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has already written its message or help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    reportError(error, environment);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function buildProgram(environment: Environment, exit: Exit): Command {
  const program = new Command("zeropage")
    .description("Shows, to the page, what an allocation really costs.")
    .version(environment.version)
    .enablePositionalOptions()
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
  for (const parser of commands) {
    program.addCommand(parser(environment, exit).copyInheritedSettings(program));
  }
  return program;
}

/** The command of an experiment, made from its descriptor. */
function experimentParser(experiment: Experiment, environment: Environment, exit: Exit): Command {
  const { command: name, description, examples, flags, takes, allocators, chart, trace } = experiment;
  const takesModules = takes === "models and modules";
  const command = new Command(name.replace(/^run /, "")).description(description);
  for (const [flag, { value, help, default: preset, withModules }] of Object.entries(flags)) {
    const presets = withModules ? `"${preset}", with wasm modules "${withModules}"` : `"${preset}"`;
    command.option(`--${flag} ${value}`, `${help} (default: ${presets})`);
  }
  if (takes === "no allocators") withForms(command, FORMS);
  else withReport(command, allocators?.help);
  if (takesModules) withLimits(command);
  if (trace) command.option("--save-trace <file>", "write the trace that is replayed, in our text form");
  const lines = examples.map((example) => `  zeropage ${name} ${example}`.trimEnd());
  const about = takes === "no allocators" ? "" : `${ALLOCATORS}${takesModules ? MODULES : ""}\n`;
  return writing(command)
    .option("--chart <file>", chart.help)
    .addHelpText("after", `${about}\nExamples:\n${lines.join("\n")}`)
    .action(async (typed: ExperimentFlags) => {
      const { experimentCommand } = await import("./experiment.js");
      exit(await experimentCommand(experiment, typed, environment));
    });
}
