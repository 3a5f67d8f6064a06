import { readModule } from "#read-module";
import { Touch } from "#shared/records";
import type { Counters } from "../allocator/counters.js";
import { Timeline, type TimelinePoint } from "../allocator/timeline.js";
import { checkAlignment, checkOneOf, checkValue, checkWhole } from "../base/arguments.js";
import { type NameOf, namesOf } from "../base/enums.js";
import { type AllocationFailure, OptionError, SandboxError } from "../base/errors.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import { callTree, type ProfileNode } from "./call-tree.js";
import type { InstanceState, MachineSettings } from "./instance.js";
import { Instance, type ModelExports, readResults, readSlots, writeRecords } from "./instance.js";
import type { PageRun } from "./machine.js";
import { findModel, machineSettings, modelSettings, type Options } from "./options.js";

/** Bytes of one load or store. */
export type Width = 1 | 2 | 4 | 8;
const WIDTHS: readonly Width[] = [1, 2, 4, 8];

/**
 * What the program touches of each object it gets, where a trace does not say: nothing, its first
 * byte, a byte of each of its pages, or all of it. The touch is a write without data.
 */
export const TOUCH_POLICIES: readonly TouchPolicy[] = namesOf(Touch);
export type TouchPolicy = NameOf<typeof Touch>;

export interface OpenOptions {
  /** Runs the check build: freed memory is poisoned and every model access is checked. Slower. */
  check?: boolean;
  /** A module to use instead of fetching the model's own, such as one compiled before. */
  module?: WebAssembly.Module | BufferSource;
}

/** Settings by name, the machine's and the model's own, beside how to open it. */
export type SandboxOptions = OpenOptions & { [setting: string]: string | number | unknown };

export interface ReplayOptions {
  /** Default `none`. */
  touch?: TouchPolicy;
  /** Keeps at most so many points of the timeline; 0, the default, keeps none. */
  timelinePoints?: number;
  /** Called after each chunk with the operations done so far. */
  onProgress?: (operations: number) => void;
  /** Called after each chunk with the address each of its operations returned; 0 for those that allocate nothing. */
  onResults?: (addresses: number[], chunk: TraceChunk) => void;
}

export interface ReplayResult {
  operations: number;
  /** Allocations that returned 0 though something was asked for; the trace went on without them. */
  failedAllocations: number;
  timeline: TimelinePoint[];
}

/** What a sandbox was at one moment. */
export interface Checkpoint {
  readonly sandbox: Sandbox;
  /** @internal */
  readonly state: InstanceState;
}

/**
 * Opens a sandbox: an allocator on a machine of its own.
 *
 * `options` are the model's own and the machine's: `kernel`, `pageSize`, `memory`, `addressSpace`.
 * @throws OptionError for an unknown model, option or value; SandboxError when the module cannot be had.
 */
export async function openSandbox(model: string, options: SandboxOptions = {}): Promise<Sandbox> {
  const { check, module, ...rest } = options;
  const settings = rest as Options;
  const info = findModel(model);
  const machine = machineSettings(info, settings);
  const url = check ? new URL(info.url.href.replace(/\.wasm$/, ".check.wasm")) : info.url;
  const instance = await Instance.open<ModelExports>(
    module ?? (await readModule(url)),
    machine,
    info.messages,
    (exports) => {
      for (const [place, value] of modelSettings(info, settings)) {
        if (!exports.configure(place, value)) {
          throw new OptionError(`${model} refuses option ${info.options[place]?.name}`);
        }
      }
    },
  );
  return new Sandbox(model, settings, instance);
}

/**
 * An allocator in a machine of its own. Sizes and addresses are bytes from 0 to 2^47; every method
 * throws RangeError for one that is not, before anything happens. A method that throws changes
 * nothing, and the sandbox stays usable.
 */
export class Sandbox {
  /** Why the last allocating call returned 0; null if it did not. */
  lastError: AllocationFailure | null = null;

  readonly #instance: Instance<ModelExports>;
  #open = true;

  /** @internal Use `openSandbox`. */
  constructor(
    readonly model: string,
    /** As given. */
    readonly options: Options,
    instance: Instance<ModelExports>,
  ) {
    this.#instance = instance;
  }

  /** The machine it runs on. */
  get machine(): MachineSettings {
    return this.#instance.machine;
  }

  get #exports(): ModelExports {
    if (!this.#open) throw new SandboxError("the sandbox is closed: open another");
    return this.#instance.exports;
  }

  #run<T>(call: (exports: ModelExports) => T): T {
    const exports = this.#exports;
    try {
      return call(exports);
    } catch (error) {
      throw this.#instance.explain(error);
    }
  }

  #allocate(asked: number, call: (exports: ModelExports) => number): number {
    const pointer = this.#run(call);
    this.lastError = pointer === 0 && asked !== 0 ? this.#instance.failure() : null;
    return pointer;
  }

  // ---- The allocator ----

  /** Returns the address of `bytes` bytes, or 0 (see `lastError`). */
  malloc(bytes: number): number {
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, (exports) => exports.malloc(bytes));
  }

  /** Returns the address of `count * size` zeroed bytes, or 0 (see `lastError`), also when the product overflows. */
  calloc(count: number, size: number): number {
    checkWhole("count", count);
    checkWhole("size", size);
    return this.#allocate(count * size, (exports) => exports.calloc(count, size));
  }

  /**
   * Resizes a block, perhaps moving it. Returns its address, or 0 and keeps the block.
   * @throws AllocatorAbort if the pointer is not one the allocator knows.
   */
  realloc(pointer: number, bytes: number): number {
    checkWhole("pointer", pointer);
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, (exports) => exports.realloc(pointer, bytes));
  }

  /** Returns the address of `bytes` bytes on a multiple of `align`, a power of two; or 0 (see `lastError`). */
  alignedAlloc(align: number, bytes: number): number {
    checkAlignment("align", align);
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, (exports) => exports.aligned(align, bytes));
  }

  /** Frees a block; nothing for 0. @throws AllocatorAbort on the misuse the real allocator notices. */
  free(pointer: number): void {
    checkWhole("pointer", pointer);
    this.#run((exports) => exports.free(pointer));
  }

  /** Bytes that may be used at a pointer; 0 for 0. @throws AllocatorAbort if the allocator does not know it. */
  usableSize(pointer: number): number {
    checkWhole("pointer", pointer);
    return this.#run((exports) => exports.usableSize(pointer));
  }

  /** Asks the allocator to give what it keeps, but for `keep` bytes, back to the kernel. Returns whether it gave any. */
  trim(keep = 0): boolean {
    checkWhole("keep", keep);
    return this.#run((exports) => exports.trim(keep)) !== 0;
  }

  // ---- The program's accesses ----

  /** Loads an unsigned integer, little-endian. @throws SegmentationFault */
  load(address: number, width?: 1 | 2 | 4): number;
  load(address: number, width: 8): bigint;
  load(address: number, width: Width = 1): number | bigint {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    const value = this.#run((exports) => exports.read(address, width));
    return width === 8 ? BigInt.asUintN(64, value) : Number(value);
  }

  /** Stores an unsigned integer, little-endian. @throws SegmentationFault */
  store(address: number, value: number | bigint, width: Width = 1): void {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    const whole = checkValue("value", value, width);
    this.#run((exports) => exports.write(address, width, whole));
  }

  /** Sets a range to a byte value. @throws SegmentationFault */
  fill(address: number, value: number, bytes: number): void {
    checkWhole("address", address);
    checkValue("value", value, 1);
    checkWhole("bytes", bytes);
    this.#run((exports) => exports.fill(address, value, bytes));
  }

  /**
   * Touches every page of a range, without data: a write counts as one of unknown content, and costs
   * no host memory. @throws SegmentationFault
   */
  touch(address: number, bytes: number, access: "read" | "write" = "write"): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    checkOneOf("access", access, ["read", "write"]);
    this.#run((exports) => exports.touch(address, bytes, access === "write" ? 1 : 0));
  }

  // ---- Looking ----

  /** Everything counted since the sandbox was opened. */
  counters(): Counters {
    return this.#run((exports) => {
      const [inUse, system, cached] = [exports.inUse(), exports.system(), exports.cached()];
      return this.#instance.counters({ inUse, system, cached });
    });
  }

  /** The counters of this moment, to keep: `subtract(later, earlier)` says what happened between two. */
  snapshot(): Readonly<Counters> {
    return Object.freeze(this.counters());
  }

  /**
   * What happened where since the sandbox was opened: the program, and below it the allocator's functions
   * and the system calls, each with the events that are its own. They add up to the counters.
   */
  profile(): ProfileNode {
    const { functions = [] } = findModel(this.model);
    return this.#run(() => callTree(this.#instance.paths(), this.machine.kernel, functions));
  }

  /** The allocator's own statistics, in the real one's words; empty if it has none. */
  statistics(): Record<string, number> {
    const names = findModel(this.model).statistics ?? [];
    return this.#run((exports) => Object.fromEntries(names.map((name, i) => [name, exports.statistic(i)])));
  }

  /** What the pages of a range are, as runs of alike ones in order of address. */
  pages(address: number, bytes: number): PageRun[] {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    return this.#run(() => this.#instance.pages(address, bytes));
  }

  /** The mapped ranges of address space, in order. */
  regions(): { address: number; bytes: number }[] {
    return this.#run(() => this.#instance.regions());
  }

  /** The address of the object in each slot of the operations replayed so far; 0 for a slot without one. */
  slots(): Float64Array {
    return this.#run(readSlots);
  }

  /** Host memory the sandbox takes, in bytes: that of its wasm instance, which only grows. */
  get hostBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Walks the whole machine and compares it with its books. Slow. @throws SandboxError naming what is broken. */
  check(): void {
    this.#run(() => this.#instance.check());
  }

  // ---- Replaying ----

  /**
   * Runs a trace. The loop is in wasm and host memory stays constant, however long the trace.
   * @throws TraceError from the trace; AllocatorAbort, OutOfMemory from the run, naming the operation.
   */
  async replay(trace: Trace, options: ReplayOptions = {}): Promise<ReplayResult> {
    const timeline = new Timeline(options.timelinePoints ?? 0);
    const failedBefore = this.#exports.failedAllocations();
    let operations = 0;
    for await (const chunk of trace) {
      operations = this.#replayChunk(chunk, operations, timeline, options);
      options.onProgress?.(operations);
    }
    const points = timeline.finish(operations, () => this.counters().bytes);
    return {
      operations,
      failedAllocations: this.#exports.failedAllocations() - failedBefore,
      timeline: points,
    };
  }

  /** Runs a few records (src/trace/trace.ts) `times` over, all in one call. */
  repeat(records: TraceChunk, times: number, touch: TouchPolicy = "none"): void {
    checkWhole("times", times);
    const exports = this.#exports;
    if (records.count > exports.bufferRecords()) {
      throw new RangeError(`records must be at most ${exports.bufferRecords()}; got ${records.count}`);
    }
    writeRecords(exports, records.records, 0, records.count);
    this.#run(() => exports.replay(0, records.count, times, TOUCH_POLICIES.indexOf(touch)));
  }

  #replayChunk(chunk: TraceChunk, before: number, timeline: Timeline, options: ReplayOptions): number {
    const exports = this.#exports;
    const touch = options.touch ?? "none";
    checkOneOf("touch", touch, TOUCH_POLICIES);
    for (let first = 0; first < chunk.count; first += exports.bufferRecords()) {
      const count = Math.min(chunk.count - first, exports.bufferRecords());
      writeRecords(exports, chunk.records, first, count);
      for (let at = 0; at < count; ) {
        const to = Math.min(count, at + timeline.until(before + first + at));
        this.#replayRecords(at, to, touch, before + first);
        at = to;
        timeline.note(before + first + at, () => this.counters().bytes);
      }
      options.onResults?.(readResults(exports, count), chunk);
    }
    return before + chunk.count;
  }

  #replayRecords(from: number, to: number, touch: TouchPolicy, before: number): void {
    const exports = this.#exports;
    try {
      exports.replay(from, to, 1, TOUCH_POLICIES.indexOf(touch));
    } catch (error) {
      const explained = this.#instance.explain(error);
      if (explained instanceof Error) {
        explained.message = `operation ${before + from + exports.replayed() + 1}: ${explained.message}`;
      }
      throw explained;
    }
  }

  // ---- Going back ----

  /** Everything the sandbox is at this moment, to come back to. It takes `hostBytes` of host memory. */
  checkpoint(): Checkpoint {
    return this.#run(() => ({ sandbox: this, state: this.#instance.save() }));
  }

  /** Comes back to a checkpoint of this sandbox, as often as wanted. @throws SandboxError for another's. */
  restore({ sandbox, state }: Checkpoint): void {
    if (sandbox !== this) throw new SandboxError("this is a checkpoint of another sandbox: use its own");
    this.#run(() => this.#instance.restore(state));
    this.lastError = null;
  }

  /** Ends the sandbox; every later call throws SandboxError. */
  close(): void {
    this.#open = false;
  }
}
