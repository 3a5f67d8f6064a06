/**
 * The entry `zeropage`: sandboxes of models, wasm allocators, traces, experiments and simulated time.
 *
 * @module zeropage
 */
export type { RecordKind } from "#shared/records";
export { TOUCH_POLICIES, type TouchPolicy, type Width } from "./allocator/access.js";
export type { Allocator } from "./allocator/allocator.js";
export { type BuiltInModule, builtInModules } from "./allocator/built-in.js";
export type { Options } from "./allocator/choice.js";
export { type Counters, type FaultKind, SYSCALLS, type Syscall, subtract } from "./allocator/counters.js";
export type { AllocationFailure } from "./allocator/failure.js";
export type {
  HugePagesKind,
  ImageKind,
  KernelKind,
  LayoutKind,
  LinuxSettings,
  MachineSettings,
  OomKind,
  OvercommitKind,
} from "./allocator/machine.js";
export type { Mark } from "./allocator/marks.js";
export { PAGE_STATES, type PageRun, type PageState } from "./allocator/pages.js";
export type { ReplayOptions, ReplayResult } from "./allocator/replay.js";
export { threadsNote } from "./allocator/threads.js";
export type { TimelinePoint } from "./allocator/timeline.js";
export { formatBytes, formatCount, parseBytes } from "./base/bytes.js";
export {
  AllocatorAbort,
  BusError,
  CostError,
  FileError,
  LimitExceeded,
  ModuleError,
  ModuleTrap,
  OptionError,
  OutOfMemory,
  ProcessError,
  ProcessKilled,
  SandboxError,
  SegmentationFault,
  TraceError,
  type TraceProcess,
  UnknownImport,
  ZeropageError,
} from "./base/errors.js";
export { type FileSource, type Locate, locateFiles, type OwnFile } from "./base/own-file.js";
export type { Ratio } from "./base/statistics.js";
export { parseCostProfile } from "./costs/parse.js";
export type { CostFigures, CostProfile } from "./costs/profile.js";
export { costProfiles, defaultCosts } from "./costs/profiles.js";
export { type SharingTime, sharingTime } from "./costs/sharing.js";
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
export { type CinnabarRun, runCinnabar } from "./experiments/cinnabar/run.js";
export { cinnabarTrace } from "./experiments/cinnabar/trace.js";
export { type CinnabarWorkload, cinnabarWorkload } from "./experiments/cinnabar/workload.js";
export { type CliffsRun, findCliffs } from "./experiments/cliffs/find.js";
export { type ForkRun, runFork } from "./experiments/fork/run.js";
export { type HugeRun, runHuge } from "./experiments/huge/run.js";
export { type IdleZeroingRun, idleZeroing, runIdleZeroing } from "./experiments/idle-zeroing/run.js";
export {
  clearBuffer,
  type IterContentRun,
  runIterContent,
  TLS_RECORD_BYTES,
} from "./experiments/iter-content/run.js";
export { type LuajitRun, runLuajit } from "./experiments/luajit/run.js";
export type { Opener } from "./experiments/open.js";
export type { Pattern } from "./experiments/pattern/pattern.js";
export {
  type PatternPreset,
  type PublishedFigures,
  patternPresets,
} from "./experiments/pattern/presets.js";
export { patternTrace } from "./experiments/pattern/trace.js";
export {
  type CallocLoopProfileRun,
  type Profiled,
  profileCallocLoop,
  profileTrace,
  type TraceProfileRun,
} from "./experiments/profile/run.js";
export { type ProfiledSites, profileSites } from "./experiments/profile/sites.js";
export { replayTrace, type TraceRun } from "./experiments/replay/run.js";
export { runServeFile, type ServeFileRun } from "./experiments/serve-file/run.js";
export type { PageUse } from "./experiments/sockets/balancing.js";
export { balancePage, runSockets, type SocketsRun } from "./experiments/sockets/run.js";
export type { Convention, FunctionNames } from "./foreign/conventions.js";
export type { ModuleHost } from "./foreign/imports.js";
export type { AllocatorReport, Exhaustion, ModuleAllocator } from "./foreign/module-allocator.js";
export { openWasmAllocator, type WasmOptions, type WasmSource } from "./foreign/open.js";
export type { Provision } from "./foreign/provisions.js";
export { WasmAllocator } from "./foreign/wasm-allocator.js";
export { collapsedStacks } from "./profile/collapsed.js";
export type { SampleType } from "./profile/measures.js";
export { sampleText } from "./profile/sample-text.js";
export { type SpeedscopeFile, type SpeedscopeProfile, speedscopeFile } from "./profile/speedscope.js";
export { type Stack, stacksOf } from "./profile/stacks.js";
export type { DrivenBy } from "./record/module/driven.js";
export type { RecordedNames } from "./record/module/find.js";
export type { Idle } from "./record/module/idle.js";
export { type Recorded, type RecordOptions, recordModule } from "./record/module/record.js";
export type { Zeroed } from "./record/module/recorder.js";
export { type RecordedFunction, Recording } from "./record/module/recording.js";
export type { CallocFix, CallocFixesReport, Crossover, NamedCrossover } from "./results/calloc-fixes.js";
export type {
  CinnabarChange,
  CinnabarMoment,
  CinnabarPoint,
  CinnabarReport,
  CinnabarResult,
} from "./results/cinnabar.js";
export type { Bands, Cliff, CliffsResult, CurvePoint, SizeRange } from "./results/cliffs.js";
export type {
  ForkEvents,
  ForkLoad,
  ForkProgram,
  ForkReport,
  ForkResult,
  PythonObject,
} from "./results/fork.js";
export { type HugeReport, type HugeResult, TOUCHERS, type Toucher } from "./results/huge.js";
export type { IdleZeroingPoint, IdleZeroingReport, IdleZeroingResult } from "./results/idle-zeroing.js";
export type { BufferWay, IterContentReport, IterContentResult } from "./results/iter-content.js";
export type { CostKind, IterationCost, LoopCost } from "./results/loop.js";
export type { LuajitPoint, LuajitReport, LuajitResult } from "./results/luajit.js";
export type { ComparedFigures, PatternReport } from "./results/pattern.js";
export type { OptionValues, Parameters, Report, Result } from "./results/run.js";
export {
  SERVE_WAYS,
  type ServeFileReport,
  type ServeFileResult,
  type ServeRound,
  type ServeWay,
} from "./results/serve-file.js";
export type { Amount, SitesReport, SiteUse } from "./results/sites.js";
export type {
  BalancedPage,
  PageMigrations,
  SocketsKernel,
  SocketsLoad,
  SocketsMachine,
  SocketsMoves,
  SocketsPoint,
  SocketsReport,
  SocketsResult,
} from "./results/sockets.js";
export type {
  TuneEnd,
  TuneFigures,
  TuneGoal,
  TuneProof,
  TuneRatios,
  TuneRealFigures,
  TuneRealRun,
  TuneRecommendation,
  TuneReport,
  TuneResult,
  TuneVariation,
  TuneWay,
} from "./results/tune.js";
export type { ModuleFigures, ModuleTuneReport, ModuleTuneResult } from "./results/tune-modules.js";
export type { Advice, Protection } from "./sandbox/advice.js";
export type { ProfileNode } from "./sandbox/call-tree.js";
export type {
  FileCounters,
  FileMapping,
  FileOptions,
  ResidentSets,
  SimulatedFile,
} from "./sandbox/files.js";
export type { FreeBlock } from "./sandbox/free-blocks.js";
export type { HugePageCounters } from "./sandbox/huge-pages.js";
export { machineOptions, type OptionInfo } from "./sandbox/machine.js";
export { mallocInfo } from "./sandbox/malloc-info.js";
export { mallocStats } from "./sandbox/malloc-stats.js";
export type {
  HugePagesOptions,
  MachineOptions,
  ModelName,
  ModelOptions,
  PlacementOptions,
} from "./sandbox/model-options.js";
export { type LayerInfo, type ModelInfo, models } from "./sandbox/models.js";
export {
  type AnyOptions,
  type OpenOptions,
  openModel,
  openSandbox,
  type SandboxOptions,
} from "./sandbox/open.js";
export type { KilledProcess, SetSizes, SharingCounters } from "./sandbox/processes.js";
export { Sandbox } from "./sandbox/sandbox.js";
export type { Checkpoint, MapOptions, SimulatedAllocator } from "./sandbox/simulated.js";
export type { SiteEvents } from "./sandbox/site-events.js";
export type { Sureness } from "./sandbox/sureness.js";
export { type CollectedTrace, collectTrace } from "./trace/collect.js";
export type { ReadingOptions, TraceFormat, TraceHead, TraceReading } from "./trace/format.js";
export { type TraceFormatName, traceFormats } from "./trace/formats.js";
export { generateTrace } from "./trace/generate.js";
export { type ReadTraceOptions, readTrace } from "./trace/read.js";
export {
  bytesAsked,
  type Operation,
  OpKind,
  RECORD_BYTES,
  sliceRecords,
  TraceRecords,
} from "./trace/records.js";
export type { TraceSource } from "./trace/source.js";
export type { Trace, TraceChunk, TraceNotes } from "./trace/trace.js";
export { parseWorkload, type Workload, type WorkloadPreset, workloadPresets } from "./trace/workload.js";
export { writeTrace } from "./trace/write.js";
export type { Candidate, Conditions, Evaluation, NamedTrace } from "./tune/evaluate.js";
export { type TuneEvaluator, type TuneJob, type TuneRun, tune } from "./tune/tune.js";
export { tuneSentences } from "./tune/words.js";
