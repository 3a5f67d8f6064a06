import { TOUCH_POLICIES } from "../allocator/access.js";
import { UsageError } from "../base/errors.js";
import { parseCount, parsePercent, parseSize, parseWord } from "../base/flags.js";
import { formatSize } from "../base/numbers.js";
import { callocLoopHeading } from "../experiments/calloc-loop/sheet.js";
import type { Profiled } from "../experiments/profile/run.js";
import { replayHeading } from "../experiments/replay/sheet.js";
import { collapsedStacks } from "../profile/collapsed.js";
import { sampleText } from "../profile/sample-text.js";
import { speedscopeFile } from "../profile/speedscope.js";
import { type Stack, stacksOf } from "../profile/stacks.js";
import { jsonReport } from "../report/json.js";
import { allocatorLabel } from "../report/label.js";
import type { Parameters } from "../results/run.js";
import { TRACE_FORMAT_NAMES } from "../trace/formats.js";
import { type AllocatorChoice, type ModelFlags, parseAllocators, runOptions } from "./allocators.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import type { Environment } from "./environment.js";
import { writeNotes } from "./finish.js";
import { type OutStream, prepareStream } from "./outfile.js";
import { openSource } from "./source.js";

/** The flags of `zeropage profile`, as typed. */
export interface ProfileFlags extends CostsFlags, ModelFlags {
  allocator?: string;
  size: string;
  count: string;
  written: string;
  touch: string;
  format?: string;
  json?: boolean;
  collapsed?: string;
  speedscope?: string;
  pprof?: string;
}

/** The program whose time is profiled: its parameters, and how to run it. */
interface Workload {
  parameters: Parameters;
  /** Says in a line what is run. */
  title: string;
  run(): Promise<Profiled>;
}

/** The profile formats that go to files, by flag. A format is loaded only when it is asked for. */
const FORMATS = {
  collapsed: async (stacks: readonly Stack[]) => collapsedStacks(stacks),
  speedscope: async (stacks: readonly Stack[], title: string) => jsonReport(speedscopeFile(stacks, title)),
  pprof: async (stacks: readonly Stack[], title: string) =>
    (await import("../profile/pprof.js")).pprofFile(stacks, title),
};
type Format = keyof typeof FORMATS;

/** Profiles one allocator under Benfield's loop or a trace. Throws UsageError before any work. */
export async function profileCommand(
  what: string,
  flags: ProfileFlags,
  environment: Environment,
): Promise<void> {
  const allocator = oneAllocator(flags.allocator, environment);
  const workload =
    what === "calloc-loop"
      ? await callocLoopWorkload(allocator, flags, environment)
      : await traceWorkload(what, allocator, flags, environment);
  const files = await prepareFiles(flags);
  const profiled = await workload.run();
  const { costs, root, ...choice } = profiled;
  const title = `${allocatorLabel(choice)}: ${workload.title}`;
  const record = { scenario: "profile", parameters: workload.parameters, ...choice, costs: costs.name, root };
  environment.stdout.write(flags.json ? jsonReport(record) : `${title}\n\n${sampleText(root, costs)}`);
  writeNotes([profiled], environment);
  const stacks = stacksOf(root, costs);
  for (const [format, file] of files) {
    file.append(await FORMATS[format](stacks, `${title}, ${costs.name}`));
    file.finish();
    environment.stderr.write(`wrote ${file.path}\n`);
  }
}

function oneAllocator(text: string | undefined, { library }: Environment): AllocatorChoice {
  const [choice, ...others] = parseAllocators(text, library);
  if (choice && text !== undefined && others.length === 0) return choice;
  throw new UsageError("--allocator: name exactly one, because a profile is of one run");
}

async function callocLoopWorkload(
  allocator: AllocatorChoice,
  flags: ProfileFlags,
  environment: Environment,
): Promise<Workload> {
  const bytes = parseSize(flags.size, "--size");
  const parameters = {
    bytes,
    count: parseCount(flags.count, "--count"),
    written: parsePercent(flags.written, "--written"),
  };
  const run = { ...common(allocator, flags), ...(await chooseCosts(flags)), ...parameters };
  const title = `${callocLoopHeading(parameters)}, n ${formatSize(bytes)}`;
  return { parameters, title, run: () => environment.library.profileCallocLoop(run) };
}

async function traceWorkload(
  path: string,
  allocator: AllocatorChoice,
  flags: ProfileFlags,
  { library, stdin }: Environment,
): Promise<Workload> {
  const touch = parseWord(flags.touch, "--touch", TOUCH_POLICIES);
  const format =
    flags.format === undefined ? undefined : parseWord(flags.format, "--format", TRACE_FORMAT_NAMES);
  const run = { ...common(allocator, flags), ...(await chooseCosts(flags)), touch };
  const source = await openSource(path, stdin, 1);
  const parameters = { trace: source.name, touch };
  return {
    parameters,
    title: replayHeading(parameters),
    run: async () => {
      try {
        const trace = await library.readTrace(source.open(), format && { format });
        return await library.profileTrace({ ...run, trace });
      } finally {
        await source.close();
      }
    },
  };
}

function common(allocator: AllocatorChoice, flags: ProfileFlags) {
  return { model: allocator.model, options: runOptions(allocator, flags) };
}

async function prepareFiles(flags: ProfileFlags): Promise<[Format, OutStream][]> {
  const files: [Format, OutStream][] = [];
  for (const format of Object.keys(FORMATS) as Format[]) {
    const path = flags[format];
    if (path !== undefined) files.push([format, await prepareStream(`--${format}`, path)]);
  }
  return files;
}
