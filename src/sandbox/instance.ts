import { Counter, LAST_COUNTED } from "#shared/counters";
import { type Broken, Exception } from "#shared/failure";
import type { Counters } from "../allocator/counters.js";
import type { AllocationFailure } from "../allocator/failure.js";
import type { MachineSettings } from "../allocator/machine.js";
import type { PageRun } from "../allocator/pages.js";
import type { SlotLayout } from "../allocator/replayer.js";
import { ProcessKilled, SandboxError } from "../base/errors.js";
import { callsSince, checkExports, type LoggedCall } from "./call-log.js";
import { type CounterOf, countersOf, counterTable, type ModelGauges, NO_GAUGES } from "./counter-table.js";
import type { HugeExports, MachineExports } from "./exports.js";
import { BROKEN, isHalfDone, takeFailure, type Work } from "./failures.js";
import { type FileCounters, filesOf } from "./files.js";
import { type HugePageCounters, hasHugePages, hugePagesOf, useHugePages } from "./huge-pages.js";
import { load } from "./load.js";
import { foldState, KERNELS, MAP_ALIGNMENTS, pageRun, ZERO_PAGES } from "./machine.js";
import { hasPlacement, placeAndLimit } from "./placement.js";
import { type KilledProcess, killedOf, type SharingCounters, sharingOf } from "./processes.js";
import { errorOf, takeTrap } from "./traps.js";

/** The slots of a model: assembly/replay.ts. */
export const SLOT_LAYOUT: SlotLayout = { slotBytes: 8, pointerBytes: 8 };

/** A function on one call path, and its own events there: assembly/machine/paths.ts. */
export interface CallPath {
  /** Number of the function. */
  fn: number;
  /** Index of the caller's path in the list. The program is its own caller. */
  caller: number;
  calls: number;
  /** Its own events, without those of its callees. A gauge is the change that it made. */
  counters: Counters;
}

/** Prefix of the names that the build gives exported mutable globals: assembly/build/compile.mjs. */
export const GLOBAL_PREFIX = "global:";

/** The whole state of an instance at one moment. */
export interface InstanceState {
  memory: Uint8Array;
  /** By exported name. */
  globals: ReadonlyMap<string, number | bigint>;
}

/** Memory grows in units of this: core specification 4.2.8. */
const WASM_PAGE_BYTES = 65536;

export class Instance<Exports extends MachineExports> {
  private constructor(
    readonly exports: Exports,
    readonly machine: MachineSettings,
    readonly messages: readonly string[],
  ) {}

  /**
   * Instantiates a module. `configure` runs before it starts; counting begins after.
   * @throws SandboxError when the bytes are not a module of this library's.
   */
  static async open<Exports extends MachineExports>(
    source: WebAssembly.Module | BufferSource,
    machine: MachineSettings,
    messages: readonly string[] = [],
    configure: (exports: Exports) => void = () => {},
  ): Promise<Instance<Exports>> {
    const exports = await load<Exports>(source);
    configure(exports);
    if (machine.kernel === "linux" && hasPlacement(exports)) placeAndLimit(exports, machine);
    if (hasHugePages(exports)) useHugePages(exports, machine);
    const instance = new Instance(exports, machine, messages);
    try {
      exports.start(
        Math.log2(machine.pageBytes),
        KERNELS.indexOf(machine.kernel),
        machine.memoryBytes,
        machine.addressSpaceBytes,
        machine.maxMaps,
        MAP_ALIGNMENTS.indexOf(machine.mapAlignment),
        ZERO_PAGES.indexOf(machine.zeroPage),
      );
    } catch (error) {
      throw instance.explain(error);
    }
    exports.restartCounters();
    return instance;
  }

  /** Whether a trace is being replayed, by whichever of its processes. */
  isReplaying = false;

  // ---- Processes ----

  /** The process that ran when this was last asked for, which is the running one but in the middle of a replay. */
  #running = 1;

  /** Has a process run: before each call and access, so it is small. @throws SandboxError when it has ended; OutOfMemory of the host. */
  enter(process: number): void {
    if (process !== this.#running) this.switchTo(process);
  }

  private switchTo(process: number): void {
    if (!this.hasProcess(process)) {
      const killed = this.killed().find((one) => one.process === process);
      if (killed) throw new ProcessKilled(process, killed.residentBytes);
      throw new SandboxError(`process ${process} has ended: use another sandbox`);
    }
    try {
      this.exports.switchTo(process);
    } catch (error) {
      throw this.explain(error);
    }
    this.#running = process;
  }

  hasProcess(number: number): boolean {
    return this.exports.processAbove(number - 1) === number;
  }

  /** The processes that were killed when memory ended, in turn: the first 1,024. */
  killed(): KilledProcess[] {
    const { exports } = this;
    return hasPlacement(exports) ? killedOf(this.counted(exports.killNotes()), this.machine.pageBytes) : [];
  }

  /** Ends the running process if it was killed; the next one runs. Others that were killed have ended already. */
  private endKilled(process: number): void {
    if (this.exports.process() === process) this.exports.exit();
    this.noticeProcess();
  }

  /** Looks which process runs: a trace has run, or a checkpoint is restored. */
  noticeProcess(): number {
    this.#running = this.exports.process();
    return this.#running;
  }

  // ---- Reading ----

  private view(): DataView {
    return new DataView(this.exports.memory.buffer);
  }

  /** The table of counters at an address: the machine's, or a call path's. */
  private table(at = this.exports.counters()): CounterOf {
    return counterTable(this.view(), at);
  }

  /** The machine's counters, with `inUse`, `system` and `cached` from the model. */
  counters(model: ModelGauges): Counters {
    return countersOf(this.table(), this.machine.pageBytes, this.exports.calls(), model);
  }

  /** All call paths, the program's first, each after its caller's. */
  paths(): CallPath[] {
    return Array.from({ length: this.exports.pathCount() }, (_, path) => {
      const origin = this.exports.pathOrigin(path);
      const fn = origin >>> 16;
      const of = this.table(this.exports.pathCounters(path));
      const calls = of(Counter.Calls);
      const counters = countersOf(of, this.machine.pageBytes, fn <= LAST_COUNTED ? calls : 0, NO_GAUGES);
      return { fn, caller: origin & 0xffff, calls, counters };
    });
  }

  sharing(): SharingCounters {
    return sharingOf(this.table(), this.machine.pageBytes);
  }

  hugePages(exports: HugeExports): HugePageCounters {
    return hugePagesOf(this.table(), exports, this.machine.pageBytes);
  }

  files(): FileCounters {
    return filesOf(this.table(), this.machine.pageBytes);
  }

  /** Runs of pages in the same state that cover the range, in order of address. */
  pages(address: number, bytes: number): PageRun[] {
    return this.pageRuns(address, bytes, (bits) => foldState(bits)).map((run) =>
      pageRun(run.address, run.pages, run.bits, this.machine),
    );
  }

  /** Runs of pages whose state bytes are equal after `fold`. Bits that it hides do not separate pages. */
  pageRuns(address: number, bytes: number, fold: (bits: number) => number) {
    const page = this.machine.pageBytes;
    const end = Math.ceil((address + bytes) / page);
    const runs: { address: number; pages: number; bits: number }[] = [];
    for (let first = Math.floor(address / page); first < end; ) {
      const pages = this.exports.pageRun(first * page, end - first);
      const bits = fold(this.exports.pageState(first * page));
      const last = runs.at(-1);
      if (last?.bits === bits) last.pages += pages;
      else runs.push({ address: first * page, pages, bits });
      first += pages;
    }
    return runs;
  }

  /** The mapped ranges, in order of address. */
  regions(): { address: number; bytes: number }[] {
    const regions: { address: number; bytes: number }[] = [];
    for (let from = this.exports.regionFrom(0); from; ) {
      const end = this.exports.regionEnd(from);
      regions.push({ address: from, bytes: end - from });
      from = this.exports.regionFrom(end);
    }
    return regions;
  }

  /** @throws SandboxError naming the invariant that does not hold. */
  check(): void {
    const broken = this.exports.check();
    if (broken) throw new SandboxError(`the machine is inconsistent: ${BROKEN[broken as Broken] ?? broken}`);
  }

  /** The u64s at an address of its linear memory that the first of them counts. */
  counted(at: number): number[] {
    return this.words(at + 8, this.words(at, 1)[0] as number);
  }

  /** So many u64s at an address of its linear memory. */
  words(at: number, count: number): number[] {
    const view = this.view();
    return Array.from({ length: count }, (_, i) => Number(view.getBigUint64(at + 8 * i, true)));
  }

  // ---- Check builds ----

  /** What a check build logged after its first `from` calls. @throws SandboxError when the log no longer has all of it. */
  callsSince(from: number): LoggedCall[] {
    return callsSince(from, checkExports(this.exports), this.view());
  }

  /** A digest of what memory holds: assembly/check-abi.ts. */
  digest(address: number, bytes: number): bigint {
    return BigInt.asUintN(64, checkExports(this.exports).digest(address, bytes));
  }

  // ---- Checkpoints ----

  /** Mutable globals by exported name. */
  private *globals(): Generator<[string, WebAssembly.Global]> {
    for (const [name, value] of Object.entries(this.exports)) {
      if (name.startsWith(GLOBAL_PREFIX)) yield [name, value];
    }
  }

  /** Copies the state of the instance. */
  save(): InstanceState {
    const memory = new Uint8Array(this.exports.memory.buffer).slice();
    return { memory, globals: new Map([...this.globals()].map(([name, { value }]) => [name, value])) };
  }

  /** Restores the instance to a saved state. Memory that it got since then is cleared, and stays. */
  restore({ memory, globals }: InstanceState): void {
    const missing = memory.length - this.exports.memory.buffer.byteLength;
    if (missing > 0) this.exports.memory.grow(missing / WASM_PAGE_BYTES);
    const all = new Uint8Array(this.exports.memory.buffer);
    all.set(memory);
    all.fill(0, memory.length);
    for (const [name, global] of this.globals()) global.value = globals.get(name);
    this.ended = undefined;
  }

  // ---- Failures and exceptions ----

  /** Why the last call returned 0. */
  failure(): AllocationFailure {
    return takeFailure(this.view(), this.exports.failure());
  }

  /** Why nothing can be done with the machine any more, until a saved state is restored. */
  ended: string | undefined;

  /**
   * Turns a trap into the error it stands for. Returns any other error as it is. A trap in the middle of something leaves
   * the machine as no real one ever is, and ends it: the real process would be gone, too.
   */
  explain(error: unknown, work: Work = "changes"): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    const trap = takeTrap(this.view(), this.exports.failure());
    const told = errorOf(trap, this) ?? new SandboxError(`internal: ${error.message}`);
    if (trap.exception === Exception.Killed) this.endKilled(trap.detail);
    if (isHalfDone(trap, work)) this.ended = told.message;
    // The trap's stack says where in the module it was, with names in a debug build. Like any cause, not enumerable.
    return Object.defineProperty(told, "cause", { value: error, configurable: true, writable: true });
  }
}
