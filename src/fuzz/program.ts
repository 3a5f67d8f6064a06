/**
 * Programs: what is asked of an allocator, step by step, and done with what it gives. A program is whole where
 *
 *      each object is taken once, before all other steps on it,
 *      no step is on an object that was freed,
 *      and each access lies in all sizes that its object had so far, for a realloc may fail.
 */
import { TraceEncoder } from "../trace/encode.js";
import { growthMark } from "../trace/growth-mark.js";
import { madeTrace } from "../trace/made.js";
import { TraceRecords } from "../trace/records.js";
import type { Trace } from "../trace/trace.js";
import { formatOperation } from "../trace/write.js";

/** A step that takes an object. Sizes, counts and alignments are whole numbers of at most 2^47. */
export type Taking =
  | { do: "malloc"; object: number; bytes: number }
  | { do: "calloc"; object: number; count: number; bytes: number }
  | { do: "aligned"; object: number; align: number; bytes: number };

/** A step on an object that the program has, by the number that it calls it by. */
export type Using =
  | { do: "realloc"; object: number; bytes: number }
  | { do: "free"; object: number }
  | { do: "write" | "read"; object: number; offset: number; bytes: number };

/** A step in which the program grows the memory for itself, by pages of 64 KiB. Models have none that is the program's. */
export type Growing = { do: "grow"; pages: number };

/** One step of a program. */
export type Step = Taking | Using | Growing;

/** The steps, in their order. */
export type Program = readonly Step[];

/** The numbers of a step besides its object. */
export const STEP_NUMBERS = ["count", "align", "offset", "bytes", "pages"] as const;

/** Makes any steps a whole program: leaves out what cannot be, and cuts accesses to what their objects hold. */
export function whole(steps: Program): Step[] {
  const objects = new Map<number, number>();
  const taken = new Set<number>();
  return steps.flatMap((step) => {
    if (isTaking(step)) {
      if (taken.has(step.object)) return [];
      taken.add(step.object);
      objects.set(step.object, bytesTaken(step));
      return [step];
    }
    if (step.do === "grow") return [step];
    const held = objects.get(step.object);
    if (held === undefined) return [];
    if (step.do === "free") objects.delete(step.object);
    else if (step.do === "realloc") objects.set(step.object, Math.min(held, step.bytes));
    else return cut(step, held);
    return [step];
  });
}

export function isTaking(step: Step): step is Taking {
  return step.do === "malloc" || step.do === "calloc" || step.do === "aligned";
}

/** Bytes that a step asks for. */
export function bytesTaken(step: Taking): number {
  return step.do === "calloc" ? step.count * step.bytes : step.bytes;
}

function cut(step: Extract<Step, { offset: number }>, held: number): Step[] {
  const offset = Math.min(step.offset, held);
  const bytes = Math.min(step.bytes, held - offset);
  return bytes === 0
    ? []
    : [offset === step.offset && bytes === step.bytes ? step : { ...step, offset, bytes }];
}

/** The program as a trace, which can be read again. @throws TraceError, when it is read, for one that is not whole */
export function programTrace(program: Program): Trace {
  return madeTrace((encoder) => encoded(program, encoder));
}

function* encoded(program: Program, encoder: TraceEncoder): Generator<Step> {
  let growths = 0;
  for (const step of program) {
    yield step;
    if (step.do === "grow") encoder.mark(growthMark(step.pages, ++growths));
    else encode(step, encoder);
  }
}

function encode(step: Exclude<Step, Growing>, encoder: TraceEncoder): void {
  const { object } = step;
  if (step.do === "malloc") encoder.malloc(object, step.bytes);
  else if (step.do === "calloc") encoder.calloc(object, step.count, step.bytes);
  else if (step.do === "aligned") encoder.aligned(object, step.align, step.bytes);
  else if (step.do === "realloc") encoder.realloc(object, step.bytes);
  else if (step.do === "free") encoder.free(object);
  else if (step.do === "write") encoder.write(object, step.offset, step.bytes);
  else encoder.read(object, step.offset, step.bytes);
}

/** The program as a trace in our text form: a line for each step. @throws TraceError for one that is not whole */
export function programText(program: Program): string {
  const encoder = new TraceEncoder();
  let growths = 0;
  return program
    .map((step) => {
      if (step.do === "grow") return `p ${growthMark(step.pages, ++growths)}\n`;
      encode(step, encoder);
      return `${formatOperation(new TraceRecords(encoder.take().records), 0)}\n`;
    })
    .join("");
}
