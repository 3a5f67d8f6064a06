import { type CallEncoder, UNSAID } from "./calls.js";
import type { AllocatorFunction, Arguments } from "./functions.js";

/** A call that has begun. */
interface Pending extends Arguments {
  name: string;
  called: AllocatorFunction;
  /** It called the allocator itself, as strdup calls malloc: what the trace has of it is that. */
  wraps: boolean;
}

/** Calls in calls that are kept of one thread. */
const MOST_NESTED = 64;
/** Threads whose calls are kept: as many as a trace has. */
const MOST_THREADS = 65536;

/** The calls that wait for their results, of each thread. */
export class PendingCalls {
  readonly #threads = new Map<number, Pending[]>();

  constructor(private readonly calls: CallEncoder) {}

  /** A whole call of the thread that the encoder was told. */
  call(thread: number, called: AllocatorFunction, args: Arguments, result: number): void {
    if (!this.#isWrapped(thread, called)) called.apply(this.calls, args, result);
  }

  /** The beginning of one. What it frees is free from then on. */
  begin(thread: number, name: string, called: AllocatorFunction, { numbers, text }: Arguments): void {
    const args = { numbers: [...numbers], text };
    const wrapped = this.#isWrapped(thread, called);
    if (called.frees && !wrapped) called.apply(this.calls, args, UNSAID);
    const pending = this.#threads.get(thread) ?? [];
    if (this.#threads.size === MOST_THREADS) this.#threads.clear();
    if (pending.length === MOST_NESTED) pending.shift();
    pending.push({ name, called, ...args, wraps: false });
    this.#threads.set(thread, pending);
  }

  /** The result of the last call that began under this name. Those that began after it never ended. */
  result(thread: number, name: string, result: number): void {
    const pending = this.#threads.get(thread);
    const index = pending?.findLastIndex((call) => call.name === name) ?? -1;
    if (!pending || index === -1) return;
    const { called, wraps, ...args } = pending[index] as Pending;
    pending.length = index;
    if (index === 0) this.#threads.delete(thread);
    if (!wraps && !called.frees) called.apply(this.calls, args, result);
  }

  /** The thread has ended. */
  end(thread: number): void {
    for (const { called, wraps, ...args } of this.#threads.get(thread) ?? []) {
      if (!wraps && !called.frees) called.apply(this.calls, args, UNSAID);
    }
    this.#threads.delete(thread);
  }

  /** After the last call. */
  finish(process: number): void {
    for (const thread of [...this.#threads.keys()]) {
      this.calls.by(process, thread);
      this.end(thread);
    }
  }

  /** Whether a call is part of one that says it, too. */
  #isWrapped(thread: number, called: AllocatorFunction): boolean {
    const outer = this.#threads.size > 0 ? this.#threads.get(thread)?.at(-1) : undefined;
    if (!outer) return false;
    if (outer.called.frees && called.frees) return true;
    outer.wraps = true;
    return false;
  }
}
