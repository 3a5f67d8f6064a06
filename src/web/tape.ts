/** What both sides run: the records of a trace once, or the records of a loop over and over. */
import {
  type BufferWay,
  bytesAsked,
  collectTrace,
  formatCount,
  type Operation,
  OpKind,
  RECORD_BYTES,
  sliceRecords,
  TLS_RECORD_BYTES,
  type Trace,
  TraceError,
  TraceRecords,
} from "../index.js";
import { plainName } from "./plain-name.js";

export interface Tape {
  /** `count` records, RECORD_BYTES each. */
  records: Uint8Array;
  count: number;
  /** How often all records are run. */
  rounds: number;
  /** Whether the program clears what it gets, by records of CLEAR. */
  clears?: boolean;
  /** The names of its marks, by number. */
  marks?: readonly string[];
  /** The indices of the operations that are marks. */
  markPlaces?: Uint32Array;
  /** The names of its sites, by number. */
  sites?: readonly string[];
  /** Its threads, where there is more than the main one. */
  threads?: Threads;
}

/** How many threads there are, and the indices of the operations that say which one runs from there on. */
export interface Threads {
  count: number;
  switches: Uint32Array;
}

/** A kind of record that no trace has: the program clears `second` bytes of an object from offset `first` on. */
export const CLEAR = 0xff;

/** A tape as a trace: its records, as often as they are run. */
export function tapeTrace({ records, count, rounds, marks, sites, threads }: Tape): Trace {
  const names = {
    ...(marks && { marks }),
    ...(sites && { sites }),
    ...(threads && { threads: threads.count }),
  };
  return {
    notes: { format: "text", losses: [], ...names },
    async *[Symbol.asyncIterator]() {
      for (let round = 0; round < rounds; round++) yield { records, count };
    },
  };
}

/** The first operations of a tape that is run once. */
export const beginning = (tape: Tape, count: number): Tape => ({
  ...tape,
  ...{ records: sliceRecords(tape.records, 0, count), count },
});

/** Operations of the whole tape. */
export function lengthOf({ count, rounds }: Tape): number {
  return count * rounds;
}

/** The operation at an index of the tape, from 0 to its length - 1. */
export function operationAt({ records, count }: Tape, index: number): Operation {
  return new TraceRecords(records).read(index % count);
}

/** Whether operations of a kind are on the object in their slot. */
export const hasObject = (kind: number): boolean => kind <= OpKind.read || kind === CLEAR;

const size = (bytes: number): string => bytes.toLocaleString("en-US").replaceAll(",", "'");

/** The thread that runs an operation. */
export function threadAt(tape: Tape, index: number): number {
  if (!tape.threads) return 1;
  const { switches } = tape.threads;
  let [low, high] = [0, switches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((switches[middle] as number) <= index) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 1 : operationAt(tape, switches[low - 1] as number).first;
}

/** The marks of a tape, each with the operations done once it is reached. */
export function marksOf(tape: Tape): { name: string; position: number }[] {
  return Array.from(tape.markPlaces ?? [], (place) => {
    const { first } = operationAt(tape, place);
    return { name: plainName(tape.marks?.[first] ?? `mark ${first}`), position: place + 1 };
  });
}

/** An operation of the tape as a line of code, with its thread where there are several. */
export function lineOf(tape: Tape, index: number): string {
  const code = codeOf(operationAt(tape, index), tape);
  return tape.threads ? `[thread ${threadAt(tape, index)}] ${code}` : code;
}

/** An operation as a line of C. The object is p with the number of its slot. */
export function codeOf(
  { kind, slot, first, second }: Operation,
  { marks, sites }: Pick<Tape, "marks" | "sites"> = {},
): string {
  const name = `p${slot}`;
  const place = first > 0 ? `${name} + ${size(first)}` : name;
  switch (kind) {
    case OpKind.malloc:
      return `${name} = malloc(${size(first)});`;
    case OpKind.calloc:
      return `${name} = calloc(${size(first)}, ${size(second)});`;
    case OpKind.aligned:
      return `${name} = aligned_alloc(${size(first)}, ${size(second)});`;
    case OpKind.realloc:
      return `${name} = realloc(${name}, ${size(second)});`;
    case OpKind.free:
      return `free(${name});`;
    case OpKind.write:
      return `write(${place}, ${size(second)});`;
    case OpKind.thread:
      return `// thread ${first} runs`;
    case OpKind.exit:
      return `// thread ${first} ends`;
    case OpKind.trim:
      return `malloc_trim(${size(first)});`;
    case OpKind.mark:
      return `// ${plainName(marks?.[first] ?? `mark ${first}`)}`;
    case OpKind.site:
      return `// in ${plainName(sites?.[first] ?? `site ${first}`)}`;
    case OpKind.process:
      return `// process ${first} runs`;
    case OpKind.fork:
      return `fork(); // process ${first}`;
    case OpKind.end:
      return "_exit(0);";
    case CLEAR:
      return `memset(${place}, 0, ${size(second)});`;
    default:
      return `read(${place}, ${size(second)});`;
  }
}

/** The operation that allocated an object, or gave it its size: its index, and its site if one is named. */
export interface Origin {
  index: number;
  site?: string;
}

/** The origins of what some slots hold after a number of operations. */
export function originsOf(tape: Tape, position: number, slots: Iterable<number>): Map<number, Origin> {
  const { records, count, sites } = tape;
  const operations = new TraceRecords(records);
  const [sought, found] = [new Set(slots), new Map<number, Origin>()];
  /** Those between the operation that is looked at and the next site. */
  let siteless: Origin[] = [];
  for (let index = position - 1; index >= 0 && (sought.size > 0 || (sites && siteless.length > 0)); index--) {
    const at = index % count;
    const kind = operations.kind(at);
    if (kind === OpKind.site) {
      const site = siteName(tape, operations.first(at));
      if (site !== undefined) for (const origin of siteless) origin.site = site;
      siteless = [];
    } else if (kind <= OpKind.realloc && sought.delete(operations.slot(at))) {
      const origin = { index };
      found.set(operations.slot(at), origin);
      siteless.push(origin);
    }
  }
  return found;
}

/** The number of the site of operations that have none. */
const UNKNOWN_SITE = 0;

const siteName = ({ sites }: Tape, number: number): string | undefined =>
  number === UNKNOWN_SITE ? undefined : plainName(sites?.[number] ?? `site ${number}`);

/** The first number of operations after which the program holds the most bytes. */
export function peakOf({ records, count }: Tape): number {
  const operations = new TraceRecords(records);
  const sizes = new Map<number, number>();
  let [held, most, peak] = [0, 0, 0];
  for (let at = 0; at < count; at++) {
    const kind = operations.kind(at);
    if (kind > OpKind.free) continue;
    const slot = operations.slot(at);
    const bytes = kind === OpKind.free ? 0 : bytesAsked(kind, operations.first(at), operations.second(at));
    held += bytes - (sizes.get(slot) ?? 0);
    sizes.set(slot, bytes);
    if (held > most) [most, peak] = [held, at + 1];
  }
  return peak;
}

/** The page and two Workers have a copy each: 1.4 GB together. */
const MOST_OPERATIONS = 20_000_000;

/** Reads a whole trace. @throws TraceError, also for a trace too long to be held in memory. */
export async function traceTape(
  trace: Trace,
  onProgress: (operations: number) => void,
  most = MOST_OPERATIONS,
): Promise<Tape> {
  async function* counted() {
    let done = 0;
    for await (const chunk of trace) {
      done += chunk.count;
      if (done > most)
        throw new TraceError(`${TOO_LONG} ${formatCount(most)} operations: use \`zeropage replay\``);
      yield chunk;
      onProgress(done);
    }
  }
  const { records, count } = await collectTrace({ notes: trace.notes, [Symbol.asyncIterator]: counted });
  const { marks, sites, threads } = trace.notes;
  return {
    ...{ records, count, rounds: 1 },
    ...(marks && { marks, markPlaces: placesOf(records, count, OpKind.mark) }),
    ...(sites && { sites }),
    ...(threads && { threads: { count: threads, switches: placesOf(records, count, OpKind.thread) } }),
  };
}

/** The indices of the records of a kind. */
function placesOf(records: Uint8Array, count: number, kind: OpKind): Uint32Array {
  const operations = new TraceRecords(records);
  const places = new Uint32Array(count);
  let found = 0;
  for (let i = 0; i < count; i++) if (operations.kind(i) === kind) places[found++] = i;
  return places.slice(0, found);
}

const TOO_LONG = "this trace is too long for the page, which can hold at most";

/** One round of a loop over the object in slot 0: of each record its kind and its two numbers. */
function looped(
  rounds: number,
  ...operations: readonly [kind: number, first: number, second: number][]
): Tape {
  const records = new Uint8Array(operations.length * RECORD_BYTES);
  const writer = new TraceRecords(records);
  for (const [index, [kind, first, second]] of operations.entries())
    writer.write(index, kind, 0, first, second);
  return { records, count: operations.length, rounds };
}

/** What is done to an object from its start on. */
const whole = (kind: number, bytes: number): [number, number, number] => [kind, 0, bytes];

/** Benfield's program: `p = calloc(1, bytes)`, the first `written` part of it written, `free(p)`. */
export function loopTape(bytes: number, written: number, rounds: number): Tape {
  const touched = Math.round(bytes * written);
  return looped(rounds, [OpKind.calloc, 1, bytes], ...(touched > 0 ? [whole(OpKind.write, touched)] : []), [
    OpKind.free,
    0,
    0,
  ]);
}

/**
 * The bug report (src/experiments/iter-content/run.ts): each read makes a buffer of a whole chunk, fills at most one
 * TLS record of it, and frees it.
 */
export function readsTape(way: BufferWay, chunk: number, body: number): Tape {
  const perRead = bytesPerRead(chunk);
  const clears = way === "malloc+memset";
  const tape = looped(
    body / perRead,
    way === "calloc" ? [OpKind.calloc, 1, chunk] : [OpKind.malloc, chunk, 0],
    ...(clears ? [whole(CLEAR, chunk)] : []),
    [OpKind.write, 0, perRead],
    [OpKind.free, 0, 0],
  );
  return { ...tape, clears };
}

/** Most bytes of a body that one read gets. */
export const bytesPerRead = (chunk: number): number => Math.min(chunk, TLS_RECORD_BYTES);

/** The bytes asked for the object in each slot, as operations go on. A free changes nothing here. */
export class AskedBytes {
  constructor(private sizes = new Float64Array(1024)) {}

  copy(): AskedBytes {
    return new AskedBytes(this.sizes.slice());
  }

  of(slot: number): number {
    return this.sizes[slot] ?? 0;
  }

  /** Follows the records [from, from + count). */
  note({ records }: Tape, from: number, count: number): void {
    const operations = new TraceRecords(records);
    for (let i = from; i < from + count; i++) {
      const kind = operations.kind(i);
      if (kind > OpKind.realloc) continue;
      const slot = operations.slot(i);
      if (slot >= this.sizes.length) this.#grow(slot + 1);
      this.sizes[slot] = bytesAsked(kind, operations.first(i), operations.second(i));
    }
  }

  #grow(least: number): void {
    const grown = new Float64Array(Math.max(least, 2 * this.sizes.length));
    grown.set(this.sizes);
    this.sizes = grown;
  }
}
