export { type Counters, SYSCALLS, type Syscall, subtract } from "./allocator/counters.js";
export type { TimelinePoint } from "./allocator/timeline.js";
export { formatBytes, formatCount, parseBytes } from "./base/bytes.js";
export {
  type AllocationFailure,
  AllocatorAbort,
  CostError,
  LimitExceeded,
  ModuleError,
  ModuleTrap,
  OptionError,
  OutOfMemory,
  SandboxError,
  SegmentationFault,
  TraceError,
  ZeropageError,
} from "./base/errors.js";
export { parseCostProfile } from "./costs/parse.js";
export type { CostFigures, CostProfile } from "./costs/profile.js";
export { costProfiles, defaultCosts } from "./costs/profiles.js";
export { type Events, type SimulatedTime, simulatedTime, type TimeParts } from "./costs/simulate.js";
export {
  type CallocFixRun,
  type CrossoverRun,
  findCrossover,
  runCallocFix,
} from "./experiments/calloc-fixes/run.js";
export {
  type CallocLoopRun,
  type CostKindRun,
  findCostKind,
  runCallocLoop,
} from "./experiments/calloc-loop/run.js";
export { type CliffsRun, findCliffs } from "./experiments/cliffs/find.js";
export {
  clearBuffer,
  type IterContentRun,
  runIterContent,
  TLS_RECORD_BYTES,
} from "./experiments/iter-content/run.js";
export {
  type CallocLoopProfileRun,
  type Profiled,
  profileCallocLoop,
  profileTrace,
  type TraceProfileRun,
} from "./experiments/profile/run.js";
export { replayTrace, type TraceRun } from "./experiments/replay/run.js";
export type { Convention, FunctionNames } from "./foreign/conventions.js";
export { openWasmAllocator, type WasmOptions, type WasmSource } from "./foreign/open.js";
export type { Provision } from "./foreign/provisions.js";
export type { Exhaustion, WasmReplayOptions } from "./foreign/replayer.js";
export { type AllocatorReport, WasmAllocator } from "./foreign/wasm-allocator.js";
export { collapsedStacks } from "./profile/collapsed.js";
export { sampleText } from "./profile/sample-text.js";
export { type SpeedscopeFile, type SpeedscopeProfile, speedscopeFile } from "./profile/speedscope.js";
export { type Stack, stacksOf } from "./profile/stacks.js";
export type { CallocFix, CallocFixesReport, Crossover } from "./results/calloc-fixes.js";
export type { Cliff, CliffsResult, CurvePoint } from "./results/cliffs.js";
export type { BufferWay, IterContentReport, IterContentResult } from "./results/iter-content.js";
export type { CostKind, IterationCost, LoopCost } from "./results/loop.js";
export type { OptionValues, Parameters, Report, Result } from "./results/run.js";
export type { ProfileNode } from "./sandbox/call-tree.js";
export {
  type KernelKind,
  machineOptions,
  type OptionInfo,
  PAGE_STATES,
  type PageRun,
  type PageState,
} from "./sandbox/machine.js";
export { mallocStats } from "./sandbox/malloc-stats.js";
export { type ModelInfo, models } from "./sandbox/models.js";
export type { Options } from "./sandbox/options.js";
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
} from "./sandbox/sandbox.js";
export { type CollectedTrace, collectTrace } from "./trace/collect.js";
export { type ReadTraceOptions, readTrace } from "./trace/read.js";
export { OpKind, RECORD_BYTES, type Trace, type TraceChunk, type TraceNotes } from "./trace/trace.js";
export { writeTrace } from "./trace/write.js";
