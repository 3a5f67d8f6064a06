import { parentPort, Worker } from "node:worker_threads";
import type { JailWorker, WorkerEvents } from "./worker.web.js";

/** Starts the jail-worker next to this file, from the one file that the build makes of it. */
export function startWorker(events: WorkerEvents): JailWorker {
  return startWorkerAt(new URL("./jail-worker.node.js", import.meta.url), events);
}

/** Starts any Worker, with a limited heap of its own. `workerData` is there when it starts. */
export function startWorkerAt(url: URL, { message, died }: WorkerEvents, workerData?: unknown): JailWorker {
  const worker = new Worker(url, {
    workerData,
    execArgv: [], // the process's own options may not suit a file, such as --input-type
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  worker.on("message", message).on("error", died);
  worker.on("exit", (code) => died(new Error(`its Worker ended with code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    end: () => void worker.terminate(),
  };
}

/** Inside the Worker: receives what its starter posts. Returns a function that posts back. */
export function answerStarter(message: WorkerEvents["message"]): JailWorker["post"] {
  parentPort?.on("message", message);
  return (message) => parentPort?.postMessage(message);
}
