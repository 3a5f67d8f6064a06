/** The Worker of one allocator and one trace. It does a round, or counts, when asked. */
import { parentPort, workerData } from "node:worker_threads";
import { ModuleTrap } from "../base/errors.js";
import type { Exhaustion } from "../foreign/module-allocator.js";
import { openWasmAllocator, type WasmOptions } from "../foreign/open.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import { traceOf } from "../trace/collect.js";
import { sliceRecords } from "../trace/records.js";
import type { Trace } from "../trace/trace.js";
import { type JavaScriptLoop, javaScriptLoop, kindsOf } from "./javascript-loop.js";
import { countMetered } from "./metered.js";
import type { BenchCounts } from "./record.js";
import type { Answer, Round, RunnerJob } from "./runner.js";

const { wasm, records, count, peakLiveBytes, options, passes, touch } = workerData as RunnerJob;

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

const whole = traceIn();

const open = (more: WasmOptions = {}) => openWasmAllocator(wasm, { ...options, ...more });

/** An allocation failed. What follows is not the same trace any more, and its time says nothing. */
class Exhausted extends Error {
  constructor(readonly exhaustion: Exhaustion) {
    super();
  }
}

async function pass(allocator: WasmAllocator, verify = false, trace = whole): Promise<number> {
  const start = performance.now();
  await allocator.replay(trace, { touch, verify });
  const milliseconds = performance.now() - start;
  if (allocator.exhaustion) throw new Exhausted(allocator.exhaustion);
  return milliseconds;
}

const perOperation = (milliseconds: number, times = 1) => (milliseconds * 1e6) / count / times;

// The engine keeps its optimized code as long as an instance of the same bytes lives.
const kept: { latest?: WasmAllocator } = {};
let forJavaScript: { loop: JavaScriptLoop } | null | undefined;

async function round(): Promise<Round> {
  const allocator = await open();
  kept.latest = allocator;
  const first = perOperation(await pass(allocator));
  let further = 0;
  for (let i = 0; i < passes; i++) further += await pass(allocator);
  return { first, steady: perOperation(further, passes), javascript: await roundInJavaScript() };
}

/**
 * Times the loop on an instance of its own, which is kept, so that the loop is compiled for one instance only. If that
 * runs out of memory, as an allocator that frees nothing does, this figure ends, and the others stay.
 */
async function roundInJavaScript(): Promise<number | null> {
  try {
    return await timeJavaScript();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof ModuleTrap)) throw error;
    forJavaScript = null;
    return null;
  }
}

async function timeJavaScript(): Promise<number | null> {
  if (forJavaScript === undefined) {
    const loop = javaScriptLoop(await open(), kindsOf(records));
    forJavaScript = loop && { loop };
    loop?.(records);
  }
  if (!forJavaScript) return null;
  const start = performance.now();
  let fails = false;
  for (let i = 0; i < passes && !fails; i++) fails = !forJavaScript.loop(records);
  if (fails) forJavaScript = null;
  return fails ? null : perOperation(performance.now() - start, passes);
}

/**
 * Does the passes of a round on one instance. Returns its memory after the first pass. That pass also verifies the
 * contents of objects: a wrong allocator is of no interest, however fast.
 */
async function allPasses(allocator: WasmAllocator, trace = whole): Promise<number> {
  await pass(allocator, true, trace);
  const peak = allocator.hostBytes;
  for (let i = 0; i < passes; i++) await pass(allocator, false, trace);
  return peak;
}

async function counts(): Promise<BenchCounts> {
  const allocator = await open();
  const initial = allocator.hostBytes;
  const peak = await allPasses(allocator).catch(async (error) => {
    throw error instanceof ModuleTrap ? await reasonOf(error, allocator) : error;
  });
  const metered = await countMetered(wasm, options, (one) => pass(one));
  const memory = { initial, peak, final: allocator.hostBytes };
  const { findings } = allocator.report;
  return { memory, utilisation: peakLiveBytes / peak, metered, findings };
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

async function answer(question: "counts" | "round"): Promise<Answer> {
  try {
    return { state: "answer", answer: await (question === "round" ? round() : counts()) };
  } catch (error) {
    if (error instanceof Exhausted) return { state: "exhausted", ...error.exhaustion };
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { state: "failed", error: name, message };
  }
}

parentPort?.on("message", async (question) => parentPort?.postMessage(await answer(question)));
