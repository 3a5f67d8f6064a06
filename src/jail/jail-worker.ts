/** What runs in the Worker of jail.ts: one job, then it waits to be ended. */
import { answerStarter } from "#worker";
import { checkCase, chooseCases, type Outcome } from "../conformance/check.js";
import { openWasmAllocator } from "../foreign/open.js";
import { composedParts } from "../foreign/provisions.js";
import type { AllocatorReport } from "../foreign/wasm-allocator.js";
import { traceOf } from "../trace/collect.js";
import type { TraceChunk } from "../trace/trace.js";
import type { CheckJob, JailAnswer, JailJob, ReplayJob } from "./jobs.js";
import type { JailResult } from "./replay.js";
import { runScenario } from "./scenario-job.js";

/** What is to happen with what comes next: at first that is a job, then the chunk that one wants. */
let take: (message: unknown) => void = async (job) => post(await answer(job as JailJob));
const post = answerStarter((message) => take(message));

async function answer(job: JailJob): Promise<JailAnswer> {
  try {
    return { result: await run(job) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message } };
  }
}

function run(job: JailJob): Promise<unknown> {
  if ("replay" in job) return replay(job.replay);
  if ("check" in job) return check(job.check);
  return runScenario(job.scenario, { say: post, nextChunk });
}

function nextChunk(): Promise<TraceChunk | null> {
  return new Promise((resolve) => {
    take = resolve as typeof take;
    post({ wants: "chunk" });
  });
}

async function replay({ wasm, records, count, open, touch, verify }: ReplayJob): Promise<JailResult> {
  const allocator = await openWasmAllocator(wasm, open);
  const replayed = await allocator.replay(traceOf([{ records, count }]), { touch, verify });
  return { ...replayed, report: allocator.report, memoryBytes: allocator.hostBytes };
}

/** One case; or what the module is. */
async function check(job: CheckJob): Promise<Outcome | AllocatorReport> {
  const open = (memoryBytes = job.memoryBytes) => openWasmAllocator(job.wasm, { ...job.open, memoryBytes });
  const { name } = job;
  if (name === undefined) return (await open()).report;
  const composed = composedParts((await open()).report.functions);
  const [one] = chooseCases([name]);
  return checkCase(one as NonNullable<typeof one>, open, { composed, memoryBytes: job.memoryBytes });
}
