/** Reduces a trace that shows a difference to the few operations that do. */
import { type Judge as JudgeLists, Reduction } from "../../src/fuzz/reduce.js";
import { TraceEncoder } from "../../src/trace/encode.js";
import { bytesAsked, OpKind, RECORD_BYTES, TraceRecords } from "../../src/trace/records.js";
import { operationText } from "./observation.js";

/** An operation on an object that keeps its number when others go; -1 for none. */
interface Operation {
  kind: number;
  object: number;
  first: number;
  second: number;
}

/** Whether each of some traces still shows the difference, and at which operation: -1 if not. */
export type Judge = (traces: Uint8Array[]) => Promise<number[]>;

/** Candidates judged in one go. */
const TOGETHER = 8;

/**
 * Leaves out ever smaller parts, and makes what is left simpler, for as long as the difference stays (any difference: it need not
 * be the same one). An operation on an object that is not there goes with it.
 * @throws if the trace shows no difference to begin with.
 */
export async function shrinkTrace(records: Uint8Array, judge: Judge): Promise<Uint8Array> {
  const [at = -1] = await judge([records]);
  if (at < 0) throw new Error("there is no difference to shrink");
  const first = withoutOrphans(decode(records).slice(0, at + 1));
  const options = { whole: withoutOrphans, together: TOGETHER, work: Number.POSITIVE_INFINITY };
  const reduction = new Reduction(first, firstThatShows(judge), options);
  await reduction.run(simpler);
  return encode(reduction.best);
}

/** The first of some lists that shows a difference, cut after it. */
function firstThatShows(judge: Judge): JudgeLists<Operation> {
  return async (lists) => {
    const shown = await judge(lists.map(encode));
    const at = shown.findIndex((place) => place >= 0);
    if (at < 0) return undefined;
    return { at, parts: (lists[at] as Operation[]).slice(0, (shown[at] as number) + 1) };
  };
}

/** A trace in our text form. */
export function formatTrace(records: Uint8Array): string {
  return Array.from({ length: records.length / RECORD_BYTES }, (_, i) => operationText(records, i)).join(
    "\n",
  );
}

/** Smaller sizes, and malloc instead of the other calls. */
function simpler(operation: Operation): Operation[] {
  const { kind, first, second } = operation;
  if (kind > OpKind.realloc) return [];
  const bytes = bytesAsked(kind, first, second);
  const sized = (size: number): Operation => {
    if (kind === OpKind.malloc) return { ...operation, first: size };
    return { ...operation, ...(kind === OpKind.calloc && { first: 1 }), second: size };
  };
  const isOther = kind === OpKind.calloc || kind === OpKind.aligned;
  return [
    ...(isOther ? [{ ...operation, kind: OpKind.malloc, first: bytes, second: 0 }] : []),
    ...(kind === OpKind.calloc && first !== 1 ? [sized(bytes)] : []),
    ...[8, Math.floor(bytes / 2), Math.floor(bytes * 0.9), bytes - 16]
      .filter((s) => s >= 8 && s < bytes)
      .map(sized),
  ];
}

/** Without operations on objects that nothing allocated, and those of threads that have ended. */
function withoutOrphans(operations: readonly Operation[]): Operation[] {
  const live = new Map<number, number>();
  const ended = new Set<number>();
  let thread = 1;
  return operations.filter(({ kind, object, first, second }) => {
    if (kind === OpKind.mark || kind === OpKind.clock) return true;
    if (kind === OpKind.exit) return !ended.has(first) && ended.add(first);
    if (kind === OpKind.thread) {
      thread = first;
      return !ended.has(first);
    }
    if (ended.has(thread)) return false;
    if (kind === OpKind.trim) return true;
    if (kind === OpKind.free) return live.delete(object);
    if (kind < OpKind.realloc) {
      live.set(object, bytesAsked(kind, first, second));
      return true;
    }
    const bytes = live.get(object);
    if (bytes === undefined) return false;
    if (kind !== OpKind.realloc) return first + second <= bytes;
    live.set(object, second);
    return true;
  });
}

function decode(records: Uint8Array): Operation[] {
  const read = new TraceRecords(records);
  const objects: number[] = [];
  return Array.from({ length: read.count }, (_, i) => {
    const { kind, slot, first, second } = read.read(i);
    if (kind < OpKind.realloc) objects[slot] = i;
    return { kind, object: kind > OpKind.read ? -1 : (objects[slot] as number), first, second };
  });
}

function encode(operations: Operation[]): Uint8Array {
  const encoder = new TraceEncoder();
  const records = new Uint8Array(operations.length * RECORD_BYTES);
  let at = 0;
  const flush = () => {
    const chunk = encoder.take();
    records.set(chunk.records, at);
    at += chunk.records.length;
  };
  for (const operation of operations) {
    if (encoder.full) flush();
    encodeOne(encoder, operation);
  }
  flush();
  return records;
}

function encodeOne(encoder: TraceEncoder, { kind, object, first, second }: Operation): void {
  if (kind === OpKind.malloc) encoder.malloc(object, first);
  else if (kind === OpKind.calloc) encoder.calloc(object, first, second);
  else if (kind === OpKind.aligned) encoder.aligned(object, first, second);
  else if (kind === OpKind.realloc) encoder.realloc(object, second);
  else if (kind === OpKind.free) encoder.free(object);
  else if (kind === OpKind.write) encoder.write(object, first, second);
  else if (kind === OpKind.read) encoder.read(object, first, second);
  else if (kind === OpKind.thread) encoder.thread(first);
  else if (kind === OpKind.exit) encoder.exit(first);
  else if (kind === OpKind.trim) encoder.trim(first);
  else if (kind === OpKind.clock) encoder.clock(first);
  else encoder.mark(`${first}`);
}
