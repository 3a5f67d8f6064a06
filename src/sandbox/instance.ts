import { LOG_ARGUMENTS, LOG_CALLS, LogField } from "#shared/call-log";
import {
  Counter,
  LAST_COUNTED,
  SYSCALL_COUNTERS,
  Syscall as SyscallNumber,
  WALKED_COUNTERS,
} from "#shared/counters";
import { type Broken, Exception, type Failure, RecordField } from "#shared/failure";
import { Below } from "#shared/layer";
import { RecordKind } from "#shared/records";
import { brokenContract } from "../allocator/broken-contract.js";
import {
  ALL_SYSCALLS,
  type Counters,
  FAULT_KINDS,
  type FaultKind,
  type ProgramCall,
  SYSCALLS,
  type Syscall,
} from "../allocator/counters.js";
import type { AllocationFailure } from "../allocator/failure.js";
import type { MachineSettings } from "../allocator/machine.js";
import type { PageRun } from "../allocator/pages.js";
import type { SlotLayout } from "../allocator/replayer.js";
import { type NameOf, namesOf, recordOf } from "../base/enums.js";
import {
  AllocatorAbort,
  BusError,
  OutOfMemory,
  ProcessKilled,
  SandboxError,
  SegmentationFault,
  ZeropageError,
} from "../base/errors.js";
import type { CheckExports, HugeExports, MachineExports } from "./exports.js";
import { BROKEN, FAILURES, isHalfDone, REMEDIES, type Work } from "./failures.js";
import type { FileCounters } from "./files.js";
import { HUGE_PAGE_BYTES, type HugePageCounters, hasHugePages, useHugePages } from "./huge-pages.js";
import { load } from "./load.js";
import { foldState, KERNELS, MAP_ALIGNMENTS, pageRun, ZERO_PAGES } from "./machine.js";
import { hasPlacement, placeAndLimit } from "./placement.js";
import type { KilledProcess, SharingCounters } from "./processes.js";

/** What a layer calls below, as the log has it. */
type CallBelow = `${NameOf<typeof Below>} below`;

/**
 * A system call, or what a layer calls below, as the log of a check build has it: u64 each. Arguments that it does not
 * have are 0.
 */
export interface LoggedCall {
  name: Syscall | ProgramCall | CallBelow;
  arguments: bigint[];
  result: bigint;
}

/** The slots of a model: assembly/replay.ts. */
export const SLOT_LAYOUT: SlotLayout = { slotBytes: 8, pointerBytes: 8 };

/** By the numbers of the log. */
const LOGGED: readonly LoggedCall["name"][] = [
  ...ALL_SYSCALLS,
  ...namesOf(Below).map((name): CallBelow => `${name} below`),
];

/** The gauges that a model keeps itself, in bytes. */
type ModelGauges = Pick<Counters["bytes"], "inUse" | "system" | "cached">;
const NO_GAUGES: ModelGauges = { inUse: 0, system: 0, cached: 0 };

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

/** The counter of each kind of fault. */
const FAULT_COUNTERS: Record<FaultKind, Counter> = {
  zeroMap: Counter.ZeroMap,
  zeroFill: Counter.ZeroFill,
  copyOnWrite: Counter.CopyOnWrite,
};
const COUNTER_BYTES = 8;
/** Memory grows in units of this: core specification 4.2.8. */
const WASM_PAGE_BYTES = 65536;

/** Why nothing forks where the kernel is not Linux. */
export const NO_FORK = "the simulated Darwin does not fork: open the sandbox with the option kernel=linux";

const hex = (address: number): string => `0x${address.toString(16)}`;

export class Instance<Exports extends MachineExports> {
  private constructor(
    readonly exports: Exports,
    readonly machine: MachineSettings,
    private readonly messages: readonly string[],
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
    const words = hasPlacement(exports) ? this.counted(exports.killNotes()) : [];
    const killed: KilledProcess[] = [];
    for (let at = 0; at < words.length; at += 3) {
      const [process, pages, neededBy] = words.slice(at) as [number, number, number];
      killed.push({ process, residentBytes: pages * this.machine.pageBytes, neededBy });
    }
    return killed;
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

  /** The machine's counters, with `inUse`, `system` and `cached` from the model. */
  counters(model: ModelGauges): Counters {
    return this.countersAt(this.exports.counters(), this.exports.calls(), model);
  }

  /** All call paths, the program's first, each after its caller's. */
  paths(): CallPath[] {
    return Array.from({ length: this.exports.pathCount() }, (_, path) => {
      const origin = this.exports.pathOrigin(path);
      const fn = origin >>> 16;
      const at = this.exports.pathCounters(path);
      const calls = Number(this.view().getBigUint64(at + COUNTER_BYTES * Counter.Calls, true));
      const counters = this.countersAt(at, fn <= LAST_COUNTED ? calls : 0, NO_GAUGES);
      return { fn, caller: origin & 0xffff, calls, counters };
    });
  }

  /** Reads a table of counters from linear memory. Those of one path may be negative. */
  private countersAt(at: number, calls: number, model: ModelGauges): Counters {
    const view = this.view();
    const of = (counter: number) => Number(view.getBigInt64(at + COUNTER_BYTES * counter, true));
    const page = this.machine.pageBytes;
    const perSyscall = (first: number) => recordOf(SYSCALLS, (name) => of(first + SYSCALLS.indexOf(name)));
    return {
      calls,
      faults: {
        ...recordOf(FAULT_KINDS, (kind) => of(FAULT_COUNTERS[kind])),
        needless: of(Counter.ClearingFaults) - of(Counter.JustifiedFaults),
      },
      zeroed: {
        kernel: of(Counter.KernelZeroedPages) * page,
        allocator: of(Counter.AllocatorZeroedBytes),
        needless: of(Counter.NeedlesslyClearedPages) * page + of(Counter.NeedlesslyZeroedBytes),
      },
      syscalls: perSyscall(SYSCALL_COUNTERS),
      walked: perSyscall(WALKED_COUNTERS),
      touched: { read: of(Counter.TouchedRead), written: of(Counter.TouchedWritten) },
      bytes: {
        virtual: (of(Counter.MappedPages) - of(Counter.UnmappedPages)) * page,
        resident: (of(Counter.FramesTaken) - of(Counter.FramesGiven)) * page,
        peakResident: of(Counter.PeakResidentPages) * page,
        ...model,
      },
    };
  }

  /** What became of shared frames, in all processes. */
  sharing(): SharingCounters {
    const at = this.exports.counters();
    const view = this.view();
    const of = (counter: number) => Number(view.getBigInt64(at + COUNTER_BYTES * counter, true));
    const copies = of(Counter.CopyFaults);
    return {
      forks: of(SYSCALL_COUNTERS + SyscallNumber.Fork),
      forkedPages: of(Counter.ForkedPages),
      copies,
      reuses: of(Counter.ReuseFaults),
      copiedBytes: copies * this.machine.pageBytes,
    };
  }

  /** What became of huge pages. */
  hugePages(exports: HugeExports): HugePageCounters {
    const faults = this.exports.counters() + COUNTER_BYTES * Counter.HugeFaults;
    return {
      faults: Number(this.view().getBigInt64(faults, true)),
      mappedBytes: exports.hugeGroups() * HUGE_PAGE_BYTES,
      heldBytes: exports.heldPages() * this.machine.pageBytes,
    };
  }

  /** What became of files, and of mappings of them. */
  files(): FileCounters {
    const at = this.exports.counters();
    const view = this.view();
    const of = (counter: number) => Number(view.getBigInt64(at + COUNTER_BYTES * counter, true));
    const page = this.machine.pageBytes;
    return {
      faults: {
        map: of(Counter.FileMapFaults),
        copy: of(Counter.FileCopyFaults),
        makeWritable: of(Counter.MakeWritableFaults),
      },
      majorFaults: of(Counter.MajorFaults),
      mappedAround: of(Counter.MappedAround),
      cachedBytes: (of(Counter.PagesCached) - of(Counter.PagesUncached)) * page,
      diskReadBytes: of(Counter.DiskReadPages) * page,
      diskWrittenBytes: of(Counter.DiskWrittenPages) * page,
      copiedToUser: of(Counter.CopiedToUser),
      copiedFromUser: of(Counter.CopiedFromUser),
    };
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

  private checkExports(): CheckExports {
    const exports: Partial<CheckExports> & MachineExports = this.exports;
    const { callLog, callsLogged, digest } = exports;
    if (callLog && callsLogged && digest) return { callLog, callsLogged, digest };
    throw new SandboxError("only a check build logs calls and makes digests");
  }

  /**
   * The system calls after the first `from`.
   * @throws SandboxError when some of them are no longer in the log.
   */
  callsSince(from: number): LoggedCall[] {
    const exports = this.checkExports();
    const count = exports.callsLogged() - from;
    if (count > LOG_CALLS) throw new SandboxError(`the log holds ${LOG_CALLS} calls, not ${count}`);
    const view = this.view();
    return Array.from({ length: count }, (_, i) => {
      const at = exports.callLog() + LogField.End * ((from + i) % LOG_CALLS);
      const word = (field: number) => view.getBigUint64(at + field, true);
      return {
        name: LOGGED[Number(word(LogField.Call))] as LoggedCall["name"],
        arguments: Array.from({ length: LOG_ARGUMENTS }, (_, n) => word(LogField.Arguments + 8 * n)),
        result: word(LogField.Result),
      };
    });
  }

  /** A digest of what memory holds: assembly/check-abi.ts. */
  digest(address: number, bytes: number): bigint {
    return BigInt.asUintN(64, this.checkExports().digest(address, bytes));
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
    const view = this.view();
    const at = this.exports.failure();
    const kind = FAILURES[Number(view.getBigUint64(at + RecordField.Failure, true)) as Failure] ?? "argument";
    const requested = view.getBigUint64(at + RecordField.Requested, true);
    const available = Number(view.getBigUint64(at + RecordField.Available, true));
    view.setBigUint64(at + RecordField.Failure, 0n, true);
    const bytes = requested === 2n ** 64n - 1n ? Number.POSITIVE_INFINITY : Number(requested);
    return { kind, requested: bytes, available, remedy: REMEDIES[kind] };
  }

  /** Why nothing can be done with the machine any more, until a saved state is restored. */
  ended: string | undefined;

  /**
   * Turns a trap into the error it stands for. Returns any other error as it is. A trap in the middle of something leaves
   * the machine as no real one ever is, and ends it: the real process would be gone, too.
   */
  explain(error: unknown, work: Work = "changes"): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    const view = this.view();
    const at = this.exports.failure();
    const exception: Exception = Number(view.getBigUint64(at + RecordField.Exception, true));
    const detail = Number(view.getBigUint64(at + RecordField.Detail, true));
    const address = view.getBigUint64(at + RecordField.Address, true);
    const looked = view.getBigUint64(at + RecordField.Looked, true) !== 0n;
    view.setBigUint64(at + RecordField.Exception, 0n, true);
    const told =
      this.exceptionFor(exception, detail, address) ?? new SandboxError(`internal: ${error.message}`);
    if (exception === Exception.Killed) this.endKilled(detail);
    if (isHalfDone(exception, work, looked)) this.ended = told.message;
    // The trap's stack says where in the module it was, with names in a debug build. Like any cause, not enumerable.
    return Object.defineProperty(told, "cause", { value: error, configurable: true, writable: true });
  }

  private exceptionFor(exception: Exception, detail: number, word: bigint) {
    const address = Number(word);
    switch (exception) {
      case Exception.SegmentationFault:
        return this.segmentationFault(detail & 1 ? "write" : "read", address, detail > 1);
      case Exception.BusError: {
        const access = detail ? "write" : "read";
        return new BusError(
          `${access} beyond the end of the file mapped at ${hex(address)}`,
          address,
          access,
        );
      }
      case Exception.OutOfMemory:
        return new OutOfMemory(
          `out of physical memory: a touch needed ${address} more bytes, and the machine has ${this.machine.memoryBytes}; raise the option memory`,
        );
      case Exception.Killed:
        return new ProcessKilled(detail, address);
      case Exception.HostOutOfMemory:
        return new OutOfMemory(
          "the host gives the sandbox no more memory: store less, or touch without data",
        );
      case Exception.AllocatorAbort:
        return new AllocatorAbort(`${this.messages[detail] ?? "allocator abort"}: ${hex(address)}`, address);
      case Exception.BrokenInvariant:
        return new SandboxError(`internal: ${this.assertion(detail, word)}`);
      case Exception.BadOperation:
        if (detail === RecordKind.Fork && this.machine.kernel !== "linux") return new ZeropageError(NO_FORK);
        return new ZeropageError(`a trace record is invalid: kind ${detail}, value ${address}`);
      case Exception.Overwritten:
        return new SandboxError(brokenContract.overwritten(address, detail));
      case Exception.NotZero:
        return new SandboxError(brokenContract.notZero(address, detail));
      case Exception.Misaligned:
        return new SandboxError(brokenContract.misaligned(address, detail));
      case Exception.Overflowed:
        return new SandboxError(brokenContract.overflowed(address, 64));
      case Exception.None:
        return undefined;
    }
  }

  /** The text of an assertion that failed in a check build: `assertionFailed` in assembly/machine/failure.ts. */
  private assertion(line: number, texts: bigint): string {
    const message = this.text(Number(texts >> 32n)) || "an assertion does not hold";
    return `${message} (${this.text(Number(texts & 0xffffffffn))}:${line})`;
  }

  /** An AssemblyScript string: UTF-16, after its length in bytes. Empty at address 0. */
  private text(at: number): string {
    if (!at) return "";
    const { buffer } = this.exports.memory;
    const bytes = this.view().getUint32(at - 4, true);
    return String.fromCharCode(...new Uint16Array(buffer, at, bytes / 2));
  }

  private segmentationFault(
    access: "read" | "write",
    address: number,
    isProtected: boolean,
  ): SegmentationFault {
    if (isProtected) {
      return new SegmentationFault(`${access} of protected address ${hex(address)}`, address, access);
    }
    const below = this.exports.regionBelow(address);
    const above = this.exports.regionFrom(address);
    const near = [
      below ? `mapped below up to ${hex(below)}` : "nothing mapped below",
      above
        ? `mapped above from ${hex(above)} to ${hex(this.exports.regionEnd(above))}`
        : "nothing mapped above",
    ];
    return new SegmentationFault(
      `${access} of unmapped address ${hex(address)} (${near.join("; ")})`,
      address,
      access,
    );
  }
}
