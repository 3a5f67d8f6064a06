/** The formats of traces. All that is known about one is in its own file; a new one is a line here. */
import { TraceError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import { printable } from "../base/printable.js";
import { aospFormat } from "./aosp.js";
import { headOf, type TraceFormat, type TraceHead } from "./format.js";
import { heaptrackFormat } from "./heaptrack.js";
import { journalFormat } from "./journal.js";
import { kdumpFormat } from "./kdump.js";
import { logFormat } from "./log.js";
import { logallocFormat } from "./logalloc.js";
import { ltraceFormat } from "./ltrace.js";
import { lttngFormat } from "./lttng.js";
import { mtraceFormat } from "./mtrace.js";
import { binaryRemedy, notTraceRemedy } from "./not-traces.js";
import { perfFormat } from "./perf.js";
import { repFormat } from "./rep.js";
import { textFormat } from "./text.js";
import { uftraceFormat } from "./uftrace.js";
import { valgrindFormat } from "./valgrind.js";
import { weeAllocFormat } from "./wee-alloc.js";

/**
 * In the order in which messages name them. Detection asks the last first: our own also takes a trace that is empty, and what
 * runs under valgrind may print a log of its own.
 */
export const traceFormats = [
  textFormat,
  repFormat,
  logFormat,
  ltraceFormat,
  mtraceFormat,
  lttngFormat,
  uftraceFormat,
  perfFormat,
  aospFormat,
  logallocFormat,
  kdumpFormat,
  journalFormat,
  weeAllocFormat,
  heaptrackFormat,
  valgrindFormat,
] as const;

const all: readonly TraceFormat[] = traceFormats;

/**
 * The name of a format.
 *
 * @useDeclaredType
 */
export type TraceFormatName = (typeof traceFormats)[number]["name"];

export const TRACE_FORMAT_NAMES: readonly TraceFormatName[] = traceFormats.map(({ name }) => name);

/** @throws TraceError naming the formats there are. */
export function findFormat(name: string): TraceFormat {
  const found = all.find((format) => format.name === name);
  if (found) return found;
  throw new TraceError(`there is no trace format "${name}": there are ${joinWords(TRACE_FORMAT_NAMES)}`);
}

/**
 * Tells a format from the first HEAD_BYTES of a trace, or all of a shorter one. A trace with nothing in it, or
 * nothing but comments, is one of our text form.
 * @throws TraceError that says what the trace lacks, or names the formats there are.
 */
export function detectFormat(bytes: Uint8Array): TraceFormat {
  const head = headOf(bytes);
  const remedy = notTraceRemedy(head);
  if (remedy !== undefined) throw new TraceError(remedy);
  const found = all.findLast((format) => format.looksLike(head));
  if (found) return found;
  const remedies = [...all.map((format) => format.remedy?.(head)), binaryRemedy(head)];
  throw new TraceError(remedies.find((known) => known !== undefined) ?? unrecognised(head));
}

/** Characters of the first line that an error shows. */
const SHOWN = 60;

function unrecognised({ lines }: TraceHead): string {
  const first = lines.find((line) => line.trim() !== "") ?? "";
  const shown = JSON.stringify(printable(first.trim().slice(0, SHOWN)));
  return `the format of this trace is not recognised: it begins ${shown}. There are ${joinWords(TRACE_FORMAT_NAMES)}`;
}
