import type { TraceChunk } from "../trace/trace.js";
import type { TouchPolicy } from "./access.js";
import type { Mark } from "./marks.js";
import type { TimelinePoint } from "./timeline.js";

/** How a trace is replayed. */
export interface ReplayOptions {
  /** What the program touches of each object. Default `none`. */
  touch?: TouchPolicy;
  /**
   * Fills every object with a pattern, and looks for it again: finds blocks that overlap, a realloc that loses bytes, and a
   * calloc that is not zero, and throws what they break: ModuleTrap of a module, SandboxError of a model. Default false.
   */
  verify?: boolean;
  /** Keeps at most so many points of the timeline; 0, the default, keeps none. */
  timelinePoints?: number;
  /** Keeps a point after every so many operations instead, however many that makes. */
  timelineEvery?: number;
  /** Called after each chunk with the operations done so far. */
  onProgress?: (operations: number) => void;
  /** Called at each mark of the trace, when the allocator can be looked at. */
  onMark?: (mark: Mark) => void;
  /** Called after each chunk with the address each of its operations returned; 0 for those that allocate nothing. */
  onResults?: (addresses: number[], chunk: TraceChunk) => void;
}

/** What a replay came to. */
export interface ReplayResult {
  /** How many were replayed. */
  operations: number;
  /** Allocations that returned 0 though something was asked for; the trace went on without them. */
  failedAllocations: number;
  /** Evenly spread over the operations; empty unless points were asked for. */
  timeline: TimelinePoint[];
  /** What there was at the marks of the trace, in its order. */
  marks: Mark[];
}
