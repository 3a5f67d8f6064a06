import { checkAlignment, checkOneOf, checkValue, checkWhole } from "../arguments.js";
import { type Counters, SYSCALLS, type Syscall } from "../counters.js";
import { type AllocationFailure, AllocatorAbort, ModuleTrap, SandboxError } from "../errors.js";
import type { PageRun } from "../machine.js";
import {
  type ReplayOptions,
  type ReplayResult,
  type Sandbox,
  TOUCH_POLICIES,
  type TouchPolicy,
  type Width,
} from "../sandbox.js";
import { Timeline } from "../timeline.js";
import { RECORD_BYTES, type Trace, type TraceChunk } from "../trace/trace.js";
import { explainTrap } from "./explain.js";
import type { Provision } from "./families.js";
import { type Host, WASM_PAGE_BYTES } from "./imports.js";
import type { LinearMemory } from "./linear-memory.js";
import type { Linked } from "./link.js";
import { type Meter, runsOf } from "./reading.js";

const WIDTHS: readonly Width[] = [1, 2, 4, 8];
const PLAIN_ALIGN = 8; // assembly/face.ts
const MOST_BYTES = 2 ** 32 - 1;
const MOST_PAGES = 65_536; // of 64 KiB: core specification
const SLOT_WORDS = 4; // assembly/driver.ts
/** Pages of an operating system, which a meter counts. */
const PAGE_BYTES = 4096;

/** What a module turned out to be. */
export interface AllocatorReport {
  /** How its functions are called: c, sized, bindgen, rust or managed. */
  convention: string;
  /** By function, the export that does it or what it is composed of. */
  functions: Record<string, Provision>;
  /** What was run to start it, in order. */
  started: string[];
  /** Sentences about what is odd. */
  findings: string[];
}

export interface WasmReplayOptions extends ReplayOptions {
  /**
   * Fills every object with a pattern, and expects to find it again: tells blocks that overlap, and a
   * calloc that is not zero. Default false. What the module throws is then ModuleTrap.
   */
  verify?: boolean;
}

/** What does not apply to linear memory. */
type Inapplicable = "machine" | "trim" | "profile" | "regions" | "checkpoint" | "restore";
type SandboxFace = Omit<Pick<Sandbox, keyof Sandbox>, Inapplicable>;

/** @internal One instance, linked and started. */
export interface Running {
  instance: WebAssembly.Instance;
  linked: Linked;
  memory: LinearMemory;
  meter: Meter | undefined;
  /** What the module was given, and whether the host refused it memory. */
  host: Host;
  started: string[];
  /** Imports that trap when called, as "module.name". */
  trapping: string[];
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

interface ObjectBlock {
  block: number;
  bytes: number;
  align: number;
}

const NOTHING: ObjectBlock = { block: 0, bytes: 0, align: PLAIN_ALIGN };

/**
 * A foreign allocator in its own linear memory, with the face of a `Sandbox`. Addresses are below
 * 2^32. A module that traps, gives up or breaks its contract throws ModuleTrap, and is of no use from
 * then on; every other error changes nothing.
 */
export class WasmAllocator implements SandboxFace {
  lastError: AllocationFailure | null = null;

  /** Objects made by calls, not by replays; those of replays are in the driver's slots. */
  readonly #objects = new Map<number, ObjectBlock>();
  #calls = 0;
  #broken: ModuleTrap | undefined;
  /** Whether it is broken because the module trapped in a call in which its memory could not grow. */
  #starved = false;
  #open = true;
  readonly #mostBytes: number;

  /** None: a module has no settings. */
  readonly options: Record<string, string | number> = {};
  /** The module's own instance, for what else it exports; what is done to it by hand, the books do not know. */
  readonly instance: WebAssembly.Instance;
  private readonly linked: Linked;
  private readonly memory: LinearMemory;
  private readonly meter: Meter | undefined;
  private readonly host: Host;

  /** @internal Use `openWasmAllocator`. */
  constructor(
    readonly model: string,
    readonly report: AllocatorReport,
    { instance, linked, memory, meter, host }: Running,
    maximumPages: number | undefined,
  ) {
    this.instance = instance;
    this.linked = linked;
    this.memory = memory;
    this.meter = meter;
    this.host = host;
    this.#mostBytes = (maximumPages ?? MOST_PAGES) * WASM_PAGE_BYTES - memory.base;
  }

  /** The linked module, unless it is closed or broken. */
  get #live(): Linked {
    if (!this.#open) throw new SandboxError("the allocator is closed: open another");
    if (this.#broken) {
      throw new SandboxError("the module trapped before, so its state is unknown: open it again", {
        cause: this.#broken,
      });
    }
    return this.linked;
  }

  #run<T>(call: (linked: Linked) => T, where = ""): T {
    const linked = this.#live;
    this.#forgetRefusal();
    try {
      return call(linked);
    } catch (error) {
      // What the driver and the patterns find is broken whatever the memory.
      const isOwn = !linked.driver.fault.value && !linked.patterns.outsideBytes.value;
      const explained = explainTrap(error, linked);
      if (explained instanceof ModuleTrap) {
        this.#broken = explained;
        this.#starved = isOwn && this.#wasRefused;
        if (this.#starved) explained.message += ", after its memory was refused to grow";
      }
      explained.message = where + explained.message;
      throw explained;
    }
  }

  #forgetRefusal(): void {
    this.host.refused = false;
    if (this.meter) this.meter.refused = false;
  }

  /** Whether the growth asked for last was refused, as far as is known: without a meter only what the host was asked for. */
  get #wasRefused(): boolean {
    return this.host.refused || this.meter?.refused === true;
  }

  // ---- The allocator ----

  /** Returns the address of `bytes` bytes, or 0 (see `lastError`). */
  malloc(bytes: number): number {
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, PLAIN_ALIGN, bytes, ({ driver }) => driver.malloc(bytes));
  }

  /** Returns the address of `count * size` zeroed bytes, or 0 (see `lastError`), also when the product overflows. */
  calloc(count: number, size: number): number {
    checkWhole("count", count);
    checkWhole("size", size);
    const largest = Math.max(count, size);
    const pointer = this.#allocate(count * size, PLAIN_ALIGN, largest, ({ driver }) =>
      driver.calloc(count, size),
    );
    return pointer;
  }

  /** Returns the address of `bytes` bytes on a multiple of `align`, a power of two; or 0 (see `lastError`). */
  alignedAlloc(align: number, bytes: number): number {
    checkAlignment("align", align);
    checkWhole("bytes", bytes);
    const largest = Math.max(align, bytes);
    return this.#allocate(bytes, align, largest, ({ driver }) => driver.aligned(align, bytes));
  }

  /** `largest` is the largest argument: one beyond 32 bits is not passed on. */
  #allocate(bytes: number, align: number, largest: number, call: (linked: Linked) => number): number {
    this.#calls++;
    const pointer =
      largest > MOST_BYTES ? 0 : this.#run((linked) => this.#checked(linked, bytes, align, call));
    this.lastError = pointer === 0 && bytes !== 0 ? this.#failure(bytes) : null;
    return pointer;
  }

  #checked(linked: Linked, bytes: number, align: number, call: (linked: Linked) => number): number {
    const pointer = call(linked) >>> 0;
    if (!pointer) return 0;
    if (bytes > MOST_BYTES)
      throw new ModuleTrap(`calloc gave memory for ${bytes} bytes, which 32 bits do not hold`);
    linked.driver.checkObject(pointer, bytes, Math.max(align, PLAIN_ALIGN));
    const block = align > PLAIN_ALIGN ? (linked.driver.block.value as number) >>> 0 : pointer;
    this.#objects.set(pointer, { block, bytes, align });
    return pointer;
  }

  /** Resizes a block, perhaps moving it. Returns its address, or 0 and keeps the block. */
  realloc(pointer: number, bytes: number): number {
    checkWhole("pointer", pointer);
    checkWhole("bytes", bytes);
    if (pointer === 0) return this.malloc(bytes);
    const held = this.#find(pointer);
    this.#calls++;
    const moved = bytes > MOST_BYTES ? 0 : this.#run((linked) => this.#resize(linked, pointer, held, bytes));
    this.lastError = moved === 0 && bytes !== 0 ? this.#failure(bytes) : null;
    return moved;
  }

  #resize({ driver }: Linked, pointer: number, held: ObjectBlock, bytes: number): number {
    const moved = driver.resize(pointer, held.block, held.bytes, held.align, bytes) >>> 0;
    if (!moved && bytes) return 0;
    this.#objects.delete(pointer);
    if (!moved) return 0; // realloc(pointer, 0) freed it
    driver.checkObject(moved, bytes, PLAIN_ALIGN);
    this.#objects.set(moved, { block: (driver.block.value as number) >>> 0, bytes, align: held.align });
    return moved;
  }

  /** Frees a block; nothing for 0. @throws AllocatorAbort for a pointer that is none it returned. */
  free(pointer: number): void {
    checkWhole("pointer", pointer);
    this.#calls++;
    // C's free takes 0, and so it is given it; the others are not made for that.
    if (pointer === 0 && this.report.convention !== "c") return;
    const { block, bytes, align } = pointer === 0 ? NOTHING : this.#find(pointer);
    this.#run(({ driver }) => driver.release(block, bytes, align));
    this.#objects.delete(pointer);
  }

  /** Bytes that may be used at a pointer; 0 for 0. Those asked for, where the module does not say. */
  usableSize(pointer: number): number {
    checkWhole("pointer", pointer);
    if (pointer === 0) return 0;
    const { bytes } = this.#find(pointer);
    return this.#run(({ usableSize }) => (usableSize ? usableSize(pointer) >>> 0 : bytes));
  }

  #find(pointer: number): ObjectBlock {
    this.#live;
    const held = this.#objects.get(pointer);
    if (held) return held;
    throw new AllocatorAbort(
      `0x${pointer.toString(16)} is no object of this allocator's, or was freed: what the module does then is undefined, so it was not asked`,
      pointer,
    );
  }

  #failure(requested: number): AllocationFailure {
    const tooLarge = requested > MOST_BYTES;
    return {
      kind: tooLarge ? "overflow" : "memory",
      requested,
      available: this.#mostBytes - this.memory.bytes,
      remedy: tooLarge
        ? "ask for less than 4 GiB, which 32 bits address"
        : "ask for less, or give the module a memory with a higher maximum",
    };
  }

  /** Throws: linear memory is never given back. */
  trim(): never {
    throw inapplicable("trim", "a linear memory only grows");
  }

  // ---- The program's accesses ----

  /** Loads an unsigned integer, little-endian. @throws SegmentationFault */
  load(address: number, width?: 1 | 2 | 4): number;
  load(address: number, width: 8): bigint;
  load(address: number, width: Width = 1): number | bigint {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    this.#live;
    const value = this.memory.load(address, width);
    return width === 8 ? value : Number(value);
  }

  /** Stores an unsigned integer, little-endian. @throws SegmentationFault */
  store(address: number, value: number | bigint, width: Width = 1): void {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    const whole = checkValue("value", value, width);
    this.#live;
    this.memory.store(address, whole, width);
  }

  /** Sets a range to a byte value. @throws SegmentationFault */
  fill(address: number, value: number, bytes: number): void {
    checkWhole("address", address);
    checkValue("value", value, 1);
    checkWhole("bytes", bytes);
    const { patterns } = this.#live;
    this.memory.check(address, bytes, "write");
    patterns.fill(address, value, bytes);
  }

  /** Reads, or writes back, a byte of every page of a range. @throws SegmentationFault */
  touch(address: number, bytes: number, access: "read" | "write" = "write"): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    checkOneOf("access", access, ["read", "write"]);
    const { patterns } = this.#live;
    this.memory.check(address, bytes, access);
    patterns.touch(address, bytes, access === "write" ? 1 : 0);
  }

  // ---- Looking ----

  /**
   * `calls` counts the program's; `bytes.virtual` and `bytes.system` are the memory's size, `inUse` what
   * the program asked for, `cached` the rest: free blocks, headers and the module's own data. A linear
   * memory has no system calls. What is not measured is NaN, so all the others without a meter.
   *
   * With one they are what a fresh memory would cost on Linux, in pages of 4 KiB. A page takes a frame,
   * which the kernel zeroes, when it is first written, and keeps it: `resident` is its own peak. Data that
   * the module begins with is not counted before it is touched. `zeroed.allocator` is what `memory.fill`
   * zeroes, and a composed calloc; where calloc is the module's own, every store of zero too. Of the faults only
   * the needless are known, for that a page was read before it was written is not noted.
   */
  counters(): Counters {
    const { driver } = this.#live;
    const none = Object.fromEntries(SYSCALLS.map((name) => [name, 0])) as Record<Syscall, number>;
    return {
      calls: this.#calls + driver.calls(),
      ...this.#measured(),
      syscalls: { ...none },
      walked: none,
      bytes: this.#bytes(),
    };
  }

  #measured(): Pick<Counters, "faults" | "zeroed" | "touched"> {
    const unknown = Number.NaN;
    const reading = this.meter?.reading();
    const by = (of: "bytes" | "needless") =>
      reading ? reading.zeroed[of] + (reading.zeroedByStores?.[of] ?? 0) : unknown;
    const { read, written } = reading?.touched ?? { read: unknown, written: unknown };
    const needless = reading?.needlessPages ?? unknown;
    return {
      faults: { zeroMap: unknown, zeroFill: unknown, copyOnWrite: unknown, needless },
      zeroed: { kernel: written * PAGE_BYTES, allocator: by("bytes"), needless: by("needless") },
      touched: { read, written },
    };
  }

  #bytes(): Counters["bytes"] {
    const { driver } = this.#live;
    let inUse = driver.liveBytes();
    for (const { bytes } of this.#objects.values()) inUse += bytes;
    const system = this.memory.bytes;
    const resident = (this.meter?.reading().touched.written ?? Number.NaN) * PAGE_BYTES;
    return { virtual: system, resident, peakResident: resident, inUse, system, cached: system - inUse };
  }

  /** The counters of this moment, to keep. */
  snapshot(): Readonly<Counters> {
    return Object.freeze(this.counters());
  }

  /** None: a foreign module's statistics have no common form. */
  statistics(): Record<string, number> {
    this.#live;
    return {};
  }

  /** What the pages of a range are, as runs of alike ones in order of address. @throws SandboxError without a meter. */
  pages(address: number, bytes: number): PageRun[] {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    this.#live;
    if (!this.meter)
      throw inapplicable("pages", "open it with meter: true, for a linear memory does not tell");
    return runsOf(this.meter.pages(), address, bytes);
  }

  /** Throws: there is but one region, the memory. */
  regions(): never {
    throw inapplicable("regions", "a linear memory is one region, of hostBytes bytes");
  }

  /** The address of the object in each slot of the operations replayed so far; 0 for a slot without one. */
  slots(): Float64Array {
    const { driver } = this.#live;
    const count = driver.slotsMade();
    const words = new Uint32Array(driver.memory.buffer, driver.slotsAddress(), SLOT_WORDS * count);
    return Float64Array.from({ length: count }, (_, slot) => words[SLOT_WORDS * slot] as number);
  }

  /** Host memory the module takes, in bytes; it only grows. */
  get hostBytes(): number {
    this.#live;
    return this.memory.bytes;
  }

  /**
   * How replays came to the end of memory; null as long as every allocation got what it asked for. Of a module that
   * trapped, that memory was why is known only with a meter: growth was refused in the same chunk of 4096 operations
   * or less.
   */
  get exhaustion(): Exhaustion | null {
    const { driver } = this.linked;
    const returned = driver.failedAllocations.value as number;
    if (returned === 0 && !this.#starved) return null;
    return {
      operations: returned > 0 ? (driver.doneBeforeFailure.value as number) : this.operations,
      failedAllocations: returned + (this.#starved ? 1 : 0),
      trapped: this.#starved,
      memoryBytes: this.memory.bytes,
    };
  }

  /** Operations of all replays done, also when the last trapped. */
  get operations(): number {
    return this.linked.driver.done();
  }

  /** Compares the objects that calls made. @throws ModuleTrap naming two that overlap. */
  check(): void {
    this.#live;
    const sorted = [...this.#objects].sort(([one], [other]) => one - other);
    let [end, before] = [0, 0];
    for (const [pointer, { bytes }] of sorted) {
      if (pointer < end)
        throw new ModuleTrap(`objects 0x${before.toString(16)} and 0x${pointer.toString(16)} overlap`);
      [end, before] = [pointer + bytes, pointer];
    }
  }

  // ---- Replaying ----

  /**
   * Runs a trace. The loop is in wasm and calls the module directly.
   * @throws TraceError from the trace; ModuleTrap from the run, naming the operation.
   */
  async replay(trace: Trace, options: WasmReplayOptions = {}): Promise<ReplayResult> {
    checkOneOf("touch", options.touch ?? "none", TOUCH_POLICIES);
    const timeline = new Timeline(options.timelinePoints ?? 0);
    const failures = () => this.#live.driver.failedAllocations.value as number;
    const failedBefore = failures();
    let operations = 0;
    for await (const chunk of trace) {
      this.#replayChunk(chunk, operations, timeline, options);
      operations += chunk.count;
      options.onProgress?.(operations);
    }
    const points = timeline.finish(operations, () => this.counters().bytes);
    return { operations, failedAllocations: failures() - failedBefore, timeline: points };
  }

  /** Runs a few records (src/trace/trace.ts) `times` over, all in one call. */
  repeat(records: TraceChunk, times: number, touch: TouchPolicy = "none"): void {
    checkWhole("times", times);
    checkOneOf("touch", touch, TOUCH_POLICIES);
    const { driver } = this.#live;
    const most = driver.bufferRecords();
    if (records.count > most) throw new RangeError(`records must be at most ${most}; got ${records.count}`);
    this.#write(records, 0, records.count);
    this.#run(() => driver.replay(0, records.count, times, TOUCH_POLICIES.indexOf(touch), 0));
  }

  #replayChunk(chunk: TraceChunk, before: number, timeline: Timeline, options: WasmReplayOptions): void {
    const most = this.#live.driver.bufferRecords();
    for (let first = 0; first < chunk.count; first += most) {
      const count = Math.min(chunk.count - first, most);
      this.#write(chunk, first, count);
      for (let at = 0; at < count; ) {
        const to = Math.min(count, at + timeline.until(before + first + at));
        this.#replayRecords(at, to, options, before + first);
        at = to;
        timeline.note(before + first + at, () => this.counters().bytes);
      }
      options.onResults?.(this.#results(count), chunk);
    }
  }

  #replayRecords(from: number, to: number, options: WasmReplayOptions, before: number): void {
    const { driver } = this.#live;
    const touch = TOUCH_POLICIES.indexOf(options.touch ?? "none");
    try {
      this.#run(() => driver.replay(from, to, 1, touch, options.verify ? 1 : 0));
    } catch (error) {
      const operation = before + from + driver.replayed() + 1;
      (error as Error).message = `operation ${operation}: ${(error as Error).message}`;
      throw error;
    }
  }

  #write({ records }: TraceChunk, first: number, count: number): void {
    const { driver } = this.#live;
    const buffer = new Uint8Array(driver.memory.buffer, driver.bufferAddress(), count * RECORD_BYTES);
    buffer.set(records.subarray(first * RECORD_BYTES, (first + count) * RECORD_BYTES));
  }

  #results(count: number): number[] {
    const { driver } = this.#live;
    return Array.from(new BigUint64Array(driver.memory.buffer, driver.resultsAddress(), count), Number);
  }

  /** Ends the allocator; every later call throws SandboxError. */
  close(): void {
    this.#open = false;
  }
}

function inapplicable(method: string, why: string): SandboxError {
  return new SandboxError(`${method} does not apply to a wasm module: ${why}`);
}
