/** Observes a model as the oracle observes the real allocator. */

import { Place } from "#shared/kernel";
import type { TouchPolicy } from "../../src/allocator/access.js";
import type { Options } from "../../src/allocator/choice.js";
import { totalFaults } from "../../src/allocator/counters.js";
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import type { LoggedCall } from "../../src/sandbox/call-log.js";
import { hasArenas } from "../../src/sandbox/glibc-figures.js";
import { mallocInfo } from "../../src/sandbox/malloc-info.js";
import { mallocStats } from "../../src/sandbox/malloc-stats.js";
import { openModel } from "../../src/sandbox/open.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { bytesAsked, OpKind, RECORD_BYTES, sliceRecords, TraceRecords } from "../../src/trace/records.js";
import type { Trace } from "../../src/trace/trace.js";
import { onRenewed } from "../renewed.js";
import type { SystemCall } from "./calls.js";
import {
  type Checkpoint,
  FAILED,
  MALLINFO,
  type Mallinfo,
  MODEL_SPACE,
  type Observation,
  placeOf,
  type Space,
} from "./observation.js";

const PAGE = 4096;
/** Few enough that the log holds all their system calls (assembly/machine/call-log.ts). */
const MOST_RECORDS = 128;

/** The parameters of glibc's malloc, by the model's names. */
export interface GlibcOptions {
  mmapThreshold?: number;
  trimThreshold?: number;
  topPad?: number;
  mmapMax?: number;
  perturb?: number;
  tcacheCount?: number;
  mxfast?: number;
  tcacheMax?: number;
  tcacheUnsortedLimit?: number;
  arenaMax?: number;
  arenaTest?: number;
  /** Online CPUs. The real one looks for itself. */
  cpus?: number;
  /** The release of glibc. */
  version?: string;
  /** Of the layer pymalloc: where arenas come from. The real one has no other option. */
  arenas?: "mmap" | "malloc" | "none";
}

/** By the names of the counters. */
const ADVICE: Record<string, bigint> = { madviseDontneed: 4n, madviseFree: 8n, madviseNohugepage: 15n };

const VARIABLES: Record<
  Exclude<keyof GlibcOptions, "version" | "cpus" | "arenas">,
  (value: number) => [string, string]
> = {
  mmapThreshold: (value) => ["MALLOC_MMAP_THRESHOLD_", `${value}`],
  trimThreshold: (value) => ["MALLOC_TRIM_THRESHOLD_", `${value}`],
  topPad: (value) => ["MALLOC_TOP_PAD_", `${value}`],
  mmapMax: (value) => ["MALLOC_MMAP_MAX_", `${value}`],
  perturb: (value) => ["MALLOC_PERTURB_", `${value}`],
  tcacheCount: (value) => ["GLIBC_TUNABLES", `glibc.malloc.tcache_count=${value}`],
  mxfast: (value) => ["GLIBC_TUNABLES", `glibc.malloc.mxfast=${value}`],
  tcacheMax: (value) => ["GLIBC_TUNABLES", `glibc.malloc.tcache_max=${value}`],
  tcacheUnsortedLimit: (value) => ["GLIBC_TUNABLES", `glibc.malloc.tcache_unsorted_limit=${value}`],
  arenaMax: (value) => ["MALLOC_ARENA_MAX", `${value}`],
  arenaTest: (value) => ["MALLOC_ARENA_TEST", `${value}`],
};

/** The environment that gives the real allocator these parameters. */
export function environmentOf({
  version: _,
  cpus: __,
  arenas,
  ...options
}: GlibcOptions): Record<string, string> {
  const names = Object.keys(options) as (keyof typeof options)[];
  const variables = names.map((name) => VARIABLES[name](options[name] as number));
  const isTunable = ([name]: [string, string]) => name === "GLIBC_TUNABLES";
  const tunables = variables.filter(isTunable).map(([, value]) => value);
  return {
    ...Object.fromEntries(variables.filter((variable) => !isTunable(variable))),
    ...(tunables.length > 0 && { GLIBC_TUNABLES: tunables.join(":") }),
    ...(arenas && { ORACLE_ARENAS: arenas }),
  };
}

export interface ModelRun {
  records: Uint8Array;
  touch?: TouchPolicy;
  interval?: number;
  options?: GlibcOptions | Options;
  /** Default `glibc`. */
  model?: string;
  /** That of the kernel which it is compared with; default `shared`. */
  zeroPage?: ZeroPageKind;
  check?: boolean;
  /** Counts the faults of each operation, which takes longer. */
  countsFaults?: boolean;
  /** Asks for malloc_stats at the end, and for malloc_info of a model that has it. */
  tells?: boolean;
}

export interface ModelObservation extends Observation {
  /** The system calls, of a check build. */
  calls?: SystemCall[];
  /** The model's own statistics at the end, in the order of their numbers. */
  statistics?: number[];
}

/** Operations of a trace that leaves a sandbox small. */
const SHORT = 5000;

/** Runs the model in a sandbox that is as new. If it throws, the observation is that of the operations before. */
export async function observeModel(run: ModelRun): Promise<ModelObservation> {
  const { model = "glibc", options = {}, zeroPage = "shared", check = false } = run;
  const settings = { ...options, zeroPage, check };
  // What has grown large is not kept.
  if (run.records.length > SHORT * RECORD_BYTES) return observe(await openModel(model, settings), run);
  return onRenewed(model, settings, (sandbox) => observe(sandbox, run));
}

async function observe(sandbox: Sandbox, run: ModelRun): Promise<ModelObservation> {
  const { model = "glibc", touch = "none" } = run;
  const observer = new Observer(sandbox, run);
  try {
    await sandbox.replay(observer.trace(), { touch, onResults: (addresses) => observer.note(addresses) });
  } catch (error) {
    return { ...observer.observation(), failure: String(error) };
  }
  observer.finish();
  const text = run.tells
    ? { text: mallocStats(sandbox) + (hasArenas(model) ? mallocInfo(sandbox) : "") }
    : {};
  return { ...observer.observation(), ...text };
}

/** Whether the real allocator says how large a block is. Python does not. */
const saysSizes = ({ model = "glibc" }: ModelRun) => !model.includes("/");

/** Where the model has its memory. */
const spaceOf = ({ options = {} }: ModelRun): Space =>
  "heapStart" in options ? { ...MODEL_SPACE, heapStart: Number(options.heapStart) } : MODEL_SPACE;

/** Cuts a trace where something has to be looked at in between, which is at checkpoints. */
class Observer {
  readonly #count: number;
  readonly #records: TraceRecords;
  readonly #places: Float64Array;
  readonly #faults: Float64Array;
  #faultsBefore = 0;
  readonly #held: number[] = [];
  readonly #checkpoints: Checkpoint[] = [];
  readonly #interval: number;
  readonly #callsBefore: Record<string, number>;
  readonly #calls: SystemCall[] = [];
  readonly #logged: number;
  #usable: number[] = [];
  #statistics: number[] = [];
  readonly #space: Space;
  #done = 0;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly run: ModelRun,
  ) {
    const { records, interval } = run;
    this.#count = records.length / RECORD_BYTES;
    this.#records = new TraceRecords(records);
    this.#places = new Float64Array(this.#count);
    this.#faults = new Float64Array(this.#count);
    this.#interval = interval ?? Number.POSITIVE_INFINITY;
    this.#space = spaceOf(run);
    this.#callsBefore = this.#counts();
    this.#logged = run.check ? sandbox.callsSince(0).length : 0;
  }

  trace(): Trace {
    const pieces = this.#pieces();
    return { notes: { format: "text", losses: [] }, [Symbol.asyncIterator]: () => pieces };
  }

  finish(): void {
    if (this.#checkpoints.at(-1)?.operations !== this.#count) this.#checkpoint();
    this.#statistics = Object.values(this.sandbox.statistics());
    const sizeOf = (pointer: number) => (pointer ? this.sandbox.usableSize(pointer) : 0);
    this.#usable = saysSizes(this.run) ? Array.from(this.#held, sizeOf) : [];
  }

  observation(): ModelObservation {
    const places = this.#places.subarray(0, this.#done);
    return {
      ...{ space: this.#space, places, checkpoints: this.#checkpoints, usable: this.#usable },
      statistics: this.#statistics,
      ...(this.run.check && { calls: this.#calls }),
      ...(this.run.countsFaults && { faults: this.#faults.subarray(0, this.#done) }),
    };
  }

  async *#pieces() {
    while (this.#done < this.#count) {
      const end = this.#pieceEnd(this.#done);
      const records = sliceRecords(this.run.records, this.#done, end);
      yield { records, count: end - this.#done };
    }
  }

  #pieceEnd(start: number): number {
    if (this.run.countsFaults) return start + 1;
    const untilCheckpoint = this.#interval - (start % this.#interval);
    const most = Math.min(this.#count, start + MOST_RECORDS, start + untilCheckpoint);
    let end = start + 1;
    while (end < most && !this.#isMark(end - 1)) end++;
    return end;
  }

  #isMark(operation: number): boolean {
    return this.#records.kind(operation) === OpKind.mark;
  }

  #operation(operation: number): { kind: number; slot: number; bytes: number } {
    const { kind, slot, first, second } = this.#records.read(operation);
    return { kind, slot, bytes: bytesAsked(kind, first, second) };
  }

  /** Takes the addresses of the piece that just ran. */
  note(addresses: number[]): void {
    for (const address of addresses) this.#noteOne(address);
    if (this.run.check) this.#noteCalls();
    if (this.run.countsFaults) this.#noteFaults();
    if (this.#done % this.#interval === 0 || this.#isMark(this.#done - 1)) this.#checkpoint();
  }

  #noteFaults(): void {
    const faults = totalFaults(this.sandbox.counters().faults);
    this.#faults[this.#done - 1] = faults - this.#faultsBefore;
    this.#faultsBefore = faults;
  }

  #noteOne(address: number): void {
    const { kind, slot, bytes } = this.#operation(this.#done);
    if (kind === OpKind.free) this.#held[slot] = 0;
    else if (kind <= OpKind.realloc) {
      // Only realloc of a block to nothing returns 0 without having failed.
      const hasFreed = kind === OpKind.realloc && bytes === 0 && this.#held[slot];
      const hasFailed = address === 0 && !hasFreed;
      if (!(hasFailed && kind === OpKind.realloc)) this.#held[slot] = address;
      this.#places[this.#done] = hasFailed ? FAILED : placeOf(address, this.#space);
    }
    this.#done++;
  }

  #noteCalls(): void {
    const calls = this.sandbox.callsSince(this.#logged + this.#calls.length);
    this.#calls.push(...calls.map(realCall));
  }

  #checkpoint(): void {
    this.sandbox.check();
    const { faults, bytes } = this.sandbox.counters();
    const calls = this.#counts();
    for (const [name, count] of Object.entries(this.#callsBefore)) calls[name] = (calls[name] ?? 0) - count;
    this.#checkpoints.push({
      operations: this.#done,
      mallinfo: mallinfoOf(this.sandbox),
      faults: totalFaults(faults),
      resident: bytes.resident / PAGE,
      calls,
    });
  }

  /** System calls by the names that the kernel has for them. */
  #counts(): Record<string, number> {
    const calls: Record<string, number> = {};
    for (const [name, count] of Object.entries(this.sandbox.counters().syscalls)) {
      const real = name.replace(/^madvise.*/, "madvise");
      calls[real] = (calls[real] ?? 0) + count;
    }
    return calls;
  }
}

/** A call of the simulated kernel as it would be one of the real kernel. */
function realCall({ name, arguments: words, result }: LoggedCall): SystemCall {
  const signed = BigInt.asIntN(64, result);
  const [first, second, third] = words as [bigint, bigint, bigint];
  if (name === "mmap") {
    const protection = third === BigInt(Place.Reserved) ? 0n : 3n; // no access, or to be read and written
    return { name, arguments: [first, second, protection, 34n], result };
  }
  if (name === "mprotect") return { name, arguments: [first, second, 3n], result: signed };
  const advice = ADVICE[name];
  if (advice === undefined) return { name, arguments: words, result: signed };
  return { name: "madvise", arguments: [first, second, advice], result: signed };
}

/** The fields of mallinfo2 among the model's statistics; zeros for one that has none. */
function mallinfoOf(sandbox: Sandbox): Mallinfo {
  const statistics = sandbox.statistics();
  return Object.fromEntries(MALLINFO.map((name) => [name, statistics[name] ?? 0])) as unknown as Mallinfo;
}
