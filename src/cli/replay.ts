import { TOUCH_POLICIES, type TouchPolicy } from "../allocator/access.js";
import { formatCount } from "../base/bytes.js";
import { TraceError } from "../base/errors.js";
import type { CostProfile } from "../costs/profile.js";
import type { JailLimits } from "../jail/scenarios.js";
import { allocatorLabel, heading } from "../report/label.js";
import { timelineText } from "../report/sparkline.js";
import { timelineChart } from "../report/timeline.js";
import type { Report, Result, Timeline } from "../results/results.js";
import { TRACE_FORMAT_NAMES, type TraceFormatName } from "../trace/formats.js";
import type { TraceNotes } from "../trace/trace.js";
import { AddressLines } from "./addresses.js";
import { type AllocatorChoice, parseAllocators, runOptions } from "./allocators.js";
import { parseWord } from "./args.js";
import { collect } from "./collect.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import { UsageError } from "./exit.js";
import { finish } from "./finish.js";
import type { Host } from "./host.js";
import { type LimitFlags, parseLimits } from "./limits.js";
import { checkModuleFiles } from "./modules.js";
import { type OutStream, prepareStream, prepareSvg } from "./outfile.js";
import { chooseForm, type FormFlags, printable } from "./output.js";
import { openProgress, type Progress } from "./progress.js";
import { openSource, type TraceSource } from "./source.js";

/** Points of a timeline: about two for each pixel of the chart, or for each column of text. */
const CHART_POINTS = 1000;
const TEXT_POINTS = 100;

/** The flags of `zeropage replay`, as typed. */
export interface ReplayFlags extends FormFlags, CostsFlags, LimitFlags {
  allocator?: string;
  touch: string;
  format?: string;
  timeline?: string;
  addresses?: string;
  check?: boolean;
}

/** Replays one trace on each allocator. Returns the exit code; throws UsageError before any work. */
export async function replayCommand(file: string, flags: ReplayFlags, host: Host): Promise<number> {
  const allocators = parseAllocators(flags.allocator, host.library, "modules");
  const settings: ReplaySettings = {
    touch: parseWord("--touch", flags.touch, TOUCH_POLICIES),
    ...(flags.format !== undefined && { format: parseWord("--format", flags.format, TRACE_FORMAT_NAMES) }),
    check: flags.check === true,
    limits: parseLimits(flags),
    timelinePoints: flags.timeline === undefined ? TEXT_POINTS : CHART_POINTS,
    ...(await chooseCosts(flags)),
  };
  await checkModuleFiles(allocators);
  const chart = flags.timeline === undefined ? undefined : await prepareSvg("--timeline", flags.timeline);
  const addresses = await prepareAddresses(flags.addresses, allocators.length);
  const source = await openSource(file, host.stdin, allocators.length);
  const progress = openProgress(host.stderr);
  const notes = new Set<string>();
  const jobs = allocators.map((allocator) => ({
    label: allocatorLabel({ allocator: allocator.model, options: allocator.options }),
    run: () =>
      replayOne(allocator, { ...settings, ...(addresses && { addresses }) }, source, host, progress, notes),
  }));
  const { done, failed } = await collect(jobs).finally(() => source.close());
  progress.clear();
  if (addresses && failed.length === 0) host.stderr.write(`wrote ${addresses.path}\n`);
  for (const note of notes) host.stderr.write(`note: ${note}\n`);

  const report: Report = {
    scenario: "replay",
    parameters: { trace: source.name, touch: settings.touch },
    results: done.map(({ result }) => result),
  };
  const timelines = done.map(({ timeline }) => timeline);
  const failures = failed.map((one) =>
    one.error instanceof TraceError ? { ...one, label: source.name } : one,
  );
  return finish(printable(report), chooseForm(flags), failures, host, {
    text: timelineText(timelines),
    ...(chart && { picture: { file: chart, spec: () => timelineChart(timelines, heading(report)) } }),
  });
}

interface ReplaySettings {
  touch: TouchPolicy;
  format?: TraceFormatName;
  check: boolean;
  limits: JailLimits;
  timelinePoints: number;
  costs?: CostProfile;
  /** Where the addresses go, of the one allocator there then is. */
  addresses?: OutStream;
}

async function prepareAddresses(
  path: string | undefined,
  allocators: number,
): Promise<OutStream | undefined> {
  if (path === undefined) return undefined;
  if (allocators === 1) return prepareStream("--addresses", path);
  throw new UsageError(`--addresses: name exactly one --allocator; there are ${allocators}, and one file`);
}

interface Replayed {
  result: Result;
  timeline: Timeline;
}

async function replayOne(
  allocator: AllocatorChoice,
  { touch, format, check, limits, timelinePoints, addresses, costs }: ReplaySettings,
  source: TraceSource,
  { library }: Host,
  progress: Progress,
  notes: Set<string>,
): Promise<Replayed> {
  const { model, options } = allocator;
  const label = allocatorLabel({ allocator: model, options });
  const trace = await library.readTrace(source.open(), format && { format });
  const lines = new AddressLines();
  const { replayTrace } = library.scenariosInJail(limits);
  try {
    const { result, timeline } = await replayTrace({
      model,
      options: runOptions(allocator, check),
      trace,
      touch,
      timelinePoints,
      ...(costs && { costs }),
      onProgress: (operations) => progress.show(`${label}: ${formatCount(operations)} operations`),
      ...(addresses && { onResults: (results, chunk) => addresses.append(lines.next(results, chunk)) }),
    });
    addresses?.finish();
    return { result, timeline: { allocator: model, options, points: timeline } };
  } catch (error) {
    addresses?.discard();
    throw error;
  } finally {
    collectNotes(trace.notes, notes);
  }
}

/** Losses are complete only once the trace is read to its end; every allocator reads the same one. */
function collectNotes({ losses }: TraceNotes, notes: Set<string>): void {
  for (const loss of losses) notes.add(loss);
}
