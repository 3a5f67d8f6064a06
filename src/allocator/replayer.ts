/** Replays traces on a module whose loop is in wasm: assembly/replay.ts over a model, assembly/driver.ts over a foreign one. */
import { checkOneOf, checkRange } from "../base/arguments.js";
import { SandboxError } from "../base/errors.js";
import { RECORD_BYTES, sliceRecords } from "../trace/records.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import { TOUCH_POLICIES, type TouchPolicy } from "./access.js";
import type { Counters } from "./counters.js";
import { Marks } from "./marks.js";
import type { ReplayOptions, ReplayResult } from "./replay.js";
import { Timeline, type TimelineBytes } from "./timeline.js";

/** What such a module exports. Addresses are those of its own memory. */
export interface ReplayExports {
  memory: WebAssembly.Memory;
  /** Where records are put. Asking for it may make the buffer, and so grow the memory. */
  bufferAddress(): number;
  /** How many it holds. */
  bufferRecords(): number;
  /** Where the address that each of the last records returned is, if kept, as a u64; 0 for those that allocate nothing. */
  resultsAddress(): number;
  /** Where the slots are, as a `SlotLayout` says. */
  slotsAddress(): number;
  slotsMade(): number;
  /**
   * Runs the records [from, to) of the buffer, `times` over. Keeps results if `keepsResults` is 1. Objects
   * are verified if `verify` is 1.
   */
  replay(from: number, to: number, times: number, touch: number, keepsResults: number, verify: number): void;
  /** Records that the last `replay` did, also when it trapped. */
  replayed(): number;
  /** Allocations so far that returned 0 though something was asked for. */
  failedAllocations(): number;
}

/** How wide a slot is, and the pointer that it begins with. */
export interface SlotLayout {
  slotBytes: number;
  pointerBytes: 4 | 8;
}

/** The way to a module. */
export interface ReplayTarget {
  /** @throws SandboxError if it is of no use any more. */
  exports(): ReplayExports;
  /** Calls the module. Traps are thrown as the errors that they stand for. */
  run<T>(call: (exports: ReplayExports) => T): T;
  /** What the timeline is made of. */
  bytes(): TimelineBytes;
  /** What marks are made of. */
  counters(): Counters;
  /** Whether its buffer and slots are a trace's that is being replayed: of the module, whoever uses it. */
  readonly busy: { isReplaying: boolean };
}

/** Who looks at the allocator between operations. */
interface Looks {
  timeline: Timeline;
  marks: Marks;
}

/** @throws RangeError for a number of points that is none, and for a stride of no operations. */
function openTimeline({ timelinePoints = 0, timelineEvery }: ReplayOptions): Timeline {
  checkRange("timelinePoints", timelinePoints, 0, Number.MAX_SAFE_INTEGER);
  if (timelineEvery === undefined) return new Timeline(timelinePoints);
  checkRange("timelineEvery", timelineEvery, 1, Number.MAX_SAFE_INTEGER);
  return new Timeline(Number.POSITIVE_INFINITY, timelineEvery);
}

/** What the loop counts rounds by. */
const MOST_TIMES = 2 ** 32 - 1;

export class Replayer {
  constructor(
    private readonly target: ReplayTarget,
    private readonly layout: SlotLayout,
  ) {}

  /**
   * Runs a trace. @throws TraceError from the trace; what `run` throws, naming the operation; SandboxError in the middle of
   * another replay.
   */
  async replay(trace: Trace, options: ReplayOptions): Promise<ReplayResult> {
    checkOneOf("touch", options.touch ?? "none", TOUCH_POLICIES);
    this.requireIdle();
    const { target } = this;
    const looks = { marks: new Marks(options.onMark), timeline: openTimeline(options) };
    target.exports();
    target.busy.isReplaying = true;
    try {
      return await this.#replayAll(trace, looks, options);
    } finally {
      target.busy.isReplaying = false;
    }
  }

  /** Records and objects of two traces would be in the same places. @throws SandboxError */
  requireIdle(): void {
    if (this.target.busy.isReplaying)
      throw new SandboxError("a trace is being replayed here: wait for its end, or open another allocator");
  }

  async #replayAll(trace: Trace, looks: Looks, options: ReplayOptions): Promise<ReplayResult> {
    const { target } = this;
    const { timeline, marks } = looks;
    const failedBefore = target.exports().failedAllocations();
    let operations = 0;
    for await (const chunk of trace) {
      marks.begin(chunk, operations, trace.notes.marks);
      this.#replayChunk(chunk, operations, looks, options);
      operations += chunk.count;
      options.onProgress?.(operations);
    }
    return {
      operations,
      timeline: timeline.finish(operations, () => target.bytes()),
      failedAllocations: target.exports().failedAllocations() - failedBefore,
      marks: marks.found,
    };
  }

  /**
   * Runs a few records `times` over, at most 2^32 - 1. Returns how many allocations failed.
   * @throws RangeError for more than the buffer holds; SandboxError in the middle of a replay.
   */
  repeat(records: TraceChunk, times: number, touch: TouchPolicy): number {
    this.requireIdle();
    checkRange("times", times, 0, MOST_TIMES);
    checkOneOf("touch", touch, TOUCH_POLICIES);
    const most = this.target.exports().bufferRecords();
    if (records.count > most) throw new RangeError(`records must be at most ${most}; got ${records.count}`);
    this.#write(records, 0, records.count);
    const policy = TOUCH_POLICIES.indexOf(touch);
    return this.target.run((exports) => {
      const before = exports.failedAllocations();
      exports.replay(0, records.count, times, policy, 0, 0);
      return exports.failedAllocations() - before;
    });
  }

  /** Runs records with a call of the module for each, and lowers what `took` has for it to what it took by `now`. */
  timeOperations(records: TraceChunk, touch: TouchPolicy, now: () => number, took: Float64Array): void {
    const policy = TOUCH_POLICIES.indexOf(touch);
    const most = this.target.exports().bufferRecords();
    for (let first = 0; first < records.count; first += most) {
      const count = Math.min(records.count - first, most);
      this.#write(records, first, count);
      this.target.run(({ replay }) => {
        for (let i = 0; i < count; i++) {
          const start = now();
          replay(i, i + 1, 1, policy, 0, 0);
          took[first + i] = Math.min(took[first + i] as number, now() - start);
        }
      });
    }
  }

  /** The address of the object in each slot; 0 for a slot without one. */
  slots(): Float64Array {
    const { slotBytes, pointerBytes } = this.layout;
    const { memory, slotsAddress, slotsMade } = this.target.exports();
    const stride = slotBytes / 4;
    const words = new Uint32Array(memory.buffer, slotsAddress(), stride * slotsMade());
    const pointers = new Float64Array(words.length / stride);
    for (let slot = 0; slot < pointers.length; slot++) {
      const low = words[stride * slot] as number;
      // As halves: a BigInt each would cost several times as much.
      pointers[slot] = pointerBytes === 4 ? low : low + (words[stride * slot + 1] as number) * 2 ** 32;
    }
    return pointers;
  }

  /** Runs a chunk in parts as large as the buffer, and those in parts that end where there is something to look at. */
  #replayChunk(chunk: TraceChunk, before: number, looks: Looks, options: ReplayOptions): void {
    const { timeline, marks } = looks;
    const most = this.target.exports().bufferRecords();
    for (let first = 0; first < chunk.count; first += most) {
      const count = Math.min(chunk.count - first, most);
      this.#write(chunk, first, count);
      for (let at = 0; at < count; ) {
        const done = before + first + at;
        const to = Math.min(count, at + timeline.until(done), at + marks.until(done));
        this.#replayRecords(at, to, before + first, options);
        at = to;
        timeline.note(before + first + at, () => this.target.bytes());
        marks.note(before + first + at, () => this.target.counters());
      }
      options.onResults?.(this.#results(count), chunk);
    }
  }

  #replayRecords(from: number, to: number, before: number, options: ReplayOptions): void {
    const exports = this.target.exports();
    const policy = TOUCH_POLICIES.indexOf(options.touch ?? "none");
    const keepsResults = options.onResults ? 1 : 0;
    const verify = options.verify ? 1 : 0;
    try {
      this.target.run(({ replay }) => replay(from, to, 1, policy, keepsResults, verify));
    } catch (error) {
      if (error instanceof Error) {
        error.message = `operation ${before + from + exports.replayed() + 1}: ${error.message}`;
      }
      throw error;
    }
  }

  #write({ records }: TraceChunk, first: number, count: number): void {
    // First of all, for it may grow the memory, which then has another buffer.
    const at = this.target.run((exports) => exports.bufferAddress());
    const { memory } = this.target.exports();
    const buffer = new Uint8Array(memory.buffer, at, count * RECORD_BYTES);
    buffer.set(sliceRecords(records, first, first + count));
  }

  #results(count: number): number[] {
    const { memory, resultsAddress } = this.target.exports();
    return Array.from(new BigUint64Array(memory.buffer, resultsAddress(), count), Number);
  }
}
