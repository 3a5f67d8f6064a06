/** The Worker of jail.ts. It does one job, then waits to be ended. */
import { locateFiles } from "../base/own-file.js";
import { openWasmAllocator } from "../foreign/open.js";
import { traceOf } from "../trace/collect.js";
import { runCheck } from "./check-job.js";
import type { JailAnswer, JailJob, NotedChunk, ReplayJob, Start } from "./jobs.js";
import type { JailResult } from "./replay.js";
import { runScenario } from "./scenario-job.js";
import { answerStarter } from "./worker.web.js";

/** Takes the next message: first the job, then each chunk that the job asks for. */
let take: (message: unknown) => void = async (start) => post(await answer(start as Start));
const post = answerStarter((message) => take(message));

async function answer({ job, files }: Start): Promise<JailAnswer> {
  locateFiles((name) => files[name]);
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
