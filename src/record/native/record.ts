/** Runs a program and records what it asks of its allocator, it and the programs that it starts. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { UsageError } from "../../base/errors.js";
import type { Trace } from "../../trace/trace.js";
import { type Env, findRecorder } from "./compile.js";
import { type Image, RECORDS, readImages } from "./images.js";
import { checkProgram, findProgram, whyNotPreloaded } from "./program.js";
import { countOperations, MORE_ROOM } from "./record-file.js";
import { RecordedTrace } from "./recorded-trace.js";
import type { RecorderName } from "./recorders.js";
import { type Ended, runProgram } from "./run.js";
import { readStacks } from "./stacks.js";
import { nameStacks } from "./symbols.js";
import { readLog, readLogs, underValgrind } from "./valgrind.js";

export interface RecordOptions {
  env: Env;
  /** Without it, Valgrind records where there is no compiler. */
  recorder?: RecorderName;
  /** Most frames of a call stack; 0 for no sites. */
  sites: number;
  touches: boolean;
  /** Whether each of these stands between the operations between which it was. */
  exactTouches?: boolean;
  /** The least nanoseconds between two times in a trace. */
  timesEvery: number;
}

/** What can be made a trace of: a program that ran. */
export interface RecordedProgram {
  process: number;
  name: string;
  /** It is what was asked for. */
  isMain: boolean;
  /** How many operations were recorded. */
  count(): Promise<number>;
  /** Opens its trace, which can be read once. Its notes are complete when it was. */
  open(): Promise<Trace>;
}

export interface Recording {
  /** What recorded, in words. */
  recorder: string;
  by: RecorderName;
  ended: Ended;
  /** In the order in which they began, but for those that only forked, to go on as another program at once. */
  programs: RecordedProgram[];
  /** How many those were. */
  onlyForked: number;
  /** Some of what ran has no record, or not all of it. `notes` say why. */
  isCut: boolean;
  notes: string[];
  /** Removes what was recorded. */
  close(): Promise<void>;
}

/** Runs a command to its end. @throws UsageError, naming the remedy, before it if it cannot be recorded. */
export async function recordProgram(
  command: readonly [string, ...string[]],
  options: RecordOptions,
): Promise<Recording> {
  if (process.platform !== "linux")
    throw new UsageError(`native programs are recorded on Linux, and this is ${process.platform}`);
  const path = await findProgram(command[0], options.env);
  await checkProgram(path);
  const run = await chooseRecorder(path, options);
  const folder = await mkdtemp(join(tmpdir(), "zeropage-record-"));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    return { ...(await run(command, folder)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Run = (command: readonly [string, ...string[]], folder: string) => Promise<Omit<Recording, "close">>;

async function chooseRecorder(path: string, options: RecordOptions): Promise<Run> {
  const { recorder, env } = options;
  const wants = options.sites > 0 ? "--sites" : options.touches ? "--touches" : undefined;
  if (recorder === "valgrind") {
    if (wants) throw new UsageError(`${wants}: Valgrind does not tell them: leave it or --with out`);
    return (command, folder) => recordUnderValgrind(command, folder, options);
  }
  const whyNot = await whyNotPreloaded(path);
  if (whyNot) throw new UsageError(whyNot);
  const found = await findRecorder(env);
  if (found.state === "built") return (command, folder) => recordPreloaded(command, folder, options, found);
  if (recorder || wants || !(await hasValgrind(env)))
    throw new UsageError(
      `the recorder cannot be compiled (${found.reason}): install gcc, or valgrind for what it tells`,
    );
  const note = `the recorder cannot be compiled (${found.reason}), so that Valgrind recorded: it tells no threads and times`;
  return async (command, folder) => {
    const recording = await recordUnderValgrind(command, folder, options);
    return { ...recording, notes: [...recording.notes, note] };
  };
}

const hasValgrind = (env: Env): Promise<boolean> =>
  findProgram("valgrind", env).then(
    () => true,
    () => false,
  );

async function recordPreloaded(
  command: readonly [string, ...string[]],
  folder: string,
  options: RecordOptions,
  { path, compiler }: { path: string; compiler: string },
): Promise<Omit<Recording, "close">> {
  const { env, sites, touches, exactTouches } = options;
  const how = [touches && (exactTouches ? "touches=each" : "touches"), sites > 0 && `sites=${sites}`]
    .filter(Boolean)
    .join(",");
  const ended = await runProgram(command, {
    ...env,
    LD_PRELOAD: [path, env.LD_PRELOAD].filter(Boolean).join(":"),
    ZEROPAGE_RECORD: folder,
    ...(how && { ZEROPAGE_RECORD_HOW: how }),
  });
  const { images, damaged } = await readImages(folder);
  const shown = images.filter(({ header, becameAnother }) => !(header.parent && becameAnother));
  const main = shown.findLast(({ header }) => header.process === ended.process);
  return {
    ...{ recorder: `a preloaded library (built by ${compiler})`, by: "preload" },
    ended,
    programs: shown.map((image) => ({
      ...{ process: image.header.process, name: image.name, isMain: image === main },
      count: () => countImage(image),
      open: () => openImage(image, options),
    })),
    onlyForked: images.length - shown.length,
    isCut: damaged.length > 0 || shown.some(({ header }) => header.stopped > 0),
    notes: [...damaged, ...shown.flatMap(notesOf)],
  };
}

const countImage = async ({ parts }: Image): Promise<number> => {
  const counts = parts.map(({ path, records }) => countOperations(path + RECORDS, records));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
};

/** Why a record is not whole. */
function notesOf({ header: { process, stopped, touchesStopped }, name, becameAnother }: Image): string[] {
  return [
    ...(stopped ? [`${name}: the record ends early: ${wordsOf(stopped)}: ${MORE_ROOM}`] : []),
    ...(touchesStopped ? [`${name}: ${whyTouchesLack(touchesStopped)}`] : []),
    ...(!becameAnother && isRunning(process)
      ? [`${name}: process ${process} still runs, and its trace ends where the program did`]
      : []),
  ];
}

/** In place of an error number: recorder/file.h. */
const READS_TAKE_FRAMES = 0xffff;

function whyTouchesLack(error: number): string {
  if (error === READS_TAKE_FRAMES)
    return "reads of pages count as writes: this kernel gives a page that is only read a frame, and not the zero page";
  return `touches are not all recorded: /proc: ${wordsOf(error)}`;
}

const wordsOf = (error: number): string => getSystemErrorMap().get(-error)?.[1] ?? `error ${error}`;

/** Whether a process runs on, as a daemon does, and is no zombie. */
function isRunning(number: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${number}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function openImage(image: Image, { sites, touches, timesEvery }: RecordOptions): Promise<Trace> {
  if (sites === 0) return new RecordedTrace(image, { touches, timesEvery });
  const { names, notes } = await nameStacks(await readStacks(image.parts));
  const trace = new RecordedTrace(image, { touches, timesEvery, sites: names });
  trace.notes.losses.push(...notes);
  return trace;
}

async function recordUnderValgrind(
  command: readonly [string, ...string[]],
  folder: string,
  { env }: RecordOptions,
): Promise<Omit<Recording, "close">> {
  const [valgrind, ...words] = underValgrind(folder);
  const ended = await runProgram([valgrind, ...words, ...command], env);
  const logs = await readLogs(folder);
  return {
    ...{ recorder: "Valgrind", by: "valgrind" },
    ended,
    programs: logs.map(({ process, name, path }) => {
      const open = () => readLog(path);
      return { process, name, isMain: process === ended.process, open, count: () => countTrace(open) };
    }),
    ...{ onlyForked: 0, isCut: false, notes: [] },
  };
}

async function countTrace(open: () => Promise<Trace>): Promise<number> {
  let operations = 0;
  for await (const { count } of await open()) operations += count;
  return operations;
}
