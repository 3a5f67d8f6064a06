/** Runs a scenario inside its Worker, on a module that gives signs of life. The trace is fetched from the starter. */

import { onModules } from "../experiments/on-modules.js";
import { prepareMetered } from "../foreign/open.js";
import { WasmAllocator } from "../foreign/wasm-allocator.js";
import { RECORD_BYTES, type Trace, type TraceChunk } from "../trace/trace.js";
import type { ScenarioJob, Word } from "./jobs.js";

/** The way back to what started the Worker. */
export interface Starter {
  say(word: Word): void;
  /** Says that the job wants the next chunk of its trace; null after the last. */
  nextChunk(): Promise<TraceChunk | null>;
}

/** Most bytes that a piece asks for, unless one operation asks for more: they are cleared in about a tenth of a second. */
const PIECE_BYTES = 256 * 2 ** 20;
/** Most operations of a piece. */
const PIECE = 4096;

/** Milliseconds between two signs of life: a message takes as long as hundreds of operations. */
const INTERVAL = 100;

/** Runs the scenario to its end. @throws what it throws. */
export async function runScenario(job: ScenarioJob, starter: Starter): Promise<unknown> {
  const { model: name, options = {} } = job.run;
  const prepared = await prepareMetered(new URL(job.url), { name, options, memoryBytes: job.memoryBytes });
  const open = () => withSignsOfLife(prepared(), signOfLife(starter));
  const onProgress = (...progress: number[]) => starter.say({ progress });
  const onResults = (results: number[], { records, count }: TraceChunk) =>
    starter.say({ results, chunk: { records: records.slice(), count } });
  const scenario = onModules[job.name] as (run: object) => Promise<unknown>;
  return scenario({
    ...{ ...job.run, open },
    // The starter, who reads the trace, knows how far it is.
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
    starter.say({ alive: true });
  };
}

/** The allocator, made to run what it is given in pieces, with a sign of life after each. Results stay the same. */
function withSignsOfLife(allocator: WasmAllocator, alive: () => void): WasmAllocator {
  const repeat: WasmAllocator["repeat"] = (records, times, touch) => {
    const most = roundsOf(records);
    for (let done = 0; done < times; done += most) {
      WasmAllocator.prototype.repeat.call(allocator, records, Math.min(most, times - done), touch);
      alive();
    }
  };
  const replay: WasmAllocator["replay"] = (trace, options) => {
    const pieces = { notes: trace.notes, [Symbol.asyncIterator]: () => piecesOf(trace, alive) };
    return WasmAllocator.prototype.replay.call(allocator, pieces, options);
  };
  return Object.assign(allocator, { repeat, replay });
}

/** How often a piece runs a few records. */
function roundsOf({ records, count }: TraceChunk): number {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let bytes = 0;
  for (let at = 0; at < count * RECORD_BYTES; at += RECORD_BYTES) bytes += bytesAt(view, at);
  return Math.max(1, Math.floor(Math.min(PIECE / count, PIECE_BYTES / bytes)));
}

async function* piecesOf(trace: Trace, alive: () => void): AsyncGenerator<TraceChunk> {
  for await (const chunk of trace) {
    for (let from = 0, to = 0; from < chunk.count; from = to) {
      to = endOfPiece(chunk, from);
      yield { records: chunk.records.subarray(from * RECORD_BYTES, to * RECORD_BYTES), count: to - from };
      alive();
    }
  }
}

/** Where a piece ends that begins at the operation `from`. */
function endOfPiece({ records, count }: TraceChunk, from: number): number {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const end = Math.min(count, from + PIECE);
  let [to, bytes] = [from, 0];
  while (to < end && bytes < PIECE_BYTES) bytes += bytesAt(view, RECORD_BYTES * to++);
  return to;
}

/** Bytes that a record asks for, or more: both of its numbers, of which a calloc's are factors. */
function bytesAt(view: DataView, at: number): number {
  const whole = (place: number) => view.getUint32(place, true) + view.getUint32(place + 4, true) * 2 ** 32;
  return Math.max(1, whole(at + 8)) * Math.max(1, whole(at + 16));
}

/** The trace as the starter reads it, who also notes what is lost in reading. */
function pulledTrace(starter: Starter): Trace {
  return {
    notes: { format: "text", losses: [] },
    async *[Symbol.asyncIterator]() {
      for (let chunk = await starter.nextChunk(); chunk; chunk = await starter.nextChunk()) yield chunk;
    },
  };
}
