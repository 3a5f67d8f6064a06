import { PLAIN_ALIGN } from "#shared/driver";
import { PAGE_BYTES } from "#shared/meter";
import { type TouchPolicy, WIDTHS, type Width } from "../allocator/access.js";
import type { Options } from "../allocator/choice.js";
import { type Counters, SYSCALLS, unmeasured } from "../allocator/counters.js";
import type { AllocationFailure } from "../allocator/failure.js";
import type { Mark } from "../allocator/marks.js";
import type { PageRun } from "../allocator/pages.js";
import type { ReplayOptions, ReplayResult } from "../allocator/replay.js";
import { Replayer } from "../allocator/replayer.js";
import { checkAlignment, checkBytes, checkOneOf, checkValue, checkWhole } from "../base/arguments.js";
import { DISPOSE } from "../base/disposable.js";
import { recordOf } from "../base/enums.js";
import { SandboxError } from "../base/errors.js";
import type { Meter, MeterReading } from "../meter/reading.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import { MOST_WASM_PAGES, WASM_PAGE_BYTES } from "../wasm/pages.js";
import { CalledObjects, MOST_BYTES } from "./called-objects.js";
import { Guard } from "./guard.js";
import type { LinearMemory } from "./linear-memory.js";
import { type DriverExports, type Linked, SLOT_LAYOUT } from "./link.js";
import type { AllocatorReport, Exhaustion, ModuleAllocator } from "./module-allocator.js";
import { runsOf } from "./page-runs.js";
import { ProgramGrowth } from "./program-growth.js";
import type { Provision } from "./provisions.js";
import type { Running } from "./running.js";
import type { Range } from "./static-data.js";

/**
 * A foreign allocator in its own linear memory. Addresses are below 2^32. A module that traps, gives up
 * or breaks its contract throws ModuleTrap, and is of no use from then on; every other error changes nothing.
 */
export class WasmAllocator implements ModuleAllocator {
  readonly #objects: CalledObjects;
  readonly #guard: Guard;
  readonly #driver: DriverExports;
  readonly #linked: Linked;
  readonly #staticData: () => readonly Range[];
  readonly #replayer: Replayer;

  /** None: it really runs. */
  readonly machine = null;
  readonly pageBytes = PAGE_BYTES;
  readonly addressLimit = MOST_BYTES + 1;
  readonly tellsThreads = false;
  /** None: a module has no settings. */
  readonly options: Options = {};
  readonly instance: WebAssembly.Instance;
  private readonly memory: LinearMemory;
  private readonly meter: Meter | undefined;

  /** @internal Use `openWasmAllocator`. */
  constructor(
    readonly model: string,
    readonly report: AllocatorReport,
    { instance, linked, memory, meter, host, staticData }: Running & { staticData(): readonly Range[] },
    maximumPages: number | undefined,
    /** Whether it traps where memory ends, by the contract of its kind (wasm-bindgen's, AssemblyScript's). */
    readonly endsByTrap = false,
  ) {
    this.instance = instance;
    this.memory = memory;
    this.meter = meter;
    this.#guard = new Guard(linked, host, meter);
    this.#driver = linked.driver;
    this.#linked = linked;
    this.#staticData = staticData;
    this.#replayer = new Replayer(
      {
        exports: () => this.#guard.live.driver,
        run: (call) => this.#guard.run(({ driver }) => call(driver)),
        bytes: () => this.#bytes(),
        counters: () => this.counters(),
        busy: { isReplaying: false },
      },
      SLOT_LAYOUT,
    );
    this.#objects = new CalledObjects(this.#guard, memory, {
      freesNothing: report.convention === "c",
      endsByTrap,
      mostBytes: (maximumPages ?? MOST_WASM_PAGES) * WASM_PAGE_BYTES - memory.base,
    });
  }

  get notes(): readonly string[] {
    return this.report.findings;
  }

  // ---- The allocator ----

  get lastError(): AllocationFailure | null {
    return this.#objects.lastError;
  }

  malloc(bytes: number): number {
    checkWhole("bytes", bytes);
    return this.#objects.make(bytes, PLAIN_ALIGN, bytes, ({ driver }) => driver.malloc(bytes));
  }

  calloc(count: number, size: number): number {
    checkWhole("count", count);
    checkWhole("size", size);
    const largest = Math.max(count, size);
    return this.#objects.make(count * size, PLAIN_ALIGN, largest, ({ driver }) => driver.calloc(count, size));
  }

  alignedAlloc(align: number, bytes: number): number {
    checkAlignment("align", align);
    checkWhole("bytes", bytes);
    const largest = Math.max(align, bytes);
    return this.#objects.make(bytes, align, largest, ({ driver }) => driver.aligned(align, bytes));
  }

  realloc(pointer: number, bytes: number): number {
    checkWhole("pointer", pointer);
    checkWhole("bytes", bytes);
    if (pointer !== 0) return this.#objects.resize(pointer, bytes);
    return this.#objects.make(bytes, PLAIN_ALIGN, bytes, ({ driver }) => driver.resizeNothing(bytes));
  }

  /** Frees a block; nothing for 0. @throws AllocatorAbort for a pointer that it did not return. */
  free(pointer: number): void {
    checkWhole("pointer", pointer);
    this.#objects.free(pointer);
  }

  /** Bytes that may be used at a pointer, none at 0. If the module does not tell, those that were asked for. */
  usableSize(pointer: number): number {
    checkWhole("pointer", pointer);
    return this.#objects.usableSize(pointer);
  }

  /**
   * Bytes that may be used at each of some objects of a replay, which the meter does not notice; undefined where the module
   * does not tell, and where objects lie inside of what it knows as blocks.
   * @internal
   * @throws ModuleTrap
   */
  usableSizes(pointers: readonly number[]): number[] | undefined {
    const { usableSize, aligned } = this.report.functions;
    if (!isNative(usableSize) || !isNative(aligned)) return undefined;
    const ask = () =>
      this.#guard.run((linked) => pointers.map((pointer) => (linked.usableSize?.(pointer) ?? 0) >>> 0));
    return this.meter ? this.meter.unnoticed(ask) : ask();
  }

  /**
   * The names of its functions that align, if it has any.
   * @internal
   */
  get aligners(): readonly string[] {
    return this.#linked.aligners.map(({ name }) => name);
  }

  /**
   * Chooses which of its functions `alignedAlloc` and replays call from now on.
   * @internal
   */
  alignBy(name: string): void {
    this.#linked.aligners.find((one) => one.name === name)?.choose();
  }

  /**
   * Calls posix_memalign as it is. Returns what it returns; undefined if the module has none.
   * @internal
   */
  posixMemalign(result: number, align: number, bytes: number): number | undefined {
    return this.#objects.posixMemalign(result, align, bytes);
  }

  /**
   * Where the module has data of its own.
   * @internal
   */
  get staticData(): readonly Range[] {
    return this.#staticData();
  }

  /** Throws: linear memory is never given back. */
  trim(): never {
    throw inapplicable("trim", "a linear memory only grows");
  }

  // ---- The program's accesses ----

  load(address: number, width?: 1 | 2 | 4): number;
  load(address: number, width: 8): bigint;
  load(address: number, width: Width = 1): number | bigint {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    this.#guard.live;
    return this.memory.load(address, width);
  }

  store(address: number, value: number | bigint, width: Width = 1): void {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    const whole = checkValue("value", value, width);
    this.#guard.live;
    this.memory.store(address, whole, width);
  }

  read(address: number, bytes: number): Uint8Array {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    this.#guard.live;
    return this.memory.read(address, bytes);
  }

  write(address: number, bytes: Uint8Array): void {
    checkWhole("address", address);
    checkBytes("bytes", bytes);
    this.#guard.live;
    this.memory.write(address, bytes);
  }

  isZero(address: number, bytes: number): boolean {
    return this.fillEnd(address, 0, bytes) === bytes;
  }

  fill(address: number, value: number, bytes: number): void {
    checkWhole("address", address);
    checkValue("value", value, 1);
    checkWhole("bytes", bytes);
    const { patterns } = this.#guard.live;
    this.memory.check(address, bytes, "write");
    patterns.fill(address, value, bytes);
  }

  fillEnd(address: number, value: number, bytes: number): number {
    checkWhole("address", address);
    checkValue("value", value, 1);
    checkWhole("bytes", bytes);
    const { patterns } = this.#guard.live;
    this.memory.check(address, bytes, "read");
    return patterns.fillEnd(address, value, bytes) >>> 0;
  }

  /** Reads, or writes back, a byte of every page of a range. @throws SegmentationFault */
  touch(address: number, bytes: number, access: "read" | "write" = "write"): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    checkOneOf("access", access, ["read", "write"]);
    const { patterns } = this.#guard.live;
    this.memory.check(address, bytes, access);
    patterns.touch(address, bytes, access === "write" ? 1 : 0);
  }

  /**
   * Grows the memory for the program. Returns where the new bytes are; undefined if it cannot grow.
   * @internal
   */
  growMemory(bytes: number): number | undefined {
    return this.memory.grow(bytes);
  }

  // ---- Looking ----

  /**
   * `calls` counts the program's calls. `bytes.virtual` and `bytes.system` are the memory's size, `inUse` what
   * the program asked for, `cached` the rest: free blocks, headers and the module's own data. A linear
   * memory has no system calls. Everything else is NaN without a meter.
   *
   * A meter counts from where the module has started, so that nothing of its start is the allocator's; only `resident` has
   * the pages of that too. It counts what a fresh memory would cost on Linux, in pages of 4 KiB. A page takes a frame when
   * it is first written; the kernel zeroes the frame, and the page keeps it: `resident` is its own peak. Data that the
   * module begins with is not counted before it is touched. `zeroed.allocator` is what `memory.fill` and a composed calloc
   * zero, and every store of zero in a calloc of the module's own: what malloc, realloc and free store is not counted. Of
   * the faults only the needless are known: the meter does not note that a page was read before it was written.
   */
  counters(): Counters {
    const { driver } = this.#guard.live;
    const counters = unmeasured();
    counters.calls = this.#objects.calls + driver.calls();
    counters.syscalls = recordOf(SYSCALLS, () => 0);
    counters.walked = recordOf(SYSCALLS, () => 0);
    Object.assign(counters.bytes, this.#bytes());
    const reading = this.meter?.reading();
    if (reading) addReading(counters, reading);
    return counters;
  }

  #bytes() {
    const { driver } = this.#guard.live;
    const inUse = driver.liveBytes() + this.#objects.bytes;
    const system = this.memory.bytes;
    const resident = (this.meter?.residentPages ?? Number.NaN) * PAGE_BYTES;
    return { virtual: system, resident, peakResident: resident, inUse, system, cached: system - inUse };
  }

  snapshot(): Readonly<Counters> {
    return Object.freeze(this.counters());
  }

  /** Empty: a foreign module's statistics have no common form. */
  statistics(): Record<string, number> {
    this.#guard.live;
    return {};
  }

  /** @throws SandboxError without a meter. */
  pages(address: number, bytes: number): PageRun[] {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    this.#guard.live;
    if (!this.meter)
      throw inapplicable("pages", "open it with meter: true, for a linear memory does not tell");
    return runsOf(this.meter.pages(), address, bytes);
  }

  /** Throws: the memory is one region. */
  regions(): never {
    throw inapplicable("regions", "a linear memory is one region, of hostBytes bytes");
  }

  get hostBytes(): number {
    this.#guard.live;
    return this.memory.bytes;
  }

  /** Compares the objects that calls made. @throws ModuleTrap naming two that overlap. */
  check(): void {
    this.#guard.live;
    this.#objects.check();
  }

  // ---- Replaying ----

  /**
   * Runs a trace. The loop is in wasm and calls the module directly.
   * @throws TraceError from the trace; ModuleTrap from the run, naming the operation.
   */
  async replay(trace: Trace, options: ReplayOptions = {}): Promise<ReplayResult> {
    if (!options.verify) return this.#replayer.replay(trace, options);
    const growth = new ProgramGrowth(this);
    const onMark = (mark: Mark) => {
      growth.meet(mark.name);
      options.onMark?.(mark);
    };
    const result = await this.#replayer.replay(trace, { ...options, onMark });
    growth.expectKept();
    return result;
  }

  repeat(records: TraceChunk, times: number, touch: TouchPolicy = "none"): number {
    return this.#replayer.repeat(records, times, touch);
  }

  /**
   * Runs records with a call of the driver for each, and lowers what `took` has for it to what it took by `now`.
   * @internal
   * @throws ModuleTrap
   */
  timeOperations(records: TraceChunk, touch: TouchPolicy, now: () => number, took: Float64Array): void {
    this.#replayer.timeOperations(records, touch, now, took);
  }

  slots(): Float64Array {
    return this.#replayer.slots();
  }

  get operations(): number {
    return this.#driver.done();
  }

  get exhaustion(): Exhaustion | null {
    const { starved } = this.#guard;
    const returned = this.#driver.failedAllocations();
    if (returned === 0 && !starved) return null;
    return {
      operations: returned > 0 ? this.#driver.doneBeforeFailure() : this.operations,
      failedAllocations: returned + (starved ? 1 : 0),
      trapped: starved,
      memoryBytes: this.memory.bytes,
    };
  }

  /** Whether it trapped in a call that asked for more than its memory could grow by. @internal */
  get trappedAtEnd(): boolean {
    return this.#objects.trappedAtEnd;
  }

  close(): void {
    this.#guard.close();
  }

  [DISPOSE](): void {
    this.close();
  }
}

const isNative = (provision: Provision | undefined) => provision !== undefined && "native" in provision;

function inapplicable(method: string, why: string): SandboxError {
  return new SandboxError(`${method} does not apply to a wasm module: ${why}`);
}

function addReading(counters: Counters, reading: MeterReading): void {
  const { touched, needlessPages, zeroed, zeroedByStores } = reading;
  counters.faults.needless = needlessPages;
  counters.zeroed.kernel = touched.written * PAGE_BYTES;
  counters.zeroed.allocator = zeroed.bytes + (zeroedByStores?.bytes ?? 0);
  counters.zeroed.needless = zeroed.needless + (zeroedByStores?.needless ?? 0);
  counters.touched.read = touched.read;
  counters.touched.written = touched.written;
}
