import { SITE_FIELDS } from "#shared/counters";
import { MOST_THREADS } from "#shared/records";
import { type TouchPolicy, WIDTHS, type Width } from "../allocator/access.js";
import type { Options } from "../allocator/choice.js";
import type { Counters } from "../allocator/counters.js";
import type { AllocationFailure } from "../allocator/failure.js";
import type { MachineSettings } from "../allocator/machine.js";
import type { PageRun } from "../allocator/pages.js";
import type { ReplayOptions, ReplayResult } from "../allocator/replay.js";
import { Replayer } from "../allocator/replayer.js";
import {
  checkAlignment,
  checkBytes,
  checkOneOf,
  checkRange,
  checkValue,
  checkWhole,
  LARGEST,
} from "../base/arguments.js";
import { DISPOSE } from "../base/disposable.js";
import { SandboxError } from "../base/errors.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import { ADVICE, type Advice, adviceNumber, PROTECTIONS, type Protection } from "./advice.js";
import { readBytes, writeBytes } from "./bytes.js";
import type { LoggedCall } from "./call-log.js";
import { callTree, type ProfileNode } from "./call-tree.js";
import { type Capabilities, type Capability, capable } from "./capabilities.js";
import type { ModelExports } from "./exports.js";
import type { Work } from "./failures.js";
import {
  type FileCounters,
  type FileOptions,
  granted,
  makeFile,
  type ResidentSets,
  type SimulatedFile,
} from "./files.js";
import { type FreeBlock, freeBlocksIn } from "./free-blocks.js";
import type { HugePageCounters } from "./huge-pages.js";
import { type Instance, SLOT_LAYOUT } from "./instance.js";
import { findModel } from "./options.js";
import { type KilledProcess, NO_FORK, type SetSizes, type SharingCounters, setSizes } from "./processes.js";
import type { Checkpoint, MapOptions, SimulatedAllocator } from "./simulated.js";
import { type SiteEvents, siteEvents } from "./site-events.js";

/**
 * A model in a machine of its own. Sizes and addresses are bytes from 0 to 2^47. A method that throws changes nothing, but
 * that counters may have the call and what it looked at, and the sandbox stays usable; or it leaves off in the middle: where
 * memory ends, or an allocator notices misuse (AllocatorAbort, SegmentationFault) after it has changed something. Then the
 * machine has ended, as the real process would, and everything is refused until a checkpoint is restored.
 */
export class Sandbox implements SimulatedAllocator {
  lastError: AllocationFailure | null = null;

  readonly addressLimit = LARGEST;

  readonly #instance: Instance<ModelExports>;
  readonly #replayer: Replayer;
  #open = true;
  /** Its process on the machine. */
  #process: number;

  /** @internal Use `openSandbox`. */
  constructor(
    readonly model: string,
    readonly options: Options,
    instance: Instance<ModelExports>,
    /** How sure the model is, where it is less than equal to the real library; which clock it looks at, if it does. */
    readonly notes: readonly string[],
    process = 1,
  ) {
    this.#instance = instance;
    this.#process = process;
    const [counters, bytes] = [() => this.counters(), () => this.counters().bytes];
    this.#replayer = new Replayer(
      { exports: () => this.#exports, run: (call) => this.#run(call), bytes, counters, busy: instance },
      SLOT_LAYOUT,
    );
  }

  get machine(): MachineSettings {
    return this.#instance.machine;
  }

  get pageBytes(): number {
    return this.machine.pageBytes;
  }

  get hostBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  get #exports(): ModelExports {
    this.#checkOpen();
    const { ended } = this.#instance;
    if (ended !== undefined)
      throw new SandboxError(
        `the machine has ended (${ended}): restore a checkpoint, or open another sandbox`,
      );
    this.#instance.enter(this.#process);
    return this.#instance.exports;
  }

  #checkOpen(): void {
    if (!this.#open) throw new SandboxError("the sandbox is closed: open another");
  }

  #run<T>(call: (exports: ModelExports) => T, work: Work = "changes"): T {
    const exports = this.#exports;
    try {
      return call(exports);
    } catch (error) {
      throw this.#instance.explain(error, work);
    }
  }

  /** Runs an access of the program. */
  #access<T>(call: (exports: ModelExports) => T): T {
    return this.#run(call, "access");
  }

  /** Calls what only modules export whose machine has it. */
  #runCapable<Name extends Capability, T>(name: Name, call: (exports: Capabilities[Name]) => T): T {
    return this.#run((exports) => call(capable(exports, name, this.model)));
  }

  #allocate(asked: number, call: (exports: ModelExports) => number): number {
    const pointer = this.#run(call);
    this.lastError = pointer === 0 && asked !== 0 ? this.#instance.failure() : null;
    return pointer;
  }

  // ---- The allocator ----

  malloc(bytes: number): number {
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, (exports) => exports.malloc(bytes));
  }

  calloc(count: number, size: number): number {
    checkWhole("count", count);
    checkWhole("size", size);
    return this.#allocate(count * size, (exports) => exports.calloc(count, size));
  }

  realloc(pointer: number, bytes: number): number {
    checkWhole("pointer", pointer);
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, (exports) => exports.realloc(pointer, bytes));
  }

  alignedAlloc(align: number, bytes: number): number {
    checkAlignment("align", align);
    checkWhole("bytes", bytes);
    return this.#allocate(bytes, (exports) => exports.aligned(align, bytes));
  }

  /** Frees a block. Does nothing for 0. @throws AllocatorAbort for misuse that the real allocator notices. */
  free(pointer: number): void {
    checkWhole("pointer", pointer);
    this.#run((exports) => exports.free(pointer));
  }

  usableSize(pointer: number): number {
    checkWhole("pointer", pointer);
    return this.#run((exports) => exports.usableSize(pointer));
  }

  trim(keep = 0): boolean {
    checkWhole("keep", keep);
    return this.#run((exports) => exports.trim(keep)) !== 0;
  }

  switchThread(number: number): void {
    checkRange("number", number, 1, MOST_THREADS);
    this.#run((exports) => exports.thread(number));
  }

  endThread(number: number): void {
    checkRange("number", number, 1, MOST_THREADS);
    this.#run((exports) => exports.endThread(number));
  }

  get clock(): number {
    return this.#run((exports) => exports.clock());
  }

  setClock(nanoseconds: number): void {
    checkRange("nanoseconds", nanoseconds, this.clock, Number.MAX_SAFE_INTEGER);
    this.#run((exports) => exports.setClock(nanoseconds));
  }

  get tellsThreads(): boolean {
    return this.#run((exports) => exports.tellsThreads()) !== 0;
  }

  // ---- The program's accesses ----

  load(address: number, width?: 1 | 2 | 4): number;
  load(address: number, width: 8): bigint;
  load(address: number, width: Width = 1): number | bigint {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    const value = this.#access((exports) => exports.read(address, width));
    return width === 8 ? BigInt.asUintN(64, value) : Number(value);
  }

  store(address: number, value: number | bigint, width: Width = 1): void {
    checkWhole("address", address);
    checkOneOf("width", width, WIDTHS);
    const whole = checkValue("value", value, width);
    this.#access((exports) => exports.write(address, width, whole));
  }

  read(address: number, bytes: number): Uint8Array {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    return this.#access((exports) => readBytes(exports, address, bytes));
  }

  write(address: number, bytes: Uint8Array): void {
    checkWhole("address", address);
    checkBytes("bytes", bytes);
    this.#access((exports) => writeBytes(exports, address, bytes));
  }

  isZero(address: number, bytes: number): boolean {
    return this.fillEnd(address, 0, bytes) === bytes;
  }

  fill(address: number, value: number, bytes: number): void {
    checkWhole("address", address);
    checkValue("value", value, 1);
    checkWhole("bytes", bytes);
    this.#access((exports) => exports.fill(address, value, bytes));
  }

  fillEnd(address: number, value: number, bytes: number): number {
    checkWhole("address", address);
    checkValue("value", value, 1);
    checkWhole("bytes", bytes);
    return this.#access((exports) => exports.fillEnd(address, value, bytes));
  }

  /**
   * Touches every page of a range without data. A write leaves the contents unknown, and costs no
   * host memory. @throws SegmentationFault
   */
  touch(address: number, bytes: number, access: "read" | "write" = "write"): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    checkOneOf("access", access, ["read", "write"]);
    this.#access((exports) => exports.touch(address, bytes, access === "write" ? 1 : 0));
  }

  // ---- Looking ----

  counters(): Counters {
    return this.#run((exports) => {
      const [inUse, system, cached] = [exports.inUse(), exports.system(), exports.cached()];
      return this.#instance.counters({ inUse, system, cached });
    });
  }

  snapshot(): Readonly<Counters> {
    return Object.freeze(this.counters());
  }

  profile(): ProfileNode {
    const { functions = [], layers } = findModel(this.model);
    return this.#run(() =>
      callTree(this.#instance.paths(), this.machine.kernel, functions, layers?.layer.calls),
    );
  }

  sites(): SiteEvents[] {
    return this.#run(({ siteRows, siteCount }) => {
      const at = siteRows();
      const words = this.#instance.words(at, siteCount() * SITE_FIELDS);
      return siteEvents(words, this.pageBytes);
    });
  }

  statistics(): Record<string, number> {
    const names = findModel(this.model).statistics ?? [];
    return this.#run(
      (exports) => Object.fromEntries(names.map((name, i) => [name, exports.statistic(i)])),
      "look",
    );
  }

  /**
   * What the model says of one of its parts, by number: for a text that the real allocator prints. Undefined if there
   * is no such part. @internal
   */
  figures(part: number): number[] | undefined {
    return this.#run((exports) => {
      const at = exports.figures(part);
      return at ? this.#instance.counted(at) : undefined;
    });
  }

  pages(address: number, bytes: number): PageRun[] {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    return this.#run(() => this.#instance.pages(address, bytes));
  }

  freeBlocks(address: number, bytes: number): FreeBlock[] {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    const lists = findModel(this.model).freeLists ?? [];
    const words = this.#instance.words.bind(this.#instance);
    return this.#run((exports) => freeBlocksIn(exports, words, lists, { address, bytes }), "look");
  }

  regions(): { address: number; bytes: number }[] {
    return this.#run(() => this.#instance.regions());
  }

  /** Walks the whole machine and compares it with its counters, which is slow. @throws SandboxError naming what is broken. */
  check(): void {
    this.#run(() => this.#instance.check(), "look");
  }

  /** The system calls after the first `from`, of which a check build logs the last. @internal */
  callsSince(from: number): LoggedCall[] {
    return this.#run(() => this.#instance.callsSince(from));
  }

  /** A digest of what memory holds, which touches nothing. Only in a check build. @internal */
  digest(address: number, bytes: number): bigint {
    return this.#run(() => this.#instance.digest(address, bytes));
  }

  // ---- Replaying ----

  async replay(trace: Trace, options: ReplayOptions = {}): Promise<ReplayResult> {
    this.#replayer.requireIdle();
    this.switchThread(1);
    try {
      return await this.#replayer.replay(trace, options);
    } finally {
      this.#followTrace();
    }
  }

  repeat(records: TraceChunk, times: number, touch: TouchPolicy = "none"): number {
    try {
      return this.#replayer.repeat(records, times, touch);
    } finally {
      this.#followTrace();
    }
  }

  /** After a trace that forked: if its process has ended, the sandbox is that which ran last. */
  #followTrace(): void {
    const running = this.#instance.noticeProcess();
    if (!this.#instance.hasProcess(this.#process)) this.#process = running;
  }

  // ---- Processes ----

  get process(): number {
    return this.#process;
  }

  fork(): Sandbox {
    // Not that of one that was killed: its sandbox may still be there.
    const killed = this.killed().map(({ process }) => process);
    let number = 2;
    while (this.#instance.hasProcess(number) || killed.includes(number)) number++;
    if (this.#run((exports) => exports.fork(number)) !== 0) {
      throw new SandboxError(
        this.machine.kernel === "linux"
          ? `the machine has ${number - 1} processes, and no room for more: close some`
          : NO_FORK,
      );
    }
    return new Sandbox(this.model, this.options, this.#instance, this.notes, number);
  }

  killed(): KilledProcess[] {
    this.#checkOpen();
    return this.#instance.killed();
  }

  advise(address: number, bytes: number, advice: Advice): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    checkOneOf("advice", advice, ADVICE);
    if (this.#run((exports) => exports.madvise(address, bytes, adviceNumber(advice))) === 0) return;
    throw new SandboxError(
      `madvise refuses ${advice} of ${bytes} bytes at ${address}: it takes whole pages, all of them mapped`,
    );
  }

  protect(address: number, bytes: number, protection: Protection): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    checkOneOf("protection", protection, PROTECTIONS);
    if (this.#run((exports) => exports.protect(address, bytes, PROTECTIONS.indexOf(protection))) === 0)
      return;
    throw new SandboxError(
      `mprotect refuses ${bytes} bytes at ${address}: it takes whole pages, all of them mapped, on Linux`,
    );
  }

  setSizes(): SetSizes {
    return this.#run((exports) => setSizes(this.#instance.counted(exports.holders()), this.pageBytes));
  }

  sharing(): SharingCounters {
    return this.#run(() => this.#instance.sharing());
  }

  // ---- Mapping ----

  map(bytes: number, { hint = 0, low = false }: MapOptions = {}): number {
    checkWhole("bytes", bytes);
    checkWhole("hint", hint);
    if (low && this.machine.kernel !== "linux") {
      throw new SandboxError("only Linux maps low memory: open the sandbox with the option kernel=linux");
    }
    return this.#allocate(bytes, (exports) =>
      capable(exports, "hasPlacement", this.model).mapMemory(hint, bytes, Number(low)),
    );
  }

  unmap(address: number, bytes: number): void {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    granted(
      "munmap",
      this.#runCapable("hasPlacement", (exports) => exports.unmap(address, bytes)),
    );
  }

  // ---- Huge pages ----

  hugePages(): HugePageCounters {
    return this.#runCapable("hasHugePages", (exports) => this.#instance.hugePages(exports));
  }

  press(): void {
    this.#runCapable("hasHugePages", (exports) => exports.press());
  }

  // ---- Files ----

  createFile(options: FileOptions): SimulatedFile {
    return makeFile((call) => this.#runCapable("hasFiles", call), options, this.machine);
  }

  files(): FileCounters {
    return this.#runCapable("hasFiles", () => this.#instance.files());
  }

  residentSets(): ResidentSets {
    const [file = 0, shared = 0] = this.#runCapable("hasFiles", (exports) =>
      this.#instance.words(exports.filePages(), 2),
    );
    const anonymous = this.setSizes().resident;
    return { anonymous, file: file * this.pageBytes, shared: shared * this.pageBytes };
  }

  send(address: number, bytes: number): number {
    checkWhole("address", address);
    checkWhole("bytes", bytes);
    return granted(
      "send",
      this.#runCapable("hasFiles", (exports) => exports.send(address, bytes)),
    );
  }

  dropCaches(): void {
    this.#runCapable("hasFiles", (exports) => exports.dropCaches());
  }

  readAhead(bytes: number): void {
    checkWhole("bytes", bytes);
    this.#runCapable("hasFiles", (exports) => exports.setReadahead(Math.floor(bytes / this.pageBytes)));
  }

  slots(): Float64Array {
    return this.#replayer.slots();
  }

  // ---- Going back ----

  checkpoint(): Checkpoint {
    return this.#run(() => ({ sandbox: this, state: this.#instance.save() }));
  }

  restore({ sandbox, state }: Checkpoint): void {
    if (sandbox !== this) throw new SandboxError("this is a checkpoint of another sandbox: use its own");
    this.#checkOpen();
    this.#instance.restore(state);
    this.#instance.noticeProcess();
    this.lastError = null;
  }

  close(): void {
    const instance = this.#instance;
    if (this.#open && this.#process !== 1 && !instance.ended && instance.hasProcess(this.#process)) {
      this.#run((exports) => exports.exit());
      instance.noticeProcess();
    }
    this.#open = false;
  }

  [DISPOSE](): void {
    this.close();
  }
}
