/** A scenario inside its Worker: on a module that gives word while it runs, with the trace pulled from outside. */

import type { Allocator } from "../allocator/allocator.js";
import { runCallocLoop } from "../experiments/calloc-loop/run.js";
import { findCliffs } from "../experiments/cliffs/find.js";
import { replayTrace } from "../experiments/replay/run.js";
import { moduleOptions } from "../foreign/module-options.js";
import { prepareWasmAllocator } from "../foreign/open.js";
import { sliceRecords, TraceRecords } from "../trace/records.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import type { ScenarioJob, Word } from "./jobs.js";

/** The way to who wants the job done. */
export interface Starter {
  say(word: Word): void;
  /** Says that the job wants the next chunk of its trace; null after the last. */
  nextChunk(): Promise<TraceChunk | null>;
}

/** Bytes asked for in a piece, at most, unless one operation asks for more: what is cleared in some tenth of a second. */
const PIECE_BYTES = 256 * 2 ** 20;
/** Operations of a piece, at most. */
const PIECE = 4096;

/** Milliseconds between two signs of life: a message takes as long as hundreds of operations. */
const INTERVAL = 100;

/** Runs the scenario to its end. @throws what it throws. */
export async function runScenario(job: ScenarioJob, starter: Starter): Promise<unknown> {
  const { model, options = {} } = job.run;
  const how = { name: model, meter: true, memoryBytes: job.memoryBytes, ...moduleOptions(options) };
  const prepared = await prepareWasmAllocator(new URL(job.url), how);
  const open = () => givingWord(prepared(), signOfLife(starter));
  const onProgress = (...progress: number[]) => starter.say({ progress });
  if (job.name === "runCallocLoop") return runCallocLoop({ ...job.run, open, onProgress });
  if (job.name === "findCliffs") return findCliffs({ ...job.run, open, onProgress });
  const onResults = (results: number[], { records, count }: TraceChunk) =>
    starter.say({ results, chunk: { records: records.slice(), count } });
  const trace = pulledTrace(starter);
  return replayTrace({ ...job.run, open, trace, ...(job.wantsResults && { onResults }) });
}

function signOfLife(starter: Starter): () => void {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < INTERVAL) return;
    last = now;
    starter.say({ alive: true });
  };
}

/** The allocator, which runs what it is given in pieces and gives word after each. What comes of it is the same. */
function givingWord(allocator: Allocator, word: () => void): Allocator {
  const whole = { repeat: allocator.repeat.bind(allocator), replay: allocator.replay.bind(allocator) };
  const repeat: Allocator["repeat"] = (records, times, touch) => {
    const most = roundsOf(records);
    for (let done = 0; done < times; done += most) {
      whole.repeat(records, Math.min(most, times - done), touch);
      word();
    }
  };
  const replay: Allocator["replay"] = (trace, options) => {
    const pieces = { notes: trace.notes, [Symbol.asyncIterator]: () => piecesOf(trace, word) };
    return whole.replay(pieces, options);
  };
  return Object.assign(allocator, { repeat, replay });
}

/** How often to run a few records in a piece. */
function roundsOf({ records, count }: TraceChunk): number {
  const operations = new TraceRecords(records);
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += mostBytes(operations, i);
  return Math.max(1, Math.floor(Math.min(PIECE / count, PIECE_BYTES / bytes)));
}

async function* piecesOf(trace: Trace, word: () => void): AsyncGenerator<TraceChunk> {
  for await (const chunk of trace) {
    for (let from = 0, to = 0; from < chunk.count; from = to) {
      to = endOfPiece(chunk, from);
      yield { records: sliceRecords(chunk.records, from, to), count: to - from };
      word();
    }
  }
}

/** Where the piece ends that begins with an operation. */
function endOfPiece({ records, count }: TraceChunk, from: number): number {
  const operations = new TraceRecords(records);
  const end = Math.min(count, from + PIECE);
  let [to, bytes] = [from, 0];
  while (to < end && bytes < PIECE_BYTES) bytes += mostBytes(operations, to++);
  return to;
}

/** Bytes that an operation asks for, or more: the product of both of its numbers, as a calloc's are factors. */
function mostBytes(operations: TraceRecords, index: number): number {
  return Math.max(1, operations.first(index)) * Math.max(1, operations.second(index));
}

/** The starter's trace; what could not be read of it, the starter notes. */
function pulledTrace(starter: Starter): Trace {
  return {
    notes: { format: "text", losses: [] },
    async *[Symbol.asyncIterator]() {
      for (let chunk = await starter.nextChunk(); chunk; chunk = await starter.nextChunk()) yield chunk;
    },
  };
}
