/** The marks of a trace: moments that have a name, at which a replay looks at the counters. */
import { OpKind, TraceRecords } from "../trace/records.js";
import type { TraceChunk } from "../trace/trace.js";
import type { Counters } from "./counters.js";

/** What there was at a mark. */
export interface Mark {
  /** Its name in the trace. */
  name: string;
  /** Operations done by then, the mark among them. */
  operation: number;
  /** Everything counted by then. */
  counters: Counters;
}

/** Collects the marks of a replay. */
export class Marks {
  readonly found: Mark[] = [];
  constructor(private readonly tell?: (mark: Mark) => void) {}

  /** The marks of the chunk that were not met yet: operations done by each, and its name. */
  #due: Omit<Mark, "counters">[] = [];

  /** Looks for the marks of a chunk before which so many operations were done. A trace without names has none. */
  begin({ records, count }: TraceChunk, before: number, names: readonly string[] = []): void {
    this.#due = [];
    if (names.length === 0) return;
    const operations = new TraceRecords(records);
    for (let i = 0; i < count; i++) {
      if (operations.kind(i) !== OpKind.mark) continue;
      const number = operations.first(i);
      this.#due.push({ name: names[number] ?? String(number), operation: before + i + 1 });
    }
  }

  /** How many operations to run before the next mark is met. */
  until(operation: number): number {
    return (this.#due[0]?.operation ?? Number.POSITIVE_INFINITY) - operation;
  }

  /** Takes the counters if a mark is met, and tells of it. */
  note(operation: number, read: () => Counters): void {
    if (this.#due[0]?.operation !== operation) return;
    const mark = { ...(this.#due.shift() as Omit<Mark, "counters">), counters: read() };
    this.found.push(mark);
    this.tell?.(mark);
  }
}
