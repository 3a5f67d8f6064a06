/** A profile of the calls a program makes of its allocator: the program, and below it each of them. */

import { addCounters, type Counters, subtract } from "../counters.js";
import type { Sandbox, TouchPolicy } from "../sandbox.js";
import { OpKind, RECORD_BYTES, type TraceChunk } from "../trace/trace.js";
import type { ProfileNode } from "./node.js";

/** Operations run at a time: Sandbox.repeat takes at least so many. */
const MOST = 512;

/** What an operation calls; the program's own reads and writes call nothing. */
const CALLED = new Map<number, string>([
  [OpKind.malloc, "malloc"],
  [OpKind.calloc, "calloc"],
  [OpKind.aligned, "aligned_alloc"],
  [OpKind.realloc, "realloc"],
  [OpKind.free, "free"],
]);

/** Runs operations on a sandbox, those in a row that call the same at a time, and adds up what they made happen. */
export class CallProfile {
  readonly root: ProfileNode;
  #last: Counters;

  /** With a `touch` other than none, what the program then touches is in the call that allocated it. */
  constructor(
    private readonly sandbox: Sandbox,
    private readonly touch: TouchPolicy = "none",
  ) {
    this.#last = sandbox.counters();
    this.root = { name: "program", calls: 1, counters: subtract(this.#last, this.#last), children: [] };
  }

  run({ records, count }: TraceChunk): void {
    const view = new DataView(records.buffer, records.byteOffset);
    const calledAt = (index: number) => CALLED.get(view.getUint32(index * RECORD_BYTES, true));
    for (let from = 0; from < count; ) {
      let to = from + 1;
      while (to < Math.min(count, from + MOST) && calledAt(to) === calledAt(from)) to++;
      const alike = records.subarray(from * RECORD_BYTES, to * RECORD_BYTES);
      this.sandbox.repeat({ records: alike, count: to - from }, 1, this.touch);
      this.#note(calledAt(from), to - from);
      from = to;
    }
  }

  /** Books what happened since it was last asked. */
  #note(called: string | undefined, calls: number): void {
    const now = this.sandbox.counters();
    const node = this.#nodeOf(called);
    node.counters = addCounters(node.counters, subtract(now, this.#last));
    if (node !== this.root) node.calls += calls;
    this.#last = now;
  }

  #nodeOf(name: string | undefined): ProfileNode {
    if (name === undefined) return this.root;
    const known = this.root.children.find((child) => child.name === name);
    if (known) return known;
    const node = { name, calls: 0, counters: subtract(this.#last, this.#last), children: [] };
    this.root.children.push(node);
    return node;
  }
}
