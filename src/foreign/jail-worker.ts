/** What runs in the Worker of jail.ts: one job, then it waits to be ended. */
import { answerOnce } from "#worker";
import type { JailAnswer, JailJob } from "./jail.js";
import { openWasmAllocator } from "./open.js";

answerOnce(async (question): Promise<JailAnswer> => {
  try {
    return { result: await run(question as JailJob) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message } };
  }
});

async function run({ wasm, records, count, options }: JailJob) {
  const { touch = "none", verify = true, ...open } = options;
  const allocator = await openWasmAllocator(wasm, open);
  const trace = {
    notes: { format: "text" as const, losses: [] },
    async *[Symbol.asyncIterator]() {
      yield { records, count };
    },
  };
  const replayed = await allocator.replay(trace, { touch, verify });
  return { ...replayed, report: allocator.report, memoryBytes: allocator.hostBytes };
}
