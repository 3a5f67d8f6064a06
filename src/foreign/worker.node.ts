import { once } from "node:events";
import { parentPort, Worker } from "node:worker_threads";
import type { JailWorker } from "./worker.web.js";

/** Starts jail-worker beside this file, on its own stack and with a heap that may not eat the process's. */
export function startWorker(): JailWorker {
  const worker = new Worker(new URL("./jail-worker.js", import.meta.url), {
    execArgv: [], // the program's own may not be for files, such as --input-type
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  return {
    async ask(question) {
      worker.postMessage(question);
      return (await once(worker, "message"))[0];
    },
    end: () => void worker.terminate(),
  };
}

/** Inside the Worker: answers the first question. */
export function answerOnce(answer: (question: unknown) => Promise<unknown>): void {
  parentPort?.once("message", async (question) => parentPort?.postMessage(await answer(question)));
}
