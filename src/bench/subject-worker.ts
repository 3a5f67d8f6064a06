/** What runs in the Worker of one allocator and one trace: a round whenever it is asked, and the counts. */
import { parentPort, workerData } from "node:worker_threads";
import { ModuleTrap } from "../errors.js";
import { openWasmAllocator, type WasmOptions } from "../foreign/open.js";
import type { Exhaustion, WasmAllocator } from "../foreign/wasm-allocator.js";
import type { Trace } from "../trace/trace.js";
import { type JavaScriptLoop, javaScriptLoop, kindsOf } from "./javascript-loop.js";
import { countMetered } from "./metered.js";
import type { BenchCounts } from "./record.js";
import type { Answer, Round, SubjectJob } from "./subject.js";

const { wasm, records, count, peakLiveBytes, options, passes, touch } = workerData as SubjectJob;

const trace: Trace = {
  notes: { format: "text", losses: [] },
  async *[Symbol.asyncIterator]() {
    yield { records, count };
  },
};

const open = (more: WasmOptions = {}) => openWasmAllocator(wasm, { ...options, ...more });

/** Fails where an allocation does: what comes after is not the trace any more, and takes another time. */
class Exhausted extends Error {
  constructor(readonly exhaustion: Exhaustion) {
    super();
  }
}

async function pass(allocator: WasmAllocator, verify = false): Promise<number> {
  const start = performance.now();
  await allocator.replay(trace, { touch, verify });
  const milliseconds = performance.now() - start;
  if (allocator.exhaustion) throw new Exhausted(allocator.exhaustion);
  return milliseconds;
}

const perOperation = (milliseconds: number, times = 1) => (milliseconds * 1e6) / count / times;

// The engine keeps its optimized code as long as there is an instance of the same bytes.
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
 * On an instance of its own that stays, so that its loop is compiled for one module only. One whose memory ends
 * there, as that of an allocator does that frees nothing, has no such figure from then on; the others stand.
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
 * The passes of a round on one instance, and the memory it had after the first. An allocator that is wrong is of no
 * interest, however quick: so the first looks for that.
 */
async function allPasses(allocator: WasmAllocator): Promise<number> {
  await pass(allocator, true);
  const peak = allocator.hostBytes;
  for (let i = 0; i < passes; i++) await pass(allocator);
  return peak;
}

async function counts(): Promise<BenchCounts> {
  const allocator = await open();
  const initial = allocator.hostBytes;
  const peak = await allPasses(allocator);
  const metered = await countMetered(wasm, options, (one) => pass(one));
  const memory = { initial, peak, final: allocator.hostBytes };
  const { findings } = allocator.report;
  return { memory, utilisation: peakLiveBytes / peak, metered, findings };
}

const exhaustionOf = (error: unknown) => (error instanceof Exhausted ? error.exhaustion : null);

/** Does the same again with a meter, which tells whether an allocator trapped for want of memory. */
async function whyItTrapped(): Promise<Exhaustion | null> {
  try {
    const allocator = await open({ meter: true });
    await allPasses(allocator).catch(() => {});
    return allocator.exhaustion;
  } catch {
    return null; // it cannot be metered, or not even opened
  }
}

async function answer(question: "counts" | "round"): Promise<Answer> {
  try {
    return { state: "answer", answer: await (question === "round" ? round() : counts()) };
  } catch (error) {
    const exhaustion = error instanceof ModuleTrap ? await whyItTrapped() : exhaustionOf(error);
    if (exhaustion) return { state: "exhausted", ...exhaustion };
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { state: "failed", error: name, message };
  }
}

parentPort?.on("message", async (question) => parentPort?.postMessage(await answer(question)));
