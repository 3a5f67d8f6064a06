import { TOUCH_POLICIES } from "../allocator/access.js";
import { isModule } from "../allocator/choice.js";
import { formatCount } from "../base/bytes.js";
import { ModuleTrap, TraceError, UnknownImport, UsageError, ZeropageError } from "../base/errors.js";
import { parseCount, parseWord } from "../base/flags.js";
import { timelineChart } from "../experiments/replay/chart.js";
import { replayRows } from "../experiments/replay/csv.js";
import { markSheets } from "../experiments/replay/marks.js";
import { replayTrace, type TraceRun } from "../experiments/replay/run.js";
import { replayHeading, replaySheet } from "../experiments/replay/sheet.js";
import { timelineText } from "../experiments/replay/sparkline.js";
import type { ReplayTimeline } from "../experiments/replay/timeline.js";
import { sharedParameters } from "../experiments/runs/parameters.js";
import type { Report, Result } from "../results/run.js";
import { generateTrace } from "../trace/generate.js";
import type { Trace } from "../trace/trace.js";
import { collect, type Job } from "./collect.js";
import type { Environment } from "./environment.js";
import { finish } from "./finish.js";
import { prepareSvg } from "./outfile.js";
import { chooseForm } from "./output.js";
import { openProgress, type Progress } from "./progress.js";
import { type RunFlags, readRunFlags } from "./run-flags.js";
import { type SideFileFlags, SideFiles } from "./side-files.js";
import { openSource } from "./source.js";
import { writeLines } from "./terminal.js";
import { type ReadingFlags, readReadingFlags } from "./trace-flags.js";
import { readWorkload } from "./workloads.js";

/** Points of a timeline: about two for each pixel of the chart. The text is of the same, so that both say the same. */
const TIMELINE_POINTS = 1000;

/** The flags of `zeropage replay`, as typed. */
export interface ReplayFlags extends RunFlags, SideFileFlags, ReadingFlags {
  touch: string;
  workload?: string;
  timeline?: string;
  every?: string;
  trim?: boolean;
  verify?: boolean;
}

const REPLAY = { takes: "models and modules", functions: { replayTrace } } as const;

type Asked = Awaited<ReturnType<typeof readRunFlags<typeof REPLAY.functions>>>;

/** Replays one trace on each allocator. Returns the exit code; throws UsageError before any work. */
export async function replayCommand(
  file: string | undefined,
  flags: ReplayFlags,
  environment: Environment,
): Promise<number> {
  const touch = parseWord(flags.touch, "--touch", TOUCH_POLICIES);
  const openInput = chooseInput(file, flags, environment);
  const progress = openProgress(environment.stderr);
  const asked = await readRunFlags(REPLAY, flags, environment.library, progress);
  const chart = flags.timeline === undefined ? undefined : prepareSvg("--timeline", flags.timeline);
  const every = readEvery(flags);
  const sideFiles = await SideFiles.prepare(
    flags,
    asked.allocators.map(({ run }) => run.model),
  );
  const verified = asked.allocators.filter(({ run }) => isVerified(run.model, flags.verify)).length;
  const input = await openInput(asked.allocators.length + verified);
  const notes = new Set<string>();
  const settings: ReplaySettings = {
    ...{ touch, timelinePoints: TIMELINE_POINTS, notes, progress },
    ...(every !== undefined && { timelineEvery: every }),
    ...(flags.trim && { trim: true }),
    sideFiles,
    ...(flags.verify !== undefined && { verify: flags.verify }),
    readTrace: () => input.read(),
  };
  const jobs = replayJobs(asked, settings);
  const { done, failed } = await collect(jobs).finally(() => input.close());
  progress.clear();
  if (failed.length === 0) for (const path of sideFiles.paths) environment.stderr.write(`wrote ${path}\n`);
  for (const note of notes) writeLines(environment.stderr, `note: ${note}\n`);

  const record: Report = {
    scenario: "replay",
    parameters: { trace: input.name, touch },
    results: done.map(({ result }) => result),
  };
  const timelines = done.map(({ timeline }) => timeline);
  const report = {
    record,
    sheet: () => replaySheet(record),
    more: () => markSheets(record),
    rows: () => replayRows(record),
  };
  const subtitle = () => replayHeading(sharedParameters(record));
  return finish(report, chooseForm(flags), failed.map(namingTrace(input)), environment, {
    text: timelineText(timelines),
    ...(chart && { picture: { file: chart, draw: () => timelineChart(timelines, subtitle()) } }),
  });
}

/** Operations between two rows of the timeline. @throws UsageError where there is nothing to put them into. */
function readEvery({ every, json, csv, timeline }: ReplayFlags): number | undefined {
  if (every === undefined) return undefined;
  if (json || csv || timeline !== undefined) return parseCount(every, "--every");
  throw new UsageError(
    "--every: points are rows of CSV and JSON, and of the chart: add --csv, --json or --timeline",
  );
}

/** Where the trace comes from: a file, standard input, or a workload. Each allocator reads it from its start. */
interface Input {
  name: string;
  read(): Promise<Trace>;
  close(): Promise<void>;
}

/** Chooses the input, to be opened for so many readings. @throws UsageError */
function chooseInput(
  file: string | undefined,
  { workload, ...reading }: Pick<ReplayFlags, "workload" | keyof ReadingFlags>,
  { stdin, library }: Environment,
): (times: number) => Promise<Input> {
  if (workload === undefined) {
    if (file === undefined) throw new UsageError("name a trace, or a --workload");
    const chosen = readReadingFlags(reading);
    return async (times) => {
      const source = await openSource(file, stdin, times);
      const read = () => library.readTrace(source.open(), chosen);
      return { name: source.name, read, close: () => source.close() };
    };
  }
  if (file !== undefined) throw new UsageError(`--workload: name this or the trace "${file}", not both`);
  if (reading.format !== undefined) throw new UsageError("--format: a workload has none: leave it out");
  if (reading.process !== undefined) throw new UsageError("--process: a workload has one: leave it out");
  const trace = generateTrace(readWorkload(workload));
  return async () => ({ name: workload, read: async () => trace, close: async () => {} });
}

/** Labels the error of a bad trace with the trace: it is bad for every allocator. */
const namingTrace =
  ({ name }: Input) =>
  (failure: { label: string; error: unknown }) =>
    failure.error instanceof TraceError ? { ...failure, label: name } : failure;

interface ReplaySettings extends Pick<TraceRun, "touch" | "timelinePoints" | "timelineEvery" | "trim"> {
  /** Reads the trace from its start. */
  readTrace: () => Promise<Trace>;
  /** Whether all replay it again, verified, or none. Without it, modules do. */
  verify?: boolean;
  /** Of the only allocator; none if there are several. */
  sideFiles: SideFiles;
  /** What was lost in reading the trace, each note once. */
  notes: Set<string>;
  progress: Progress;
}

interface Replayed {
  result: Result;
  timeline: ReplayTimeline;
}

function replayJobs({ allocators, functions }: Asked, settings: ReplaySettings): Job<Replayed>[] {
  const { readTrace, sideFiles, notes, progress, verify: _, ...how } = settings;
  return allocators.map(({ label, run }) => ({
    label,
    run: async () => {
      const trace = await readTrace();
      const onProgress = (operations: number) =>
        progress.show(`${label}: ${formatCount(operations)} operations`);
      try {
        const { result, timeline } = await functions.replayTrace({
          ...{ ...run, ...how, trace, onProgress },
          ...sideFiles.hooks(),
        });
        const verified = await verifiedBy(functions, { label, run }, settings);
        sideFiles.finish();
        const { allocator, options, counters } = result;
        return {
          result: { ...result, ...(verified !== undefined && { verified }) },
          timeline: { allocator, options, points: timeline, peakResident: counters.bytes.peakResident },
        };
      } catch (error) {
        sideFiles.discard();
        throw error;
      } finally {
        // The notes are complete only at the end of the trace. Every allocator reads the same trace.
        for (const loss of trace.notes.losses) notes.add(loss);
      }
    },
  }));
}

const isVerified = (model: string, verify = isModule(model)): boolean => verify;

/**
 * Replays the trace again, with all that the allocator gives held against a shadow. Returns whether that was done; undefined
 * for a model that nobody asked this of. @throws ModuleTrap for a module that lies; what a model throws.
 */
async function verifiedBy(
  { replayTrace }: Asked["functions"],
  { label, run }: Pick<Asked["allocators"][number], "label" | "run">,
  { verify, readTrace, touch, notes, progress }: ReplaySettings,
): Promise<boolean | undefined> {
  if (!isVerified(run.model, verify)) {
    if (!isModule(run.model)) return undefined;
    notes.add(`${label}: not verified: leave out --no-verify`);
    return false;
  }
  const onProgress = (operations: number) =>
    progress.show(`${label}: verified ${formatCount(operations)} operations`);
  try {
    await replayTrace({ ...run, touch, verify: true, trace: await readTrace(), onProgress });
    return true;
  } catch (error) {
    if (!(error instanceof ZeropageError)) throw error;
    const isLie = !isModule(run.model) || (error instanceof ModuleTrap && !(error instanceof UnknownImport));
    if (isLie) {
      error.message = `it lies, as a second, verified pass shows: ${error.message}`;
      throw error;
    }
    notes.add(`${label}: not verified: ${error.message}`);
    return false;
  }
}
