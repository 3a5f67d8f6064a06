/** Which process of a log is read, and what the others did. */
import { formatCount } from "../base/bytes.js";
import { ProcessError, TraceError, type TraceProcess } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";

/** Processes that are counted one by one, and those of them that an error names. */
const MOST_COUNTED = 10_000;
const NAMED = 12;

/** What an allocator was asked for by one process. */
interface ProcessCalls {
  calls: number;
  allocates: boolean;
}

/**
 * The processes of a log, by the numbers it has for them, of which one is read: the one that was asked for, else the first that
 * calls. Where none was asked for, no other may allocate.
 */
export class Processes {
  readonly #all = new Map<number, ProcessCalls>();
  /** The calls of those that were met after MOST_COUNTED. */
  readonly #rest: ProcessCalls = { calls: 0, allocates: false };
  #chosen: number | undefined;
  /** The one that called last. */
  #last: number | undefined;
  #lastCalls = this.#rest;

  constructor(private readonly asked?: number) {
    this.#chosen = asked;
  }

  /** The one that is read; undefined before the first call if none was asked for. */
  get chosen(): number | undefined {
    return this.#chosen;
  }

  /** Whether any has called. */
  get any(): boolean {
    return this.#all.size > 0;
  }

  /** Counts a call. Returns whether it is of the process that is read. */
  count(process: number, allocates: boolean): boolean {
    this.#chosen ??= process;
    if (process !== this.#last) {
      this.#last = process;
      this.#lastCalls = this.#callsOf(process);
    }
    this.#lastCalls.calls++;
    this.#lastCalls.allocates ||= allocates;
    return process === this.#chosen;
  }

  /** Whether the process is the one that is read, and has asked for memory. */
  hasAllocated(process: number): boolean {
    return process === this.#chosen && this.#all.get(process)?.allocates === true;
  }

  /** Calls of those that are not read. */
  get otherCalls(): number {
    const all = Array.from(this.#all.values()).reduce((sum, { calls }) => sum + calls, this.#rest.calls);
    return all - (this.#all.get(this.#chosen as number)?.calls ?? 0);
  }

  /**
   * After the last call.
   * @throws ProcessError that lists the processes, if one has to be chosen, or the one asked for is not there; TraceError if
   * there are none to choose from.
   */
  check(): void {
    const allocating = Array.from(this.#all).filter(([, { allocates }]) => allocates);
    const { asked } = this;
    if (asked === undefined ? allocating.length <= 1 : this.#all.has(asked)) return;
    const there = numbered(allocating);
    const listed = listProcesses(there, allocating.length - there.length);
    if (asked === undefined) {
      throw new ProcessError(
        `this trace has several processes: ${listed}. Choose one, as by --process ${there[0]?.process}; in the library by the option process`,
        there,
      );
    }
    const none = `there is no process ${asked} in this trace`;
    if (there.length === 0)
      throw new TraceError(`${none}: it does not tell processes apart, leave out --process`);
    throw new ProcessError(`${none}: there ${there.length === 1 ? "is" : "are"} ${listed}`, there);
  }

  #callsOf(process: number): ProcessCalls {
    const known = this.#all.get(process);
    if (known) return known;
    if (this.#all.size >= MOST_COUNTED && process !== this.#chosen) return this.#rest;
    const calls = { calls: 0, allocates: false };
    this.#all.set(process, calls);
    return calls;
  }
}

/** The processes that have a number, the ones that call most first. */
function numbered(processes: readonly (readonly [number, ProcessCalls])[]): TraceProcess[] {
  return processes
    .filter(([process]) => process >= 0)
    .map(([process, { calls }]) => ({ process, calls }))
    .sort((a, b) => b.calls - a.calls);
}

/** The processes that call most, and how many more there are, with those that have no number. */
function listProcesses(processes: readonly TraceProcess[], unnumbered: number): string {
  const words = processes
    .slice(0, NAMED)
    .map(({ process, calls }) => `${process} (${formatCount(calls)} call${calls === 1 ? "" : "s"})`);
  const more = processes.length - words.length + unnumbered;
  return joinWords(more > 0 && words.length > 0 ? [...words, `${formatCount(more)} more`] : words);
}
