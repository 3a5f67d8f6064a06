/** What runs in the Worker of jail.ts: one job, then it waits to be ended. */
import { answerOnce } from "#worker";
import { checkCase, chooseCases, type Outcome } from "../conformance/check.js";
import { traceOf } from "../trace/collect.js";
import { composedParts } from "./families.js";
import type { CheckJob, JailAnswer, JailJob, JailResult, ReplayJob } from "./jail.js";
import { openWasmAllocator } from "./open.js";
import type { AllocatorReport } from "./wasm-allocator.js";

answerOnce(async (question): Promise<JailAnswer> => {
  try {
    const job = question as JailJob;
    return { result: await ("replay" in job ? replay(job.replay) : check(job.check)) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message } };
  }
});

async function replay({ wasm, records, count, options }: ReplayJob): Promise<JailResult> {
  const { touch = "none", verify = true, ...open } = options;
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
