import { TOUCH_POLICIES } from "../allocator/access.js";
import { formatSize } from "../base/numbers.js";
import type { Profiled } from "../experiments/profile/run.js";
import { collapsedStacks } from "../profile/collapsed.js";
import { sampleText } from "../profile/sample-text.js";
import { speedscopeFile } from "../profile/speedscope.js";
import { type Stack, stacksOf } from "../profile/stacks.js";
import { jsonReport } from "../report/json.js";
import { allocatorLabel, heading } from "../report/label.js";
import type { Parameters } from "../results/results.js";
import { TRACE_FORMAT_NAMES } from "../trace/formats.js";
import { type AllocatorChoice, parseAllocators, runOptions } from "./allocators.js";
import { parseCount, parsePercent, parseSize, parseWord } from "./args.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import { UsageError } from "./exit.js";
import type { Host } from "./host.js";
import { type OutStream, prepareStream } from "./outfile.js";
import { openSource } from "./source.js";

/** The flags of `zeropage profile`, as typed. */
export interface ProfileFlags extends CostsFlags {
  allocator?: string;
  size: string;
  count: string;
  written: string;
  touch: string;
  format?: string;
  check?: boolean;
  json?: boolean;
  collapsed?: string;
  speedscope?: string;
  pprof?: string;
}

/** What is profiled: its parameters, and how to run it. */
interface Subject {
  parameters: Parameters;
  /** Says in a line what is run. */
  title: string;
  run(): Promise<Profiled>;
}

/** The profile formats that go to files, by their flag. What one costs to load is paid when it is asked for. */
const FORMATS = {
  collapsed: async (stacks: readonly Stack[]) => collapsedStacks(stacks),
  speedscope: async (stacks: readonly Stack[], title: string) => jsonReport(speedscopeFile(stacks, title)),
  pprof: async (stacks: readonly Stack[], title: string) =>
    (await import("../profile/pprof.js")).pprofFile(stacks, title),
};
type Format = keyof typeof FORMATS;

/** Profiles one allocator under Benfield's loop or a trace. Throws UsageError before any work. */
export async function profileCommand(what: string, flags: ProfileFlags, host: Host): Promise<void> {
  const allocator = oneAllocator(flags.allocator, host);
  const subject =
    what === "calloc-loop"
      ? await callocLoopSubject(allocator, flags, host)
      : await traceSubject(what, allocator, flags, host);
  const files = await prepareFiles(flags);
  const profiled = await subject.run();
  const { costs, root, ...choice } = profiled;
  const title = `${allocatorLabel(choice)}: ${subject.title}`;
  const record = { scenario: "profile", parameters: subject.parameters, ...choice, costs: costs.name, root };
  host.stdout.write(flags.json ? jsonReport(record) : `${title}\n\n${sampleText(root, costs)}`);
  const stacks = stacksOf(root, costs);
  for (const [format, file] of files) {
    file.append(await FORMATS[format](stacks, `${title}, ${costs.name}`));
    file.finish();
    host.stderr.write(`wrote ${file.path}\n`);
  }
}

function oneAllocator(text: string | undefined, { library }: Host): AllocatorChoice {
  const [choice, ...others] = parseAllocators(text, library);
  if (choice && text !== undefined && others.length === 0) return choice;
  throw new UsageError("--allocator: name exactly one, for a profile is of one run");
}

async function callocLoopSubject(
  allocator: AllocatorChoice,
  flags: ProfileFlags,
  host: Host,
): Promise<Subject> {
  const bytes = parseSize("--size", flags.size);
  const parameters = { bytes, count: parseCount(flags.count), written: parsePercent(flags.written) };
  const run = { ...common(allocator, flags), ...(await chooseCosts(flags)), ...parameters };
  const title = `${heading({ scenario: "calloc-loop", parameters, results: [] })}, n ${formatSize(bytes)}`;
  return { parameters, title, run: () => host.library.profileCallocLoop(run) };
}

async function traceSubject(
  path: string,
  allocator: AllocatorChoice,
  flags: ProfileFlags,
  { library, stdin }: Host,
): Promise<Subject> {
  const touch = parseWord("--touch", flags.touch, TOUCH_POLICIES);
  const format =
    flags.format === undefined ? undefined : parseWord("--format", flags.format, TRACE_FORMAT_NAMES);
  const run = { ...common(allocator, flags), ...(await chooseCosts(flags)), touch };
  const source = await openSource(path, stdin, 1);
  const parameters = { trace: source.name, touch };
  return {
    parameters,
    title: heading({ scenario: "replay", parameters, results: [] }),
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
  return { model: allocator.model, options: runOptions(allocator, flags.check === true) };
}

async function prepareFiles(flags: ProfileFlags): Promise<[Format, OutStream][]> {
  const files: [Format, OutStream][] = [];
  for (const format of Object.keys(FORMATS) as Format[]) {
    const path = flags[format];
    if (path !== undefined) files.push([format, await prepareStream(`--${format}`, path)]);
  }
  return files;
}
