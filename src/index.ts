export { formatBytes, formatCount, parseBytes } from "./bytes.js";
export { type Counters, SYSCALLS, type Syscall, subtract } from "./counters.js";
export {
  type AllocationFailure,
  AllocatorAbort,
  OptionError,
  OutOfMemory,
  SandboxError,
  SegmentationFault,
  TraceError,
  ZeropageError,
} from "./errors.js";
export {
  type KernelKind,
  machineOptions,
  type OptionInfo,
  PAGE_STATES,
  type PageRun,
  type PageState,
} from "./machine.js";
export { mallocStats } from "./malloc-stats.js";
export { type ModelInfo, models } from "./models.js";
export type { Options } from "./options.js";
export type {
  Cliff,
  CliffsResult,
  CostKind,
  CurvePoint,
  IterationCost,
  LoopCost,
  OptionValues,
  Parameters,
  Report,
  Result,
} from "./report/results.js";
export {
  type Checkpoint,
  type OpenOptions,
  openSandbox,
  type ReplayOptions,
  type ReplayResult,
  Sandbox,
  type SandboxOptions,
  TOUCH_POLICIES,
  type TouchPolicy,
  type Width,
} from "./sandbox.js";
export { type CallocLoopRun, runCallocLoop } from "./scenarios/calloc-loop.js";
export { type CliffsRun, findCliffs } from "./scenarios/cliffs.js";
export { replayTrace, type TraceRun } from "./scenarios/replay-trace.js";
export type { TimelinePoint } from "./timeline.js";
export { type CollectedTrace, collectTrace } from "./trace/collect.js";
export { type ReadTraceOptions, readTrace } from "./trace/read.js";
export { OpKind, RECORD_BYTES, type Trace, type TraceChunk, type TraceNotes } from "./trace/trace.js";
export { writeTrace } from "./trace/write.js";
