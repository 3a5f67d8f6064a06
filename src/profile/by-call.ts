/** A profile of the calls a program makes of its allocator: the program, and below it each of them. */

import { addCounters, type Counters, subtract } from "../counters.js";
import type { Sandbox, TouchPolicy } from "../sandbox.js";
import { OpKind, RECORD_BYTES, type TraceChunk } from "../trace/trace.js";
import type { ProfileNode } from "./node.js";

/** What an operation calls; the program's own reads and writes call nothing. */
const CALLED = new Map<number, string>([
  [OpKind.malloc, "malloc"],
  [OpKind.calloc, "calloc"],
  [OpKind.aligned, "aligned_alloc"],
  [OpKind.realloc, "realloc"],
  [OpKind.free, "free"],
]);

/** Runs operations one by one on a sandbox, and adds up what each made happen. */
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
    for (let at = 0; at < count * RECORD_BYTES; at += RECORD_BYTES) {
      const record = { records: records.subarray(at, at + RECORD_BYTES), count: 1 };
      this.sandbox.repeat(record, 1, this.touch);
      this.#note(view.getUint32(at, true));
    }
  }

  /** Books what happened since the last operation. */
  #note(kind: number): void {
    const now = this.sandbox.counters();
    const node = this.#nodeOf(CALLED.get(kind));
    node.counters = addCounters(node.counters, subtract(now, this.#last));
    if (node !== this.root) node.calls++;
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
