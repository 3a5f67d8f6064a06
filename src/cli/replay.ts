import { formatCount } from "../bytes.js";
import { TraceError } from "../errors.js";
import { allocatorLabel, heading } from "../report/label.js";
import type { Report, Result, Timeline } from "../report/results.js";
import { timelineText } from "../report/sparkline.js";
import { timelineChart } from "../report/timeline.js";
import type { TraceNotes } from "../trace/trace.js";
import { type AllocatorChoice, parseAllocators, runOptions } from "./allocators.js";
import { parseWord } from "./args.js";
import { collect } from "./collect.js";
import { finish } from "./finish.js";
import type { Host } from "./host.js";
import { prepareSvg } from "./outfile.js";
import { chooseForm, type FormFlags } from "./output.js";
import { openProgress, type Progress } from "./progress.js";
import { openSource, type TraceSource } from "./source.js";

/** How much of each new object the program is said to touch. */
export const TOUCH_POLICIES = ["none", "first", "pages", "object"] as const;
export const TRACE_FORMATS = ["text", "rep", "valgrind"] as const;

/** Points of a timeline: about two for each pixel of the chart, or for each column of text. */
const CHART_POINTS = 1000;
const TEXT_POINTS = 100;

/** The flags of `zeropage replay`, as typed. */
export interface ReplayFlags extends FormFlags {
  allocator?: string;
  touch: string;
  format?: string;
  timeline?: string;
  check?: boolean;
}

/** Replays one trace on each allocator. Returns the exit code; throws UsageError before any work. */
export async function replayCommand(file: string, flags: ReplayFlags, host: Host): Promise<number> {
  const allocators = parseAllocators(flags.allocator, host.library);
  const settings: ReplaySettings = {
    touch: parseWord("--touch", flags.touch, TOUCH_POLICIES),
    ...(flags.format !== undefined && { format: parseWord("--format", flags.format, TRACE_FORMATS) }),
    check: flags.check === true,
    timelinePoints: flags.timeline === undefined ? TEXT_POINTS : CHART_POINTS,
  };
  const chart = flags.timeline === undefined ? undefined : await prepareSvg("--timeline", flags.timeline);
  const source = await openSource(file, host.stdin, allocators.length);
  const progress = openProgress(host.stderr);
  const notes = new Set<string>();
  const jobs = allocators.map((allocator) => ({
    label: allocatorLabel({ allocator: allocator.model, options: allocator.options }),
    run: () => replayOne(allocator, settings, source, host, progress, notes),
  }));
  const { done, failed } = await collect(jobs).finally(() => source.close());
  progress.clear();
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
  return finish(report, chooseForm(flags), failures, host, {
    text: timelineText(timelines),
    ...(chart && { picture: { file: chart, spec: () => timelineChart(timelines, heading(report)) } }),
  });
}

interface ReplaySettings {
  touch: (typeof TOUCH_POLICIES)[number];
  format?: (typeof TRACE_FORMATS)[number];
  check: boolean;
  timelinePoints: number;
}

interface Replayed {
  result: Result;
  timeline: Timeline;
}

async function replayOne(
  allocator: AllocatorChoice,
  { touch, format, check, timelinePoints }: ReplaySettings,
  source: TraceSource,
  { library }: Host,
  progress: Progress,
  notes: Set<string>,
): Promise<Replayed> {
  const { model, options } = allocator;
  const label = allocatorLabel({ allocator: model, options });
  const trace = await library.readTrace(source.open(), format && { format });
  try {
    const { result, timeline } = await library.replayTrace({
      model,
      options: runOptions(allocator, check),
      trace,
      touch,
      timelinePoints,
      onProgress: (operations) => progress.show(`${label}: ${formatCount(operations)} operations`),
    });
    return { result, timeline: { allocator: model, options, points: timeline } };
  } finally {
    collectNotes(trace.notes, notes);
  }
}

/** Losses are complete only once the trace is read to its end; every allocator reads the same one. */
function collectNotes({ losses }: TraceNotes, notes: Set<string>): void {
  for (const loss of losses) notes.add(loss);
}
