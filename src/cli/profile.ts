import { UsageError } from "../base/errors.js";
import { parseCount, parsePercent, parseSize } from "../base/flags.js";
import { formatSize } from "../base/numbers.js";
import { callocLoopHeading } from "../experiments/calloc-loop/sheet.js";
import type { Profiled } from "../experiments/profile/run.js";
import { replayHeading } from "../experiments/replay/sheet.js";
import { collapsedStacks } from "../profile/collapsed.js";
import { sampleText } from "../profile/sample-text.js";
import { speedscopeFile } from "../profile/speedscope.js";
import { type Stack, stacksOf } from "../profile/stacks.js";
import { jsonReport, plainJson } from "../report/json.js";
import { allocatorLabel } from "../report/label.js";
import type { Parameters } from "../results/run.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import type { Environment } from "./environment.js";
import { writeNotes } from "./finish.js";
import { profileBySite, type SiteFlags } from "./profile-sites.js";
import {
  modelRun,
  oneAllocator,
  prepareFiles,
  profiledTrace,
  type TraceFlags,
  writeFile,
} from "./profiled.js";

/** The flags of `zeropage profile`, as typed. */
export interface ProfileFlags extends CostsFlags, TraceFlags, SiteFlags {
  size: string;
  count: string;
  written: string;
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
  speedscope: async (stacks: readonly Stack[], title: string) => plainJson(speedscopeFile(stacks, title)),
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
  if (flags.by !== undefined) return profileBySite(what, flags, environment);
  refuseWithoutBy(flags);
  const workload =
    what === "calloc-loop"
      ? await callocLoopWorkload(flags, environment)
      : await traceWorkload(what, flags, environment);
  const files = await prepareFiles(flags, Object.keys(FORMATS) as Format[]);
  const profiled = await workload.run();
  const { costs, root, ...choice } = profiled;
  const title = `${allocatorLabel(choice)}: ${workload.title}`;
  const record = { scenario: "profile", parameters: workload.parameters, ...choice, costs: costs.name, root };
  const json = () => jsonReport(record, environment.version);
  environment.stdout.write(flags.json ? json() : `${title}\n\n${sampleText(root, costs)}`);
  writeNotes([profiled], environment);
  const stacks = stacksOf(root, costs);
  for (const [format, file] of files) {
    writeFile(file, await FORMATS[format](stacks, `${title}, ${costs.name}`), environment);
  }
}

/** @throws UsageError for a flag of profiles by site. */
function refuseWithoutBy(flags: ProfileFlags): void {
  for (const flag of ["value", "flame", "graph"] as const) {
    if (flags[flag] !== undefined) throw new UsageError(`--${flag}: add --by site, which it is of`);
  }
}

async function callocLoopWorkload(flags: ProfileFlags, environment: Environment): Promise<Workload> {
  const allocator = oneAllocator(flags.allocator, environment.library);
  const bytes = parseSize(flags.size, "--size");
  const parameters = {
    bytes,
    count: parseCount(flags.count, "--count"),
    written: parsePercent(flags.written, "--written"),
  };
  const run = { ...modelRun(allocator, flags), ...(await chooseCosts(flags)), ...parameters };
  const title = `${callocLoopHeading(parameters)}, n ${formatSize(bytes)}`;
  return { parameters, title, run: () => environment.library.profileCallocLoop(run) };
}

async function traceWorkload(path: string, flags: ProfileFlags, environment: Environment): Promise<Workload> {
  const costs = await chooseCosts(flags);
  const { parameters, run } = await profiledTrace(path, flags, environment);
  return {
    parameters,
    title: replayHeading(parameters),
    run: () => run((it) => environment.library.profileTrace({ ...it, ...costs })),
  };
}
