import { isModule } from "../../src/allocator/choice.js";
import type { Environment, Output } from "../../src/cli/environment.js";
import type { Catalogue, Library, OptionInfo } from "../../src/cli/library.js";
import { runCommandLine } from "../../src/cli/program.js";
import type { Outcome } from "../../src/conformance.js";
import type { Calibration } from "../../src/costs/calibrate.js";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { macos2016 } from "../../src/costs/macos-2016.js";
import type { findCrossover, runCallocFix } from "../../src/experiments/calloc-fixes/run.js";
import type { runFork } from "../../src/experiments/fork/run.js";
import type { runIdleZeroing } from "../../src/experiments/idle-zeroing/run.js";
import type { runIterContent } from "../../src/experiments/iter-content/run.js";
import type { FuzzFailure } from "../../src/fuzz/fuzz.js";
import type { JailLimits, Scenarios } from "../../src/jail/scenarios.js";
import type { RecordedProgram, Recording } from "../../src/record/native/record.js";
import { traceOf } from "../../src/trace/collect.js";
import { TraceEncoder } from "../../src/trace/encode.js";
import type { Trace, TraceChunk } from "../../src/trace/trace.js";
import { fakeProfile } from "../profile/fakes.js";
import { fakeCliffs, fakeFix, fakeReading, fakeResult, fakeTimeline } from "../results/fakes.js";
import { fakeSites } from "../results/sites.js";

/** A stream that keeps what is written to it. */
export interface Captured extends Output {
  text: string;
}

export function captured(terminal: Pick<Output, "isTTY" | "columns"> = {}): Captured {
  return {
    ...terminal,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

const zeroing: OptionInfo = {
  name: "zeroing",
  summary: "what calloc zeroes of a cached block",
  values: ["always", "dirty"],
  default: "always",
};

const memory: OptionInfo = {
  name: "memory",
  summary: "memory the limit of the reserve is taken from",
  unit: "bytes",
  default: 16 * 2 ** 30,
};

/** Two models, as small as shows every kind of option. */
export const catalogue: Catalogue = {
  models: [
    { name: "lazy", summary: "Always fresh from the kernel.", kernel: "linux", options: [] },
    {
      name: "libmalloc",
      summary: "The large path of macOS 10.12.",
      kernel: "darwin",
      options: [zeroing, memory, { name: "slots", summary: "blocks the cache holds", default: 16 }],
      sureness: { 116: "read, and never run" },
    },
  ],
  machineOptions: [
    {
      name: "pageSize",
      summary: "bytes of a page",
      values: ["4KiB", "16KiB", "64KiB"],
      unit: "bytes",
      default: 4096,
    },
    { name: "kernel", summary: "kernel to imitate", values: ["linux", "darwin"], default: "the model's own" },
  ],
};

/** What the fake library was asked to run, in order. */
export type Asked = Record<string, unknown>[];

export const fakeJailResult = {
  ...{ operations: 7000, failedAllocations: 0, timeline: [], marks: [], memoryBytes: 65_536 },
  report: { convention: "c", functions: {}, started: [], findings: [] },
};
const fakeModule = { convention: "c", functions: {}, started: [], findings: ["it is odd"] };

/** One of each kind. */
export const fakeOutcomes: Outcome[] = [
  { name: "calloc-fresh", promise: "it is zero", state: "composed" },
  { name: "no-overlap", promise: "blocks are apart", state: "pass" },
  {
    ...{ name: "two-large", promise: "memory stays", issue: "https://example.org/106", state: "fail" },
    ...{ seen: "it took 1 < 2 bytes", calls: ["malloc(8) = 0x10", "free(0x10)"] },
  } as const,
  { name: "high-addresses", promise: "4 GiB", state: "skip", reason: "its memory ends before 2 GiB" },
];

const fakeFuzzing = { programs: 12, operations: 3456, failedAllocations: 7, memoryBytes: 33 * 2 ** 20 };

const fakeFailure: FuzzFailure = {
  seed: 99,
  seen: "operation 2: calloc returned 0x10, which is not zero at offset 3",
  program: [
    { do: "malloc", object: 0, bytes: 24 },
    { do: "calloc", object: 1, count: 3, bytes: 8 },
  ],
  trace: "a 0 24\nc 1 3 8\n",
  ...{ steps: 1234, tries: 56, minimal: true },
};

/** What experiments run. */
interface FakeFunctions extends Scenarios {
  runIterContent: typeof runIterContent;
  runCallocFix: typeof runCallocFix;
  findCrossover: typeof findCrossover;
}

/** What may be replaced of it, and of what is never fake otherwise. */
export type Overrides = Partial<
  Library & FakeFunctions & { runFork: typeof runFork; runIdleZeroing: typeof runIdleZeroing }
>;

/** Of a module they note what it may take. */
function fakeFunctions(asked: Asked, limits: JailLimits): FakeFunctions {
  const note = (run: { model: string }) => asked.push(isModule(run.model) ? { ...run, ...limits } : run);
  return {
    async runCallocLoop({ onProgress, ...run }) {
      note(run);
      onProgress?.(run.count / 2, run.count);
      const { options = {}, bytes, count, written } = run;
      const result = fakeResult({ allocator: run.model, hostSeconds: 0.25, cost: "constant" });
      return { ...result, options: options as Record<string, string>, parameters: { bytes, count, written } };
    },
    async findCliffs({ onProgress, ...run }) {
      note(run);
      onProgress?.(80, 160);
      return { ...fakeCliffs(run.model, 130_048), options: (run.options ?? {}) as Record<string, string> };
    },
    async replayTrace({ onProgress, onResults, trace: _, ...run }) {
      note(run);
      onProgress?.(50);
      for (const [addresses, chunk] of fakeChunks()) onResults?.(addresses, chunk);
      const { points } = fakeTimeline(run.model);
      return { result: fakeResult({ allocator: run.model, hostSeconds: 0.5 }), timeline: [...points] };
    },
    async runIterContent({ onProgress, ...run }) {
      asked.push(run);
      onProgress?.(500, 6400);
      const { way, chunk, body } = run;
      return { ...fakeReading({ way, chunk, allocator: run.model }), body };
    },
    async runCallocFix(run) {
      asked.push({ ...run });
      return fakeFix(run.model, run.shares, run.bytes);
    },
    async findCrossover(run) {
      asked.push({ ...run });
      return run.other.model === "lazy" ? { pages: 100, share: 0.25, cheaperAbove: "one" } : undefined;
    },
  };
}

/** A library whose runs give the same figures on every host. What is in `overrides` it does instead. */
export function fakeLibrary(asked: Asked, overrides: Overrides = {}): Library {
  return {
    ...catalogue,
    functionsOf: async ({ functions }, limits) =>
      Object.assign({}, functions, fakeFunctions(asked, limits), overrides),
    async readTrace(source) {
      const text: string[] = [];
      for await (const chunk of source as AsyncIterable<Uint8Array>)
        text.push(new TextDecoder().decode(chunk));
      const notes = { format: "text" as const, losses: [`${text.join("").length} bytes lost`] };
      return { notes, async *[Symbol.asyncIterator]() {} } satisfies Trace;
    },
    async checkModule(wasm, { onCase, ...options } = {}) {
      asked.push({ bytes: (wasm as Uint8Array).length, ...options });
      onCase?.("calloc-fresh", 0, 3);
      return { module: fakeModule, outcomes: fakeOutcomes, passed: false };
    },
    async replayInJail(wasm, _trace, options) {
      asked.push({ bytes: (wasm as Uint8Array).length, replayed: options });
      return fakeJailResult;
    },
    async fuzzModule(wasm, { goesOn: _, onProgress, signal: __, ...options } = {}) {
      asked.push({ bytes: (wasm as Uint8Array).length, ...options });
      onProgress?.({ programs: 1, operations: 50 });
      return { ...fakeFuzzing, seed: options.seed ?? 0, failure: fakeFailure, module: fakeModule };
    },
    async fuzzModel(model, settings, { goesOn: _, onProgress: __, signal: ___, ...options } = {}) {
      asked.push({ model, settings, ...options });
      return { ...fakeFuzzing, seed: options.seed ?? 0 };
    },
    async profileCallocLoop({ options = {}, ...run }) {
      asked.push({ options, ...run });
      return { allocator: run.model, options: {}, costs: run.costs ?? macos2016, root: fakeProfile };
    },
    async profileTrace({ trace: _, options = {}, ...run }) {
      asked.push({ options, ...run });
      return { allocator: run.model, options: {}, costs: run.costs ?? linuxVm, root: fakeProfile };
    },
    async profileSites({ trace: _, options = {}, ...run }) {
      asked.push({ options, ...run });
      return {
        allocator: run.model,
        options: {},
        costs: (run.costs ?? linuxVm).name,
        failedAllocations: 0,
        sites: fakeSites,
      };
    },
    async recordProgram(command, options) {
      asked.push({ command, ...options, env: {} });
      return fakeRecording();
    },
    async calibrate(settings) {
      asked.push({ ...settings });
      return fakeCalibration(settings.name);
    },
    ...overrides,
  };
}

/** A program of two operations, which started another. */
function fakeRecording(): Recording {
  const [, second] = [...fakeChunks()].map(([, chunk]) => chunk);
  const program = (name: string, isMain: boolean): RecordedProgram => ({
    ...{ process: isMain ? 7 : 8, name, isMain },
    count: async () => 2,
    open: async () => traceOf([second as TraceChunk], { format: "text", losses: ["one byte lost"] }),
  });
  return {
    ...{
      ...{ recorder: "a fake", by: "preload" },
      ended: { process: 7, exitCode: 5 },
      ...{ onlyForked: 1, isCut: true },
      notes: ["a record is damaged"],
    },
    programs: [program("main", true), program("child", false)],
    close: async () => {},
  };
}

function fakeCalibration(name: string): Calibration {
  const evidence: Calibration["evidence"] = [
    { figure: "fault.zeroMap", how: "measured", ns: 612.3, spread: 0.0512, rounds: 15 },
    { figure: "fault.zeroFill", how: "assumed", ns: 3360, why: "32 faults, though 16384 pages were touched" },
  ];
  return { ...linuxVm, name, source: "a made-up host", evidence };
}

/** Two chunks, the second in two pieces, and what was returned: an allocation of each kind, and all else. */
function* fakeChunks(): Generator<[number[], TraceChunk]> {
  const first = new TraceEncoder();
  first.malloc(0, 16);
  first.calloc(1, 2, 8);
  first.aligned(2, 64, 16);
  first.write(0, 0, 8);
  first.read(0, 0, 8);
  yield [[0x1000, 2 ** 46 + 16, 0, 0, 0], first.take()];
  first.realloc(0, 32);
  first.free(0);
  const second = first.take();
  yield [[0x2000], second];
  yield [[0], second];
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  asked: Asked;
}

export interface FakeWorld {
  library?: Overrides;
  stdin?: readonly string[];
  env?: Environment["env"];
  stdout?: Captured;
  stderr?: Captured;
  page?: Environment["page"];
}

/** A page there is none of. */
export const NO_PAGE: Environment["page"] = {
  folder: new URL("./no-page/", import.meta.url),
  untilStopped: async () => {},
};

/** Runs the command line on a fake library, and returns all that came of it. */
export async function run(argv: readonly string[], world: FakeWorld = {}): Promise<Ran> {
  const { stdout = captured(), stderr = captured(), env = {}, page = NO_PAGE } = world;
  const asked: Asked = [];
  const library = fakeLibrary(asked, world.library);
  const stdin = streamOf(world.stdin ?? []);
  const code = await runCommandLine(argv, { stdout, stderr, stdin, env, version: "1.2.3", library, page });
  return { code, stdout: stdout.text, stderr: stderr.text, asked };
}

/** A stream that can be read once. */
export async function* streamOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}
