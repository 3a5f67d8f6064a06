import type { Trace } from "../../trace/trace.js";
import type { DrivenBy } from "./driven.js";
import { removeHooks, withHooks } from "./hooks.js";
import type { Idle } from "./idle.js";
import type { Log } from "./log.js";
import { loggedBy, type RecorderExports, type Zeroed } from "./recorder.js";
import type { HookPlace } from "./rewrite.js";

/** A function of an allocator that is recorded. */
export interface RecordedFunction {
  /** What it does: malloc, free, … */
  role: string;
  name: string;
  /** Its number in the module, imported functions counted. */
  index: number;
}

/** What an instance of a recorded module asked of its allocator, and touched. */
export class Recording {
  /** @internal */
  constructor(
    private readonly place: HookPlace,
    private readonly log: Log,
    /** What is recorded. */
    readonly functions: readonly RecordedFunction[],
    /**
     * How a replay drives the same allocator, with functions that the module does not export by their numbers:
     * `openWasmAllocator(original, { ...recording.drivenBy })`. Null where no functions of one convention allocate and free.
     */
    readonly drivenBy: DrivenBy | null,
    private readonly recorder: RecorderExports,
    private readonly knowsClearing: boolean,
  ) {}

  /**
   * What the allocator cleared so far, and how much of that was zero already. In bytes. Null where that is not known: the
   * module has no `memory.fill`, and its memset has no name.
   */
  get zeroed(): Zeroed | null {
    if (!this.knowsClearing) return null;
    return loggedBy(this.recorder).zeroed;
  }

  /**
   * Pages that were written and in which no block is live any more: what WebAssembly's memory.discard, which is a proposal,
   * would give back. In bytes; what the allocator itself keeps in them is not known.
   */
  get idle(): Idle {
    this.log.take();
    return this.log.idle;
  }

  /** Operations so far. */
  get operations(): number {
    this.log.take();
    return this.log.operations;
  }

  /**
   * All operations so far, again whenever it is called. What is live is not freed in it. Where chunks are taken by
   * `onChunk`, it has none, and the last chunk is handed over now.
   * @throws what `onChunk` threw.
   */
  trace(): Trace {
    return this.log.trace();
  }

  /** The imports with what the module imports besides, for an object that inherits nothing from Object. */
  imports(imports: WebAssembly.Imports = {}): WebAssembly.Imports {
    return withHooks(imports);
  }

  /** Ends the recording. The module goes on as it is; the trace stays. */
  end(): void {
    this.log.take();
    this.recorder.stop();
    removeHooks(this.place);
  }
}
