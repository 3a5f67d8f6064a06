/** What an allocator is to whoever uses it: a model on a simulated machine, or a wasm module in its own memory. */
import type { DISPOSE } from "../base/disposable.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import type { TouchPolicy, Width } from "./access.js";
import type { Options } from "./choice.js";
import type { Counters } from "./counters.js";
import type { AllocationFailure } from "./failure.js";
import type { MachineSettings } from "./machine.js";
import type { PageRun } from "./pages.js";
import type { ReplayOptions, ReplayResult } from "./replay.js";

/**
 * Sizes and addresses are bytes; every method throws RangeError for one that cannot be, before anything
 * happens, and SandboxError once the allocator is closed. After an error everything is as before, but that the call and
 * what it looked at may be counted; or the machine has ended, and says so with a SandboxError at each call: after OutOfMemory
 * in a call of the allocator, and after AllocatorAbort and SegmentationFault where it had changed something before.
 */
export interface Allocator {
  // ---- What it is ----

  /** Its name. */
  readonly model: string;
  /** As given. */
  readonly options: Options;
  /** The simulated machine it runs on; null for one that really runs, whose time is the host's. */
  readonly machine: MachineSettings | null;
  /** Bytes of the pages that `counters` and `pages` count. */
  readonly pageBytes: number;
  /** Where addresses end. */
  readonly addressLimit: number;
  /** Sentences about what is odd about it, and how sure it is. */
  readonly notes: readonly string[];
  /** Whether it keeps what threads have apart, or they have nothing of their own. If not, they share the caches of one. */
  readonly tellsThreads: boolean;
  /** Host memory it takes, in bytes: that of its wasm instance, which only grows. */
  readonly hostBytes: number;

  // ---- The functions of the C library ----

  /** Why the last allocating call returned 0; null if it did not. */
  readonly lastError: AllocationFailure | null;
  /** Returns the address of `bytes` bytes, or 0 (see `lastError`). */
  malloc(bytes: number): number;
  /** Returns the address of `count * size` zeroed bytes, or 0 (see `lastError`), also when the product overflows. */
  calloc(count: number, size: number): number;
  /**
   * Resizes a block, perhaps moving it. Returns its address, or 0 and keeps the block (see `lastError`).
   * @throws AllocatorAbort if the pointer is not one the allocator knows.
   */
  realloc(pointer: number, bytes: number): number;
  /** Returns the address of `bytes` bytes on a multiple of `align`, a power of two; or 0 (see `lastError`). */
  alignedAlloc(align: number, bytes: number): number;
  /** Frees a block; nothing for 0. @throws AllocatorAbort on misuse that is noticed. */
  free(pointer: number): void;
  /** Bytes that may be used at a pointer; 0 for 0. @throws AllocatorAbort if the allocator does not know it. */
  usableSize(pointer: number): number;

  // ---- The program's accesses ----

  /** Loads an unsigned integer, little-endian. @throws SegmentationFault */
  load(address: number, width?: 1 | 2 | 4): number;
  /** Loads an unsigned integer of eight bytes, little-endian. @throws SegmentationFault */
  load(address: number, width: 8): bigint;
  /** Stores an unsigned integer, little-endian. @throws SegmentationFault */
  store(address: number, value: number | bigint, width?: Width): void;
  /** Loads the bytes of a range, as a copy of its own. @throws SegmentationFault */
  read(address: number, bytes: number): Uint8Array;
  /** Stores bytes, all or none. @throws SegmentationFault */
  write(address: number, bytes: Uint8Array): void;
  /** Whether every byte of a range is 0. Loads it up to the first that is not. @throws SegmentationFault */
  isZero(address: number, bytes: number): boolean;
  /** Sets a range to a byte value. @throws SegmentationFault */
  fill(address: number, value: number, bytes: number): void;
  /**
   * Reads a range until a byte is not `value`. Returns the offset of that byte; `bytes` if there is none.
   * @throws SegmentationFault
   */
  fillEnd(address: number, value: number, bytes: number): number;
  /** Touches every page of a range, by default with a write of unknown content. @throws SegmentationFault */
  touch(address: number, bytes: number, access?: "read" | "write"): void;

  // ---- Looking ----

  /** Everything counted since it was opened; NaN for what is not measured. */
  counters(): Counters;
  /** The counters of this moment, to keep: `subtract(later, earlier)` says what happened between two. */
  snapshot(): Readonly<Counters>;
  /** The allocator's own statistics, in the real one's words; empty if it has none. */
  statistics(): Record<string, number>;
  /** What the pages of a range are, as runs of alike ones in order of address. @throws SandboxError if that is not known. */
  pages(address: number, bytes: number): PageRun[];
  /** The address of the object in each slot of the operations replayed so far; 0 for a slot without one. */
  slots(): Float64Array;
  /** Looks for what is broken. Slow. @throws an error that names it. */
  check(): void;

  // ---- Replaying ----

  /**
   * Runs a trace. The loop is in wasm and host memory stays constant, however long the trace.
   * @throws TraceError from the trace; and from the run what a call of the allocator throws, naming the operation.
   */
  replay(trace: Trace, options?: ReplayOptions): Promise<ReplayResult>;
  /** Runs a few records (trace/records.ts) `times` over, all in one call. Returns how many allocations failed. */
  repeat(records: TraceChunk, times: number, touch?: TouchPolicy): number;

  /** Ends it; every later call throws SandboxError. */
  close(): void;
  /** Closes it at the end of the block: `using sandbox = await openSandbox("glibc")`. */
  [DISPOSE](): void;
}
