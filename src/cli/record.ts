import { splitModule } from "../allocator/choice.js";
import { formatCount } from "../base/bytes.js";
import { TraceError, UsageError } from "../base/errors.js";
import { parseCount, parseWord } from "../base/flags.js";
import { printable } from "../base/printable.js";
import { isWasm } from "../record/native/program.js";
import type { RecordedProgram, Recording } from "../record/native/record.js";
import { RECORDERS } from "../record/native/recorders.js";
import { jsonReport } from "../report/json.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import { isTaken, useInput } from "./file-uses.js";
import { type OutStream, prepareStream } from "./outfile.js";
import { openProgress } from "./progress.js";
import { FRAMES, MILLISECOND, MOST_FRAMES } from "./record-limits.js";
import { recordWasm } from "./record-wasm.js";
import { beforeWriting, prepareTraceFile, writeTraceFile } from "./trace-file.js";

/** The flags of `zeropage record`, as typed. */
export interface RecordFlags {
  output?: string;
  children?: boolean;
  sites?: boolean;
  frames?: string;
  touches?: boolean;
  exactTouches?: boolean;
  times?: string;
  with?: string;
  json?: string;
  dir?: string[];
  env?: string[];
  timeout?: string;
}

/** Programs that are listed where they are not written. */
const MOST_LISTED = 8;

/** What JSON says of a program that was recorded. */
export interface RecordedSummary {
  process: number;
  program: string;
  main: boolean;
  operations: number;
  threads?: number;
  /** Absent if its trace is not written. */
  file?: string;
  notes: string[];
}

/** Runs a program and writes what it asked of its allocator. Returns the exit code of the program. */
export async function recordCommand(
  command: readonly string[],
  flags: RecordFlags,
  environment: Environment,
): Promise<number> {
  const [program, ...words] = command;
  const { env } = environment;
  if (program === undefined)
    throw new UsageError("name a program and its arguments: zeropage record -- git log -p");
  if (program.includes("/")) useInput(program);
  const isModule = await isWasm(splitModule(program).name);
  checkFlags(flags, isModule);
  if (isModule) return recordWasm([program, ...words], flags, nanoseconds(flags.times), environment);
  const { exactTouches = false, touches = exactTouches, children: isAll = false } = flags;
  const options = {
    ...{
      env,
      touches,
      exactTouches,
      sites: framesOf(flags),
      timesEvery: nanoseconds(flags.times) ?? MILLISECOND,
    },
    ...(flags.with !== undefined && { recorder: parseWord(flags.with, "--with", RECORDERS) }),
  };
  const json = flags.json === undefined ? undefined : prepareStream("--json", flags.json);
  const file = await prepareTraceFile(flags.output, program);
  const { recordProgram } = environment.library;
  const recording = await beforeWriting(file, () => recordProgram([program, ...words], options));
  try {
    const header = headerOf(command, touches, environment.version);
    const programs = await writeAll(recording, { file, header, isAll }, environment);
    const { recorder, ended } = recording;
    json?.append(jsonReport({ recorder, exitCode: ended.exitCode, programs }, environment.version));
    json?.finish();
    return exitCodeOf(recording, programs, environment);
  } catch (error) {
    reportError(error, environment);
    return EXIT.failed;
  } finally {
    file.discard();
    await recording.close();
  }
}

/** Flags that mean something to one kind of program alone. What a wasm module touches is always recorded. */
const OF_NATIVE: readonly Own[] = [
  ["children", "--children"],
  ["exactTouches", "--exact-touches"],
  ["frames", "--frames"],
  ["with", "--with"],
];
const OF_WASM: readonly Own[] = [
  ["dir", "--dir"],
  ["env", "--env"],
  ["timeout", "--timeout"],
];
type Own = readonly [name: keyof RecordFlags, flag: string];

/** @throws UsageError for a flag of the other kind, which would do nothing. */
function checkFlags(flags: RecordFlags, isModule: boolean): void {
  const [, vain] = (isModule ? OF_NATIVE : OF_WASM).find(([name]) => flags[name] !== undefined) ?? [];
  if (vain === undefined) return;
  const [kind, is] = isModule ? ["native programs", "a wasm module"] : ["wasm modules", "none"];
  throw new UsageError(`${vain} is for ${kind}, and the program is ${is}: leave it out`);
}

/** Frames of a site; 0 if sites are not asked for. */
function framesOf({ sites, frames }: RecordFlags): number {
  if (frames === undefined) return sites ? FRAMES : 0;
  const count = parseCount(frames, "--frames");
  if (count <= MOST_FRAMES) return count;
  throw new UsageError(`--frames: a site has at most ${MOST_FRAMES} frames, not ${count}`);
}

/** Nanoseconds between times; undefined where nothing is said. */
function nanoseconds(typed: string | undefined): number | undefined {
  if (typed === undefined) return undefined;
  if (/^\d{1,15}$/.test(typed)) return Number(typed);
  throw new UsageError(
    `--times: "${typed}" is not a number of nanoseconds: write 0 for the time of each operation`,
  );
}

/** Comments that a trace begins with. No date is there: it would be of no use to a replay. */
function headerOf(command: readonly string[], touches: boolean, version: string) {
  return (program: RecordedProgram, recorder: string): string => {
    const words = printable(command.join(" "));
    const lines = [
      `recorded by zeropage ${version} with ${recorder}: ${words}`,
      ...(program.isMain ? [] : [`the trace of ${printable(program.name)}, which it started`]),
      ...(touches
        ? ["blocks of 4096 bytes and more have the pages that were touched; smaller ones count as written"]
        : []),
    ];
    return lines.map((line) => `# ${line}\n`).join("");
  };
}

interface Outputs {
  /** The main program's. */
  file: OutStream;
  header: ReturnType<typeof headerOf>;
  isAll: boolean;
}

/** Writes the traces, and tells of all programs. */
async function writeAll(
  recording: Recording,
  { file, header, isAll }: Outputs,
  environment: Environment,
): Promise<RecordedSummary[]> {
  const { stderr } = environment;
  const progress = openProgress(stderr);
  const summaries: RecordedSummary[] = [];
  let children = 0;
  for (const program of recording.programs) {
    const child = () => {
      const name = () => childName(file.path, ++children, program.name);
      let path = name();
      while (isTaken(path)) path = name();
      return prepareStream("--output", path);
    };
    const stream = program.isMain ? file : isAll ? await child() : undefined;
    const onProgress = (operations: number) =>
      progress.show(`${program.name}: ${formatCount(operations)} operations`);
    const { process, name, isMain } = program;
    const summary = { process, program: name, main: isMain };
    if (stream) {
      const text = header(program, recording.recorder);
      summaries.push({ ...summary, ...(await tryToWrite(program, stream, text, onProgress)) });
    } else {
      summaries.push({ ...summary, operations: await program.count(), notes: [] });
    }
  }
  progress.clear();
  tell(recording, summaries, environment);
  return summaries;
}

/** `out.trace.gz` becomes `out.1-cc1.trace.gz`. */
function childName(path: string, number: number, program: string): string {
  const [, stem = path, ending = ""] = /^(.*?)((?:\.trace)?(?:\.txt)?(?:\.gz)?)$/.exec(path) ?? [];
  return `${stem}.${number}-${program.replace(/[^\w.+-]/g, "_")}${ending}`;
}

type Written = Pick<RecordedSummary, "operations" | "threads" | "file" | "notes">;

/** Writes a trace, or says why it cannot be: those of other programs may be whole. */
async function tryToWrite(...of: Parameters<typeof write>): Promise<Written> {
  try {
    return await write(...of);
  } catch (error) {
    if (error instanceof TraceError) return { operations: 0, notes: [`it has no trace: ${error.message}`] };
    throw error;
  }
}

/** Writes a trace, and tells of it. */
async function write(
  program: RecordedProgram,
  stream: OutStream,
  header: string,
  onProgress: (operations: number) => void,
): Promise<Written> {
  const trace = await program.open();
  const operations = await writeTraceFile(trace, stream, header, onProgress);
  const { threads, losses } = trace.notes;
  return { file: stream.path, operations, ...(threads && { threads }), notes: [...losses] };
}

/** Says in a few lines what was recorded, and where it is. */
function tell(recording: Recording, summaries: readonly RecordedSummary[], { stderr }: Environment): void {
  const { recorder, onlyForked } = recording;
  stderr.write(`recorded with ${recorder}\n`);
  for (const summary of summaries) {
    if (summary.file !== undefined) stderr.write(`wrote ${summary.file}: ${described(summary)}\n`);
    for (const note of summary.notes) stderr.write(`note: ${printable(summary.program)}: ${note}\n`);
  }
  const others = summaries.filter(({ file, notes }) => file === undefined && notes.length === 0);
  if (others.length > 0)
    stderr.write(
      `not written: ${others.map(described).slice(0, MOST_LISTED).join("; ")}${more(others)}; --children writes them\n`,
    );
  const forks = onlyForked === 1 ? "a fork" : `${formatCount(onlyForked)} forks`;
  if (onlyForked > 0) stderr.write(`left out: what ${forks} did before going on as another program\n`);
  for (const note of recording.notes) stderr.write(`note: ${note}\n`);
}

const more = (others: readonly unknown[]): string =>
  others.length > MOST_LISTED ? `; ${others.length - MOST_LISTED} more` : "";

function described({ program, operations, threads }: RecordedSummary): string {
  const calls = `${formatCount(operations)} ${operations === 1 ? "operation" : "operations"}`;
  return `${printable(program)}, ${calls}${threads ? `, ${threads} threads` : ""}`;
}

/** That of the program, but for a record that is not there. */
function exitCodeOf(
  { ended, isCut, by }: Recording,
  summaries: readonly RecordedSummary[],
  environment: Environment,
): number {
  if (ended.signal) environment.stderr.write(`note: the program was ended by ${ended.signal}\n`);
  const main = summaries.find((summary) => summary.main);
  if (main && main.operations > 0) return ended.exitCode;
  if (main && main.file === undefined) return ended.exitCode || EXIT.failed; // its note says why
  const why = isCut
    ? "the notes say why"
    : main
      ? `it asked nothing of malloc${by === "preload" ? ", or it has a malloc of its own, which --with valgrind sees" : ""}`
      : "the recorder was not loaded: perhaps the program cleared its environment before it became another";
  reportError(new TraceError(`nothing was recorded of the program: ${why}`), environment);
  return ended.exitCode || EXIT.failed;
}
