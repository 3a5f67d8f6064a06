/** The Worker of jail.ts. It does one job, then waits to be ended. */
import { locateFiles } from "../base/own-file.js";
import { openWasmAllocator } from "../foreign/open.js";
import type { Ran } from "../fuzz/run.js";
import { type CollectedTrace, traceOf } from "../trace/collect.js";
import { runCheck } from "./check-job.js";
import type { JailAnswer, JailJob, JobMessage, NotedChunk, ReplayJob, Start } from "./jobs.js";
import { runPrograms } from "./programs-job.js";
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
  if ("check" in job) return runCheck(job.check, post);
  if ("programs" in job) return runPrograms(job.programs, { send: post, nextProgram });
  return runScenario(job.scenario, { send: post, nextChunk });
}

const nextChunk = (): Promise<NotedChunk | null> => ask({ wants: "chunk" });
const nextProgram = (ran?: Ran): Promise<CollectedTrace | null> =>
  ask({ wants: "program", ...(ran && { ran }) });

function ask<Reply>(message: JobMessage & { wants: string }): Promise<Reply> {
  return new Promise((resolve) => {
    take = resolve as typeof take;
    post(message);
  });
}

async function replay({ wasm, records, count, notes, open, touch, verify }: ReplayJob): Promise<JailResult> {
  const allocator = await openWasmAllocator(wasm, open);
  const replayed = await allocator.replay(traceOf([{ records, count }], notes), { touch, verify });
  return { ...replayed, report: allocator.report, memoryBytes: allocator.hostBytes };
}
