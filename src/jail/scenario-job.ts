/** Runs a scenario inside its Worker, with signs of life from the module. The trace comes from the starter. */

import type { Allocator } from "../allocator/allocator.js";
import { onModules } from "../experiments/on-modules.js";
import { prepareMetered } from "../foreign/open.js";
import { sliceRecords, TraceRecords } from "../trace/records.js";
import type { Trace, TraceChunk, TraceNotes } from "../trace/trace.js";
import type { JobMessage, NotedChunk, ScenarioJob } from "./jobs.js";

/** What started the Worker, as the job sees it. */
export interface Starter {
  send(message: JobMessage): void;
  /** Asks for the next chunk of the trace. Null after the last. */
  nextChunk(): Promise<NotedChunk | null>;
}

/** Most bytes that a piece asks for, unless one operation asks for more. Clearing them takes about a tenth of a second. */
const PIECE_BYTES = 256 * 2 ** 20;
/** Most operations of a piece. */
const PIECE = 4096;

/** Milliseconds between two signs of life. A message takes as long as hundreds of operations. */
const INTERVAL = 100;

/** Runs the scenario to its end. @throws whatever it throws. */
export async function runScenario(job: ScenarioJob, starter: Starter): Promise<unknown> {
  const { model: name, options = {} } = job.run;
  const onMetering = (metering: number) => starter.send({ metering });
  const memory = { memoryBytes: job.memoryBytes };
  const prepared = await prepareMetered(job.wasm, { name, options, ...memory, onMetering });
  const open = () => withSignsOfLife(prepared(), signOfLife(starter));
  const onProgress = (...progress: number[]) => starter.send({ progress });
  const onResults = (results: number[], { records, count }: TraceChunk) =>
    starter.send({ results, chunk: { records: records.slice(), count } });
  const scenario = onModules[job.name] as (run: object) => Promise<unknown>;
  return scenario({
    ...{ ...job.run, open },
    // The starter reads the trace, and so knows how far the job is.
    ...(job.wants.trace ? { trace: pulledTrace(starter) } : { onProgress }),
    ...(job.wants.results && { onResults }),
  });
}

function signOfLife(starter: Starter): () => void {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < INTERVAL) return;
    last = now;
    starter.send({ alive: true });
  };
}

/** Makes the allocator run its work in pieces, with a sign of life after each. Results stay the same. */
function withSignsOfLife(allocator: Allocator, alive: () => void): Allocator {
  const whole = { repeat: allocator.repeat.bind(allocator), replay: allocator.replay.bind(allocator) };
  const repeat: Allocator["repeat"] = (records, times, touch) => {
    const most = roundsOf(records);
    let failed = 0;
    for (let done = 0; done < times; done += most) {
      failed += whole.repeat(records, Math.min(most, times - done), touch);
      alive();
    }
    return failed;
  };
  const replay: Allocator["replay"] = (trace, options) => {
    const pieces = { notes: trace.notes, [Symbol.asyncIterator]: () => piecesOf(trace, alive) };
    return whole.replay(pieces, options);
  };
  return Object.assign(allocator, { repeat, replay });
}

/** How often one piece runs these records. */
function roundsOf({ records, count }: TraceChunk): number {
  const operations = new TraceRecords(records);
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += mostBytes(operations, i);
  return Math.max(1, Math.floor(Math.min(PIECE / count, PIECE_BYTES / bytes)));
}

async function* piecesOf(trace: Trace, alive: () => void): AsyncGenerator<TraceChunk> {
  for await (const chunk of trace) {
    for (let from = 0, to = 0; from < chunk.count; from = to) {
      to = endOfPiece(chunk, from);
      yield { records: sliceRecords(chunk.records, from, to), count: to - from };
      alive();
    }
  }
}

/** The end of the piece that begins at the operation `from`. */
function endOfPiece({ records, count }: TraceChunk, from: number): number {
  const operations = new TraceRecords(records);
  const end = Math.min(count, from + PIECE);
  let [to, bytes] = [from, 0];
  while (to < end && bytes < PIECE_BYTES) bytes += mostBytes(operations, to++);
  return to;
}

/** An upper limit of the bytes an operation asks for: the product of its two numbers, which are factors for calloc. */
function mostBytes(operations: TraceRecords, index: number): number {
  return Math.max(1, operations.first(index)) * Math.max(1, operations.second(index));
}

/** The trace that the starter reads. The starter also notes what is lost in reading it. */
function pulledTrace(starter: Starter): Trace {
  const notes: TraceNotes = { format: "text", losses: [] };
  return {
    notes,
    async *[Symbol.asyncIterator]() {
      for (let given = await starter.nextChunk(); given; given = await starter.nextChunk()) {
        const { records, count, ...noted } = given;
        Object.assign(notes, noted);
        yield { records, count };
      }
    },
  };
}
