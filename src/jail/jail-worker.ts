/** The Worker of jail.ts. It does one job, then waits to be ended. */
import { answerStarter } from "#worker";
import { openWasmAllocator } from "../foreign/open.js";
import { traceOf } from "../trace/collect.js";
import { runCheck } from "./check-job.js";
import type { JailAnswer, JailJob, NotedChunk, ReplayJob } from "./jobs.js";
import type { JailResult } from "./replay.js";
import { runScenario } from "./scenario-job.js";

/** Takes the next message: first the job, then each chunk that the job asks for. */
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
  if ("check" in job) return runCheck(job.check);
  return runScenario(job.scenario, { send: post, nextChunk });
}

function nextChunk(): Promise<NotedChunk | null> {
  return new Promise((resolve) => {
    take = resolve as typeof take;
    post({ wants: "chunk" });
  });
}

async function replay({ wasm, records, count, notes, open, touch, verify }: ReplayJob): Promise<JailResult> {
  const allocator = await openWasmAllocator(wasm, open);
  const replayed = await allocator.replay(traceOf([{ records, count }], notes), { touch, verify });
  return { ...replayed, report: allocator.report, memoryBytes: allocator.hostBytes };
}
