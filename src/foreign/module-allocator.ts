import type { Allocator } from "../allocator/allocator.js";
import type { ReplayOptions, ReplayResult } from "../allocator/replay.js";
import type { Trace } from "../trace/trace.js";
import type { Provision } from "./provisions.js";

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

/** How a module ran out of memory. */
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

/**
 * A wasm module's own allocator, which really runs, in a linear memory. One that traps, gives up or breaks
 * its contract throws ModuleTrap, and is of no use from then on.
 */
export interface ModuleAllocator extends Allocator {
  readonly machine: null;
  /** What the module turned out to be; `notes` are its findings. */
  readonly report: AllocatorReport;
  /** The module's own instance, for what else it exports. Calls made through it are not counted. */
  readonly instance: WebAssembly.Instance;
  /** Operations of all replays done, also when the last trapped. */
  readonly operations: number;
  /**
   * How replays ran out of memory; null if every allocation got what it asked for. A module that trapped counts only
   * if a meter saw its growth refused in the same chunk, which has at most 4096 operations.
   */
  readonly exhaustion: Exhaustion | null;
  replay(trace: Trace, options?: ReplayOptions): Promise<ReplayResult>;
}
