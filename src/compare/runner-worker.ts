/** The Worker of one allocator and one trace. It does a round, or counts, when asked. */
import { parentPort, workerData } from "node:worker_threads";
import { PAGE_BYTES } from "#shared/meter";
import type { TouchPolicy } from "../allocator/access.js";
import { ModuleTrap, UnknownImport } from "../base/errors.js";
import type { Exhaustion } from "../foreign/module-allocator.js";
import { openWasmAllocator, type WasmOptions } from "../foreign/open.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import { traceOf } from "../trace/collect.js";
import { sliceRecords } from "../trace/records.js";
import type { Trace } from "../trace/trace.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import { type JavaScriptLoop, javaScriptLoop, kindsOf } from "./javascript-loop.js";
import { callTimesOf, clockCost } from "./latency.js";
import { countMetered } from "./metered.js";
import type { BenchCounts, Clock, Latency } from "./record.js";
import type { Answer, Question, Round, RunnerJob, Times } from "./runner.js";

const { wasm, records, count, peakLiveBytes, options, passes, latencyRuns, touch, roomBytes } =
  workerData as RunnerJob;

/** The trace, in chunks that end before each of the given operations, and at its end. */
function traceIn(...ends: number[]): Trace {
  const starts = [0, ...ends];
  return traceOf(
    [...ends, count].map((to, i) => {
      const from = starts[i] as number;
      return { records: sliceRecords(records, from, to), count: to - from };
    }),
  );
}

/** Of the block that shows where the heap is. */
const FIRST_BYTES = 16;

const whole = traceIn();

async function open(more: WasmOptions = {}): Promise<WasmAllocator> {
  const allocator = await openWasmAllocator(wasm, { ...options, ...more });
  const { memory } = allocator.instance.exports;
  if (roomBytes !== undefined) (memory as WebAssembly.Memory).grow(Math.ceil(roomBytes / WASM_PAGE_BYTES));
  return allocator;
}

/** An allocation failed. What follows is not the same trace any more, and its time says nothing. */
class Exhausted extends Error {
  constructor(readonly exhaustion: Exhaustion) {
    super();
  }
}

interface PassOptions {
  trace?: Trace;
  policy?: TouchPolicy;
  verify?: boolean;
}

async function pass(
  allocator: WasmAllocator,
  { trace = whole, policy = touch, verify = false }: PassOptions = {},
): Promise<void> {
  await allocator.replay(trace, { touch: policy, verify });
  if (allocator.exhaustion) throw new Exhausted(allocator.exhaustion);
}

/** Nanoseconds of each clock. */
type Elapsed = Record<Clock, number>;

/** What `run` takes. The other threads of the process wait meanwhile, but for those of the engine. */
async function timed(run: () => unknown): Promise<Elapsed> {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) * 1e3, wall: (performance.now() - wall) * 1e6 };
}

// The engine keeps its optimized code as long as an instance of the same bytes lives.
const kept: { latest?: WasmAllocator } = {};
let forJavaScript: { loop: JavaScriptLoop } | null | undefined;

async function round(): Promise<Round> {
  const allocator = await open();
  kept.latest = allocator;
  const first = await timed(() => pass(allocator));
  const steady = await timed(async () => {
    for (let i = 0; i < passes; i++) await pass(allocator);
  });
  const javascript = await roundInJavaScript();
  const times = (clock: Clock): Times => ({
    first: first[clock] / count,
    steady: steady[clock] / count / passes,
    javascript: javascript && javascript[clock] / count / passes,
  });
  return { wall: times("wall"), cpu: times("cpu") };
}

/**
 * Times the loop on an instance of its own, which is kept, so that the loop is compiled for one instance only. If that
 * runs out of memory, as an allocator that frees nothing does, this figure ends, and the others stay.
 */
async function roundInJavaScript(): Promise<Elapsed | null> {
  try {
    return await timeJavaScript();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof ModuleTrap)) throw error;
    forJavaScript = null;
    return null;
  }
}

async function timeJavaScript(): Promise<Elapsed | null> {
  if (forJavaScript === undefined) {
    const loop = javaScriptLoop(await open(), kindsOf(records));
    forJavaScript = loop && { loop };
    loop?.(records);
  }
  if (!forJavaScript) return null;
  const { loop } = forJavaScript;
  let fails = false;
  const elapsed = await timed(() => {
    for (let i = 0; i < passes && !fails; i++) fails = !loop(records);
  });
  if (fails) forJavaScript = null;
  return fails ? null : elapsed;
}

/**
 * Does the passes of a round on one instance. Returns its memory after the first pass. That pass also verifies the
 * contents of objects: a wrong allocator is of no interest, however fast.
 */
async function allPasses(allocator: WasmAllocator, trace = whole): Promise<number> {
  await pass(allocator, { trace, verify: true });
  const peak = allocator.hostBytes;
  for (let i = 0; i < passes; i++) await pass(allocator, { trace });
  return peak;
}

async function counts(): Promise<BenchCounts> {
  const allocator = await open();
  const initial = allocator.hostBytes;
  const peak = await allPasses(allocator).catch(async (error) => {
    throw error instanceof ModuleTrap ? await reasonOf(error, allocator) : error;
  });
  const metered = await countMetered(wasm, options, (one) => pass(one));
  const touched =
    touch === "pages" || touch === "object"
      ? metered
      : await countMetered(wasm, options, (one) => pass(one, { policy: "pages" }));
  const image = await imageBytes(initial);
  const memory = { initial, image, peak, final: allocator.hostBytes };
  const { findings } = allocator.report;
  const utilisations = {
    growth: peak - initial >= peakLiveBytes ? peakLiveBytes / (peak - initial) : null,
    resident: touched && peakLiveBytes / (touched.touched.either * PAGE_BYTES),
  };
  return { memory, utilisation: peakLiveBytes / (peak - image), utilisations, metered, findings };
}

/**
 * Bytes that a module begins with and that are no allocator's: its data and its stack. They end where the linker says
 * that the heap begins, or else where the first block of a fresh instance is; all are such if that is beyond them.
 */
async function imageBytes(initial: number): Promise<number> {
  const allocator = await open();
  const { __heap_base: base } = allocator.instance.exports;
  const start = base instanceof WebAssembly.Global ? Number(base.value) >>> 0 : allocator.malloc(FIRST_BYTES);
  return Math.min(start, initial);
}

/**
 * Finds out whether an allocator trapped because it ran out of memory. A metered instance does the same again, with the
 * trapping call as a chunk of its own, and tells whether memory.grow failed in that call.
 */
async function reasonOf(trap: ModuleTrap, { operations }: WasmAllocator): Promise<Error> {
  const twin = await open({ meter: true }).catch(() => null);
  if (!twin) return trap; // the module cannot be metered
  const at = operations % count;
  await allPasses(twin, traceIn(at, at + 1)).catch(() => {});
  return twin.exhaustion ? new Exhausted(twin.exhaustion) : trap;
}

/** Times each call by itself, in two passes of an instance. Of all runs the least time of a call counts. */
async function latency(): Promise<Latency> {
  const now = () => performance.now() * 1e6;
  const took = { first: new Float64Array(count), steady: new Float64Array(count) };
  for (const times of Object.values(took)) times.fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < latencyRuns; i++) {
    const allocator = await open();
    for (const times of Object.values(took)) allocator.timeOperations({ records, count }, touch, now, times);
    if (allocator.exhaustion) throw new Exhausted(allocator.exhaustion);
  }
  const [first, steady] = [callTimesOf(records, took.first), callTimesOf(records, took.steady)];
  return { clockNs: clockCost(now), first, steady };
}

const answers = { counts, round, latency };

async function answer(question: Question): Promise<Answer> {
  try {
    return { state: "answer", answer: await answers[question]() };
  } catch (error) {
    if (error instanceof Exhausted) return { state: "exhausted", ...error.exhaustion };
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (error instanceof UnknownImport) return { state: "undecided", message };
    return { state: "failed", error: name, message };
  }
}

parentPort?.on("message", async (question) => parentPort?.postMessage(await answer(question)));
