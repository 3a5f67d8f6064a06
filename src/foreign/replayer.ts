import type { Counters } from "../allocator/counters.js";
import { Timeline } from "../allocator/timeline.js";
import { checkOneOf, checkWhole } from "../base/arguments.js";
import {
  type ReplayOptions,
  type ReplayResult,
  TOUCH_POLICIES,
  type TouchPolicy,
} from "../sandbox/sandbox.js";
import { RECORD_BYTES } from "../trace/records.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import type { Guard } from "./guard.js";
import type { DriverExports } from "./link.js";

const SLOT_WORDS = 4; // assembly/driver.ts

export interface WasmReplayOptions extends ReplayOptions {
  /**
   * Fills every object with a pattern, and expects to find it again: tells blocks that overlap, and a
   * calloc that is not zero. Default false. What the module throws is then ModuleTrap.
   */
  verify?: boolean;
}

/** How a module came to the end of its memory. */
export interface Exhaustion {
  /** Operations of all replays done before the first allocation that got no memory. */
  operations: number;
  /** Allocations that got none. */
  failedAllocations: number;
  /** Whether it trapped then instead of returning 0. */
  trapped: boolean;
  /** Size of its memory. */
  memoryBytes: number;
}

/** Runs records on a module: they are copied to the driver's memory, whose loop calls the module. */
export class Replayer {
  constructor(
    private readonly guard: Guard,
    private readonly driver: DriverExports,
    private readonly bytes: () => Counters["bytes"],
  ) {}

  /** Runs a trace. @throws as WasmAllocator's does. */
  async replay(trace: Trace, options: WasmReplayOptions): Promise<ReplayResult> {
    checkOneOf("touch", options.touch ?? "none", TOUCH_POLICIES);
    const timeline = new Timeline(options.timelinePoints ?? 0);
    const failures = () => this.guard.live.driver.failedAllocations.value as number;
    const failedBefore = failures();
    let operations = 0;
    for await (const chunk of trace) {
      this.#replayChunk(chunk, operations, timeline, options);
      operations += chunk.count;
      options.onProgress?.(operations);
    }
    const points = timeline.finish(operations, this.bytes);
    return { operations, failedAllocations: failures() - failedBefore, timeline: points };
  }

  /** Runs a few records `times` over. */
  repeat(records: TraceChunk, times: number, touch: TouchPolicy): void {
    checkWhole("times", times);
    checkOneOf("touch", touch, TOUCH_POLICIES);
    const { driver } = this.guard.live;
    const most = driver.bufferRecords();
    if (records.count > most) throw new RangeError(`records must be at most ${most}; got ${records.count}`);
    this.#write(records, 0, records.count);
    this.guard.run(() => driver.replay(0, records.count, times, TOUCH_POLICIES.indexOf(touch), 0));
  }

  /** The address of the object in each slot; 0 for a slot without one. */
  slots(): Float64Array {
    const { driver } = this.guard.live;
    const count = driver.slotsMade();
    const words = new Uint32Array(driver.memory.buffer, driver.slotsAddress(), SLOT_WORDS * count);
    return Float64Array.from({ length: count }, (_, slot) => words[SLOT_WORDS * slot] as number);
  }

  /** Operations done, also of what trapped. */
  get operations(): number {
    return this.driver.done();
  }

  /** How memory came to its end, which is of this size; null if it did not. */
  exhaustion(memoryBytes: number): Exhaustion | null {
    const { starved } = this.guard;
    const returned = this.driver.failedAllocations.value as number;
    if (returned === 0 && !starved) return null;
    return {
      operations: returned > 0 ? (this.driver.doneBeforeFailure.value as number) : this.operations,
      failedAllocations: returned + (starved ? 1 : 0),
      trapped: starved,
      memoryBytes,
    };
  }

  #replayChunk(chunk: TraceChunk, before: number, timeline: Timeline, options: WasmReplayOptions): void {
    const most = this.guard.live.driver.bufferRecords();
    for (let first = 0; first < chunk.count; first += most) {
      const count = Math.min(chunk.count - first, most);
      this.#write(chunk, first, count);
      for (let at = 0; at < count; ) {
        const to = Math.min(count, at + timeline.until(before + first + at));
        this.#replayRecords(at, to, options, before + first);
        at = to;
        timeline.note(before + first + at, this.bytes);
      }
      options.onResults?.(this.#results(count), chunk);
    }
  }

  #replayRecords(from: number, to: number, options: WasmReplayOptions, before: number): void {
    const { driver } = this.guard.live;
    const touch = TOUCH_POLICIES.indexOf(options.touch ?? "none");
    try {
      this.guard.run(() => driver.replay(from, to, 1, touch, options.verify ? 1 : 0));
    } catch (error) {
      const operation = before + from + driver.replayed() + 1;
      (error as Error).message = `operation ${operation}: ${(error as Error).message}`;
      throw error;
    }
  }

  #write({ records }: TraceChunk, first: number, count: number): void {
    const { memory, bufferAddress } = this.driver;
    const buffer = new Uint8Array(memory.buffer, bufferAddress(), count * RECORD_BYTES);
    buffer.set(records.subarray(first * RECORD_BYTES, (first + count) * RECORD_BYTES));
  }

  #results(count: number): number[] {
    const { memory, resultsAddress } = this.driver;
    return Array.from(new BigUint64Array(memory.buffer, resultsAddress(), count), Number);
  }
}
