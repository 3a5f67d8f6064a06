import { TraceError } from "../base/errors.js";
import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat } from "./format.js";
import { type AllocatorFunction, type Arguments, allocatorFunction } from "./functions.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { PendingCalls } from "./pending-calls.js";

/** A line of an event: program, process, thread, time, event; then where it is and, of a return, where it goes; then the rest. */
const EVENT =
  /^\s{0,40}\S.{0,40}?\s{1,40}(?:(\d{1,10})\/)?(\d{1,10})\s{1,10}(?:\[\d{1,6}\]\s{1,10})?(?:(\d{1,12})\.(\d{1,9}):)?\s{1,60}(?:[\w-]{1,60}:)?([\w-]{1,60}):/;
/** An event that is sampled has its period before its name. */
const SAMPLE =
  /^\s{0,40}\S.{0,40}?\s{1,40}[\d/]{1,21}\s{1,10}(?:\[\d{1,6}\]\s{1,10})?\d{1,12}\.\d{1,9}:\s{1,60}(\d{1,20} )?[\w-]{1,60}(:[\w-]{1,60})?:/;
const PROBED = /^\s{1,4}\([0-9a-f]{1,16}( <- [0-9a-f]{1,16})?\)/;
const VALUE = /=(0x[0-9a-f]{1,16}|\d{1,20})(?=\s|$)/g;
/** What names of probes have behind that of the function. */
const SUFFIX = /(__return|_return|_ret|_exit|_entry|_enter)?(_\d{1,4})?$/;
const FRAME = /^\s{1,40}[0-9a-f]{1,16} (.{1,1000}?)(?:\+0x[0-9a-f]{1,16})? \(([^()]{1,1000})\)\s{0,4}$/;
const DECODER = new TextDecoder();

/** A probe that was hit. */
interface Hit {
  process: number;
  thread: number;
  seconds: number;
  nanoseconds: number;
  name: string;
  called: AllocatorFunction;
  returns: boolean;
  args: Arguments;
}

export const perfFormat: TraceFormat<"perf"> = {
  name: "perf",
  about: "what perf script prints of probes of malloc",
  processes: true,
  looksLike: ({ lines }) => lines.some((line) => hitOf(line) !== undefined),
  remedy: ({ lines }) =>
    lines.some((line) => SAMPLE.test(line))
      ? "this is what perf script prints of events that are no calls: probe malloc, free and their returns with perf probe"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(bytes, "perf", [LOST.touches], options, (calls) => new PerfReader(calls)),
};

/**
 * What `perf script` prints of probes at the functions of an allocator and at their returns, whose values are in the order of the
 * arguments. With call stacks, which follow from the innermost frame on, returns tell the sites.
 *
 *     app 106/108 [001] 75042.507352: probe_libc:malloc: (7f060ab69930) bytes=100
 *     app 106/108 [001] 75042.507393: probe_libc:malloc__return: (7f060ab69930 <- 561b499e31a1) result=0x561b721632a0
 *                 11ae run+0x25 (/usr/bin/app)
 */
class PerfReader implements CallReader {
  readonly #pending: PendingCalls;
  /** The probe that was hit, and what stood below it so far. */
  #hit: Hit | undefined;
  #frames: string[] = [];
  #begun = 0;
  #returned = 0;

  constructor(private readonly calls: CallEncoder) {
    this.#pending = new PendingCalls(calls);
  }

  readLine({ bytes, start, end }: LineScanner): void {
    const line = DECODER.decode(bytes.subarray(start, end));
    const frame = this.#hit && FRAME.exec(line);
    if (frame) {
      this.#frames.push(frameOf(frame));
      return;
    }
    const hit = hitOf(line);
    if (!hit) return;
    this.#take();
    this.#hit = hit;
  }

  finish(): void {
    this.#take();
    if (this.#begun > 0 && this.#returned === 0) {
      throw new TraceError(
        "no probe at a return was hit: add them, as by perf probe -x LIBC 'malloc%return result=$retval'",
      );
    }
    this.#pending.finish(this.calls.chosen);
  }

  #take(): void {
    const hit = this.#hit;
    if (!hit) return;
    const { calls } = this;
    const { process, thread, name, called, returns, args } = hit;
    calls.by(process, thread);
    if (hit.seconds !== UNSAID) calls.time(hit.seconds, hit.nanoseconds);
    // Where a function begins it has no frame yet, and the stack lacks the one that called it.
    calls.site(returns && this.#frames.length > 0 ? this.#frames.reverse().join(";") : undefined);
    if (called.frees) {
      if (!returns) this.#pending.call(thread, called, args, UNSAID);
    } else if (returns) {
      this.#returned++;
      this.#pending.result(thread, name, args.numbers[0] ?? UNSAID);
    } else {
      this.#begun++;
      this.#pending.begin(thread, name, called, args);
    }
    this.#hit = undefined;
    this.#frames = [];
  }
}

/** The probe of an allocator's function that a line tells; undefined for any other line. */
function hitOf(line: string): Hit | undefined {
  const event = EVENT.exec(line);
  if (!event) return undefined;
  const [head, process, thread, seconds, fraction = "", probe = ""] = event;
  const name = probe.replace(SUFFIX, "");
  const called = allocatorFunction(name);
  const rest = line.slice(head.length);
  const probed = PROBED.exec(rest);
  if (!called || !probed) return undefined;
  const numbers = Array.from(rest.slice(probed[0].length).matchAll(VALUE), ([, value]) => Number(value));
  return {
    process: process === undefined ? UNSAID : Number(process),
    thread: Number(thread),
    seconds: seconds === undefined ? UNSAID : Number(seconds),
    nanoseconds: Number(fraction.padEnd(9, "0")),
    name,
    called,
    returns: probed[1] !== undefined,
    args: { numbers, text: UNSAID },
  };
}

/** A frame without a name is called by its file. */
function frameOf([, name = "", file = ""]: readonly string[]): string {
  const shown = name === "[unknown]" ? `[${file.slice(file.lastIndexOf("/") + 1)}]` : name;
  return shown.replaceAll(";", ",");
}
