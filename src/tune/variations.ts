/** The same trace where something is otherwise: how far a recommendation depends on what happened to be recorded. */
import { TOUCH_POLICIES } from "../allocator/access.js";
import { OpKind, RECORD_BYTES, TraceRecords } from "../trace/records.js";
import type { Conditions, NamedTrace } from "./evaluate.js";

/** What is otherwise, in words, and under it all traces and conditions. */
export interface Variation {
  name: string;
  traces: readonly NamedTrace[];
  conditions: Conditions;
  /** Nanoseconds that the clock goes on before each operation. */
  clock?: number;
}

/** The part of a trace that is done again. */
const TAIL = 0.1;
/** Nanoseconds between two operations, of a program that does little else and of one that does. */
const PACES = [100, 100_000];

/** All variations of these traces. Those of the clock are for allocators that look at it, where the traces have no times. */
export function variationsOf(
  traces: readonly NamedTrace[],
  conditions: Conditions,
  watchesClock: boolean,
): Variation[] {
  const hasThreads = traces.some(({ notes }) => (notes.threads ?? 1) > 1);
  const timed = traces.some(hasTimes);
  return [
    { name: "10% longer: its last tenth again, with new objects", traces: traces.map(longer), conditions },
    ...TOUCH_POLICIES.filter((touch) => touch !== conditions.touch).map((touch) => ({
      ...{ name: `touch ${touch}`, traces, conditions: { ...conditions, touch } },
    })),
    ...(hasThreads ? [{ name: "threads in another order", traces: traces.map(reordered), conditions }] : []),
    ...(watchesClock && !timed
      ? PACES.map((clock) => ({ name: `${clock} ns between operations`, traces, conditions, clock }))
      : []),
  ];
}

function hasTimes({ records, count }: NamedTrace): boolean {
  const operations = new TraceRecords(records);
  for (let i = 0; i < count; i++) if (operations.kind(i) === OpKind.clock) return true;
  return false;
}

/**
 * The trace, and its last tenth once more, with new objects for those that are made in it. What happens in it to objects that
 * were there before is left out, but for a resize, which makes a new one; so are times, marks and the ends of threads.
 */
export function longer(trace: NamedTrace): NamedTrace {
  const { records, count } = trace;
  const operations = new TraceRecords(records);
  const from = count - Math.ceil(count * TAIL);
  let [slots, thread] = [0, 1];
  for (let i = 0; i < count; i++) {
    slots = Math.max(slots, operations.slot(i) + 1);
    if (i < from && operations.kind(i) === OpKind.thread) thread = operations.first(i);
  }
  const more = new Uint8Array((count - from + 1) * RECORD_BYTES);
  const copy = new TraceRecords(more);
  copy.write(0, OpKind.thread, 0, thread);
  let made = 1;
  const ours = new Set<number>();
  for (let i = from; i < count; i++) {
    const { kind, slot, first, second } = operations.read(i);
    if (kind === OpKind.clock || kind === OpKind.mark || kind === OpKind.exit) continue;
    if (kind <= OpKind.read && !takesPart(kind, slot, ours)) continue;
    // Of no object there is slot 0.
    copy.write(made++, kind, kind <= OpKind.read ? slots + slot : 0, first, second);
  }
  const all = new Uint8Array(records.length + made * RECORD_BYTES);
  all.set(records);
  all.set(more.subarray(0, made * RECORD_BYTES), records.length);
  return { ...trace, records: all, count: count + made };
}

/** Whether the operation is of an object that the tail has made, or makes one. */
function takesPart(kind: number, slot: number, ours: Set<number>): boolean {
  if (kind <= OpKind.realloc) ours.add(slot);
  else if (kind === OpKind.free) return ours.delete(slot);
  return ours.has(slot);
}

/** The operations of a thread between two others, from one place to another. */
interface Turn {
  from: number;
  to: number;
  thread: number;
  /** What is in order with all else: a time, a mark, a trim, the end of a thread. */
  isFixed: boolean;
}

/**
 * The trace with every two neighbouring turns of different threads in the other order, unless one has an object of the
 * other's: each thread does what it did, in its own order.
 */
export function reordered(trace: NamedTrace): NamedTrace {
  const { records, count } = trace;
  const operations = new TraceRecords(records);
  const turns = swapped(turnsOf(operations, count), operations);
  const order = new Uint8Array((count + turns.length) * RECORD_BYTES);
  const written = new TraceRecords(order);
  let [at, running] = [0, 1];
  for (const { from, to, thread } of turns) {
    if (thread !== running) written.write(at++, OpKind.thread, 0, thread);
    running = thread;
    for (let i = from; i < to; i++) {
      order.set(records.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES), at++ * RECORD_BYTES);
    }
  }
  return { ...trace, records: order.slice(0, at * RECORD_BYTES), count: at };
}

function turnsOf(operations: TraceRecords, count: number): Turn[] {
  const turns: Turn[] = [];
  let thread = 1;
  let open: Turn | undefined;
  for (let i = 0; i < count; i++) {
    const kind = operations.kind(i);
    if (kind === OpKind.thread) {
      thread = operations.first(i);
      open = undefined;
      continue;
    }
    const isFixed = kind > OpKind.read && kind !== OpKind.site;
    if (!open || open.isFixed || isFixed) {
      open = { from: i, to: i, thread, isFixed };
      turns.push(open);
    }
    open.to = i + 1;
  }
  return turns;
}

function swapped(turns: readonly Turn[], operations: TraceRecords): Turn[] {
  const order: Turn[] = [];
  for (let i = 0; i < turns.length; i++) {
    const [one, other] = [turns[i] as Turn, turns[i + 1]];
    if (other && maySwap(one, other, operations)) {
      order.push(other, one);
      i++;
    } else order.push(one);
  }
  return order;
}

/** Whether nobody could tell: slots are used again, so one in both may be one object, or one after the other. */
function maySwap(one: Turn, other: Turn, operations: TraceRecords): boolean {
  if (one.isFixed || other.isFixed || one.thread === other.thread) return false;
  const slots = new Set<number>();
  for (let i = one.from; i < one.to; i++) slots.add(operations.slot(i));
  for (let i = other.from; i < other.to; i++) {
    if (operations.kind(i) <= OpKind.read && slots.has(operations.slot(i))) return false;
  }
  return true;
}
