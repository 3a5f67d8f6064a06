/** What oracle.c reads and writes: jobs and results, as jobs.h describes them. */
import { TOUCH_POLICIES, type TouchPolicy } from "../../src/allocator/access.js";
import { OpKind, RECORD_BYTES, TraceRecords } from "../../src/trace/records.js";
import { parseCall, type RealCall, withCalls } from "./calls.js";
import {
  type Checkpoint,
  type Digests,
  FAILED,
  formatPlace,
  isDrawn,
  MALLINFO,
  type Mallinfo,
  type Observation,
  placeOf,
  type Space,
} from "./observation.js";

const JOB_MAGIC = 0x31424a50;
const RESULT_MAGIC = 0x31534552504f455an;
const JOB_WORDS = 14;
const RESULT_WORDS = 22;
const OUTCOME_WORDS = 4;
const CHECKPOINT_WORDS = 14;
const FLAG_TRACE = 1;
const FLAG_STATS = 2;
const FLAG_BARE = 4;
const FLAG_CLEARS = 8;
const FLAG_DIGESTS = 16;
const FLAG_INFO = 32;
const MAPPED = 1n << 63n;
const ENOMEM = 12;

/** Kinds of record that only the oracle knows, for what a trace cannot say. `first` is nothing, an offset, an offset. */
export const OracleKind = { freeKeep: 17, freeAt: 18, poke: 19 } as const;

/** Names of M_* for `settings`, from mallopt(3). */
export const MallOpt = {
  mxfast: 1,
  trimThreshold: -1,
  topPad: -2,
  mmapThreshold: -3,
  mmapMax: -4,
  perturb: -6,
  arenaTest: -7,
  arenaMax: -8,
} as const;

export interface OracleJob {
  /** RECORD_BYTES each, from an empty process. */
  records: Uint8Array;
  touch?: TouchPolicy;
  /** Operations between two checkpoints. Without it there is one at each mark and at the end. */
  interval?: number;
  /** The whole environment of the run, such as MALLOC_MMAP_THRESHOLD_. */
  environment?: Record<string, string>;
  /** Calls of mallopt before the first operation. */
  settings?: [parameter: number, value: number][];
  /** Runs it a second time to see the system calls. */
  trace?: boolean;
  /** Runs it once more to see what is cleared. */
  clears?: boolean;
  /** Runs it once more to see what memory holds. */
  digests?: boolean;
  /** Asks malloc_stats at the end for its text. */
  stats?: boolean;
  /** Asks malloc_info at the end for its text, which follows. */
  info?: boolean;
  /** Nanoseconds that the clock of a preloaded library goes on before each operation. */
  clockStep?: number;
  /** Bytes that the heap starts above where the model has it by default: whole pages, below 2 GiB. */
  heapShift?: number;
  /** Records no outcomes and no checkpoint but the last, so that `nanoseconds` is those of the operations. */
  bare?: boolean;
}

/** What was set to zero, by operation. */
export interface Clears {
  bytes: Float64Array;
  /** Those that were zero before. */
  needless: Float64Array;
}

export interface OracleRun extends Observation {
  /** Of the signal that ended it, such as 6 for an abort; 0 if it ran to its end. */
  signal: number;
  /** Operations done. */
  operations: number;
  nanoseconds: number;
  /** What it wrote to standard error. */
  text: string;
  /** What malloc_trim returned, by operation. */
  answers: Map<number, number>;
  /** In order; empty unless asked for. */
  calls: RealCall[];
  /** Absent unless asked for. */
  clears?: Clears;
  digests?: Digests;
  /** Where the header of the unsorted bin is, which free chunks link to. */
  bins: number;
  /** Of jemalloc: the address of the thread's state, and the first figures of malloc_stats_print. */
  seed: number;
  statistics: number[];
}

/** Records of the given kinds, the oracle's own too. Missing numbers are 0; negative ones are allowed. */
export function encodeRecords(
  ...operations: [kind: number, slot: number, first?: number, second?: number][]
): Uint8Array {
  const view = new DataView(new ArrayBuffer(operations.length * RECORD_BYTES));
  for (const [i, [kind, slot, first = 0, second = 0]] of operations.entries()) {
    view.setUint32(i * RECORD_BYTES, kind, true);
    view.setUint32(i * RECORD_BYTES + 4, slot, true);
    view.setBigInt64(i * RECORD_BYTES + 8, BigInt(first), true);
    view.setBigInt64(i * RECORD_BYTES + 16, BigInt(second), true);
  }
  return new Uint8Array(view.buffer);
}

function countOf(job: OracleJob): number {
  return job.records.length / RECORD_BYTES;
}

/** Slots a trace needs: one more than the highest it names. */
function slotsOf(job: OracleJob): number {
  const operations = new TraceRecords(job.records);
  let slots = 0;
  for (let i = 0; i < operations.count; i++) slots = Math.max(slots, operations.slot(i) + 1);
  return slots;
}

/** The highest number of a thread that a trace names; 1 if it names none. */
export function threadsOf(records: Uint8Array): number {
  const operations = new TraceRecords(records);
  let highest = 1;
  for (let i = 0; i < operations.count; i++) {
    const kind = operations.kind(i);
    if (kind === OpKind.thread || kind === OpKind.exit) highest = Math.max(highest, operations.first(i));
  }
  return highest;
}

/** A job, but for its records; and what every run has in its environment. */
const longWords = (long = 0) => [long % 2 ** 32, Math.floor(long / 2 ** 32)];

export function encodeJob(job: OracleJob, variables: Record<string, string>): Uint8Array {
  const settings = job.settings ?? [];
  const strings = Object.entries({ ...variables, ...job.environment }).map(
    ([name, value]) => `${name}=${value}\0`,
  );
  const environment = new TextEncoder().encode(strings.join(""));
  const bytes = new Uint8Array(JOB_WORDS * 4 + settings.length * 8 + Math.ceil(environment.length / 8) * 8);
  const view = new DataView(bytes.buffer);
  const flags =
    (job.trace ? FLAG_TRACE : 0) |
    (job.stats ? FLAG_STATS : 0) |
    (job.info ? FLAG_INFO : 0) |
    (job.bare ? FLAG_BARE : 0) |
    (job.clears ? FLAG_CLEARS : 0) |
    (job.digests ? FLAG_DIGESTS : 0);
  const touch = TOUCH_POLICIES.indexOf(job.touch ?? "none");
  const words = [
    JOB_MAGIC,
    touch,
    countOf(job),
    0,
    slotsOf(job),
    job.interval ?? 0,
    flags,
    settings.length,
    environment.length,
    threadsOf(job.records),
    ...longWords(job.clockStep),
    ...longWords(job.heapShift),
  ];
  words.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  settings.flat().forEach((word, i) => {
    view.setInt32(4 * (JOB_WORDS + i), word, true);
  });
  bytes.set(environment, JOB_WORDS * 4 + settings.length * 8);
  return bytes;
}

export function parseResults(file: Buffer, jobs: OracleJob[]): OracleRun[] {
  const words = new BigUint64Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  let at = 0;
  return jobs.map((job) => {
    const next = () => {
      const result = parseResult(words, at, job);
      at += result.words;
      return result;
    };
    let { run } = next();
    if (job.trace) run = withCalls(run, callsIn(agreeing(run, next()).run, run.space));
    if (job.clears) run = { ...run, clears: clearsOf(agreeing(run, next())) };
    if (job.digests) run = { ...run, digests: digestsOf(agreeing(run, next())) };
    return run;
  });
}

/**
 * The other run of a job.
 * @throws if they differ in what both show.
 */
function agreeing(plain: OracleRun, other: Result): Result {
  const { places, signal, text } = other.run;
  const differing = plain.places.findIndex((place, i) => place !== places[i]);
  if (differing < 0) return other;
  const [one, two] = [plain.places[differing], places[differing]].map(formatPlace);
  throw new Error(
    `the oracle disagrees with itself at operation ${differing}: ${one}; ${two}; signal ${signal} ${text}`,
  );
}

/** The calls of a run, where another has its memory: both drew where it begins. */
function callsIn({ calls, space: { base: own = 0 } }: OracleRun, { base = own }: Space): RealCall[] {
  const moved = (address: bigint) => (isDrawn(Number(address)) ? address + BigInt(base - own) : address);
  return calls.map(({ arguments: [first = 0n, ...rest], result, ...call }) => ({
    ...call,
    arguments: [moved(first), ...rest],
    result: moved(result),
  }));
}

/** What one run wrote. */
interface Result {
  run: OracleRun;
  /** Its length, of 8 bytes each. */
  words: number;
  /** Two numbers for each operation, and one for each slot: what they mean depends on what the run was for. */
  seen: [BigUint64Array, BigUint64Array];
  bySlot: BigUint64Array;
  contents: bigint;
}

function parseResult(words: BigUint64Array, from: number, job: OracleJob): Result {
  const header = words.subarray(from, from + RESULT_WORDS);
  if (header[0] !== RESULT_MAGIC) throw new Error("what the oracle wrote is not a result");
  const field = (index: number) => Number(header[index]);
  let at = from + RESULT_WORDS;
  const take = (count: number) => {
    at += count;
    return words.subarray(at - count, at);
  };
  const outcomes = take(OUTCOME_WORDS * countOf(job));
  const bySlot = take(field(7));
  const points = take(CHECKPOINT_WORDS * field(8));
  const calls = take(7 * field(9));
  const text = new TextDecoder().decode(new Uint8Array(words.buffer, 8 * at, field(10)));
  if (field(3) !== 0) throw new Error(`the oracle failed: ${text}`);
  const space: Space = { heapStart: field(5), mapTop: field(6), ...(field(15) && { base: field(15) }) };
  const run: OracleRun = {
    signal: field(2),
    operations: field(4),
    nanoseconds: field(11),
    text,
    places: placesOf(outcomes, job, space),
    faults: Float64Array.from({ length: countOf(job) }, (_, i) => Number(outcomes[OUTCOME_WORDS * i + 2])),
    answers: answersOf(outcomes, job),
    usable: Array.from(bySlot, Number),
    checkpoints: rows(points, CHECKPOINT_WORDS).map(parseCheckpoint),
    calls: rows(calls, 7).map(parseCall),
    space,
    bins: field(12),
    seed: field(14),
    statistics: Array.from(header.subarray(16, 22), Number),
  };
  const column = (index: number) =>
    BigUint64Array.from({ length: countOf(job) }, (_, i) => outcomes[OUTCOME_WORDS * i + index] as bigint);
  const seen: Result["seen"] = [column(2), column(3)];
  return { run, words: field(1) / 8, seen, bySlot, contents: header[13] as bigint };
}

/** The kind of each operation. */
function kindAt(job: OracleJob, operation: number): number {
  return job.records[operation * RECORD_BYTES] as number;
}

function placesOf(outcomes: BigUint64Array, job: OracleJob, space: Space): Float64Array {
  return Float64Array.from({ length: countOf(job) }, (_, i) =>
    kindAt(job, i) > OpKind.realloc
      ? 0
      : outcomePlace(outcomes[OUTCOME_WORDS * i] as bigint, Number(outcomes[OUTCOME_WORDS * i + 1]), space),
  );
}

function outcomePlace(pointer: bigint, error: number, space: Space): number {
  if (pointer === 0n) return error === ENOMEM ? FAILED : 0;
  return pointer & MAPPED ? placeOf(space.mapTop - Number(pointer & ~MAPPED), space) : Number(pointer);
}

function clearsOf({ seen: [bytes, needless] }: Result): Clears {
  return { bytes: Float64Array.from(bytes, Number), needless: Float64Array.from(needless, Number) };
}

function digestsOf({ seen: [before, after], bySlot, contents }: Result): Digests {
  return { before, after, held: [...bySlot], heap: contents };
}

function answersOf(outcomes: BigUint64Array, job: OracleJob): Map<number, number> {
  const answers = new Map<number, number>();
  for (let i = 0; i < countOf(job); i++) {
    if (kindAt(job, i) === OpKind.trim) answers.set(i, Number(outcomes[OUTCOME_WORDS * i]));
  }
  return answers;
}

function rows(words: BigUint64Array, width: number): BigUint64Array[] {
  return Array.from({ length: words.length / width }, (_, i) => words.subarray(i * width, (i + 1) * width));
}

function parseCheckpoint(words: BigUint64Array): Checkpoint {
  const [operations = 0, ...rest] = Array.from(words, Number);
  const [faults = 0, resident = 0] = rest.slice(MALLINFO.length);
  const mallinfo = Object.fromEntries(MALLINFO.map((name, i) => [name, rest[i]])) as Mallinfo;
  return { operations, mallinfo, faults, resident };
}
