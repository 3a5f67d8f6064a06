import { parentPort, Worker } from "node:worker_threads";
import type { Ears, JailWorker } from "./worker.web.js";

/** Starts jail-worker beside this file. */
export function startWorker(ears: Ears): JailWorker {
  return startWorkerAt(new URL("./jail-worker.js", import.meta.url), ears);
}

/** Starts any, on its own stack and with a heap that may not eat the process's. What it is given, it has from the start. */
export function startWorkerAt(url: URL, { message, died }: Ears, workerData?: unknown): JailWorker {
  const worker = new Worker(url, {
    workerData,
    execArgv: [], // the program's own may not be for files, such as --input-type
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  worker.on("message", message).on("error", died);
  worker.on("exit", (code) => died(new Error(`its Worker ended with code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    end: () => void worker.terminate(),
  };
}

/** Inside the Worker: hands on what its starter posts. Returns how to post back. */
export function answerStarter(message: Ears["message"]): JailWorker["post"] {
  parentPort?.on("message", message);
  return (message) => parentPort?.postMessage(message);
}
