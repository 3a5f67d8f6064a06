/** Observes a model as the oracle observes the real allocator. */

import type { TouchPolicy } from "../../src/allocator/access.js";
import { totalFaults } from "../../src/allocator/counters.js";
import { openSandbox, type Sandbox } from "../../src/sandbox/sandbox.js";
import { bytesAsked, OpKind, RECORD_BYTES, sliceRecords, TraceRecords } from "../../src/trace/records.js";
import type { Trace } from "../../src/trace/trace.js";
import {
  type Checkpoint,
  FAILED,
  MALLINFO,
  type Mallinfo,
  mappedPlace,
  type Observation,
} from "./observation.js";

/** assembly/machine/layout.ts: LINUX_HEAP_START. The heap is below MAPPINGS_FROM, mappings are above. */
const HEAP_START = 0x555555560000;
const MAPPINGS_FROM = 0x600000000000;
const PAGE = 4096;
const MOST_RECORDS = 4096;
/** Smallest request that may be given a mapping of its own: the default threshold less a page. */
const LEAST_MAPPED = 124 * 1024;

/** The parameters of glibc's malloc, by the model's names. */
export interface GlibcOptions {
  mmapThreshold?: number;
  trimThreshold?: number;
  topPad?: number;
  mmapMax?: number;
  perturb?: number;
  tcacheCount?: number;
}

const VARIABLES: Record<keyof GlibcOptions, (value: number) => [string, string]> = {
  mmapThreshold: (value) => ["MALLOC_MMAP_THRESHOLD_", `${value}`],
  trimThreshold: (value) => ["MALLOC_TRIM_THRESHOLD_", `${value}`],
  topPad: (value) => ["MALLOC_TOP_PAD_", `${value}`],
  mmapMax: (value) => ["MALLOC_MMAP_MAX_", `${value}`],
  perturb: (value) => ["MALLOC_PERTURB_", `${value}`],
  tcacheCount: (value) => ["GLIBC_TUNABLES", `glibc.malloc.tcache_count=${value}`],
};

/** The environment that gives the real allocator these parameters. */
export function environmentOf(options: GlibcOptions): Record<string, string> {
  const names = Object.keys(options) as (keyof GlibcOptions)[];
  return Object.fromEntries(names.map((name) => VARIABLES[name](options[name] as number)));
}

export interface ModelRun {
  records: Uint8Array;
  touch?: TouchPolicy;
  interval?: number;
  options?: GlibcOptions;
  /** Default `glibc`. */
  model?: string;
  check?: boolean;
}

/** Runs the model in a sandbox of its own. If it throws, the observation is that of the operations before. */
export async function observeModel(run: ModelRun): Promise<Observation> {
  const { model = "glibc", options = {}, touch = "none", check = false } = run;
  const sandbox = await openSandbox(model, { ...options, check });
  const observer = new Observer(sandbox, run);
  try {
    await sandbox.replay(observer.trace(), { touch, onResults: (addresses) => observer.note(addresses) });
  } catch (error) {
    return { ...observer.observation(), failure: String(error) };
  }
  observer.finish();
  return observer.observation();
}

/** Cuts a trace where something has to be looked at in between, which is after checkpoints and what may be mapped. */
class Observer {
  readonly #count: number;
  readonly #records: TraceRecords;
  readonly #places: Float64Array;
  readonly #held: number[] = [];
  readonly #checkpoints: Checkpoint[] = [];
  readonly #interval: number;
  readonly #leastMapped: number;
  readonly #callsBefore: Record<string, number>;
  #usable: number[] = [];
  #done = 0;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly run: ModelRun,
  ) {
    const { records, interval, options } = run;
    this.#count = records.length / RECORD_BYTES;
    this.#records = new TraceRecords(records);
    this.#places = new Float64Array(this.#count);
    this.#interval = interval ?? Number.POSITIVE_INFINITY;
    this.#leastMapped = Math.min(LEAST_MAPPED, (options?.mmapThreshold ?? LEAST_MAPPED) - PAGE);
    this.#callsBefore = this.#calls();
  }

  trace(): Trace {
    const pieces = this.#pieces();
    return { notes: { format: "text", losses: [] }, [Symbol.asyncIterator]: () => pieces };
  }

  finish(): void {
    if (this.#checkpoints.at(-1)?.operations !== this.#count) this.#checkpoint();
    this.#usable = Array.from(this.#held, (pointer) => (pointer ? this.sandbox.usableSize(pointer) : 0));
  }

  observation(): Observation {
    const places = this.#places.subarray(0, this.#done);
    return { places, checkpoints: this.#checkpoints, usable: this.#usable };
  }

  async *#pieces() {
    while (this.#done < this.#count) {
      const end = this.#pieceEnd(this.#done);
      const records = sliceRecords(this.run.records, this.#done, end);
      yield { records, count: end - this.#done };
    }
  }

  #pieceEnd(start: number): number {
    const untilCheckpoint = this.#interval - (start % this.#interval);
    const most = Math.min(this.#count, start + MOST_RECORDS, start + untilCheckpoint);
    for (let at = start; at < most; at++) if (this.#mayBeMapped(at)) return at + 1;
    return most;
  }

  #mayBeMapped(operation: number): boolean {
    const { kind, slot, bytes, align } = this.#operation(operation);
    if (kind > OpKind.realloc) return false;
    const isMapped = kind === OpKind.realloc && (this.#held[slot] ?? 0) >= MAPPINGS_FROM;
    return isMapped || bytes + align >= this.#leastMapped;
  }

  #operation(operation: number): { kind: number; slot: number; bytes: number; align: number } {
    const { kind, slot, first, second } = this.#records.read(operation);
    const align = kind === OpKind.aligned ? first : 0;
    return { kind, slot, bytes: bytesAsked(kind, first, second), align };
  }

  /** Takes the addresses of the piece that just ran. */
  note(addresses: number[]): void {
    const last = addresses.length - 1;
    for (const [i, address] of addresses.entries()) this.#noteOne(address, i === last);
    if (this.#done % this.#interval === 0) this.#checkpoint();
  }

  #noteOne(address: number, isLast: boolean): void {
    const { kind, slot, bytes } = this.#operation(this.#done);
    if (kind === OpKind.free) this.#held[slot] = 0;
    else if (kind <= OpKind.realloc) {
      // Only realloc to nothing returns 0 without having failed.
      const hasFailed = address === 0 && !(kind === OpKind.realloc && bytes === 0);
      if (!(hasFailed && kind === OpKind.realloc)) this.#held[slot] = address;
      this.#places[this.#done] = hasFailed ? FAILED : this.#place(address, isLast);
    }
    this.#done++;
  }

  #place(address: number, isLast: boolean): number {
    if (address === 0) return 0;
    if (address < MAPPINGS_FROM) return address - HEAP_START;
    // Where none was expected to be mapped, it is too late to ask: the block may be gone again.
    return mappedPlace(isLast ? this.sandbox.usableSize(address) : 0, address % PAGE);
  }

  #checkpoint(): void {
    this.sandbox.check();
    const { faults, bytes } = this.sandbox.counters();
    const calls = this.#calls();
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
  #calls(): Record<string, number> {
    const calls: Record<string, number> = {};
    for (const [name, count] of Object.entries(this.sandbox.counters().syscalls)) {
      const real = name.replace(/^madvise.*/, "madvise");
      calls[real] = (calls[real] ?? 0) + count;
    }
    return calls;
  }
}

/** The fields of mallinfo2 among the model's statistics. */
function mallinfoOf(sandbox: Sandbox): Mallinfo {
  const statistics = sandbox.statistics();
  return Object.fromEntries(MALLINFO.map((name) => [name, statistics[name]])) as unknown as Mallinfo;
}
