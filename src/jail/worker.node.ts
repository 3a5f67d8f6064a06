import { Worker } from "node:worker_threads";
import { urlOf } from "#read-module";
import { isUrl, kindOf } from "../base/kinds.js";
import { located, missing } from "../base/own-file.js";
import { type JailWorker, WORKER, type WorkerEvents } from "./worker.web.js";

/** Starts the Worker where the user says it lies, or next to this file. @throws FileError, or `died` gets it later. */
export async function startWorker({ message, died }: WorkerEvents): Promise<JailWorker> {
  const told = await located(WORKER);
  if (told !== undefined && typeof told !== "string" && !isUrl(told)) {
    throw missing(WORKER, `${kindOf(told)} is neither a URL nor a path`);
  }
  const place = typeof told === "string" ? urlOf(told) : told;
  const url = place ?? new URL("./jail-worker.node.js", import.meta.url);
  return startWorkerAt(url, {
    message,
    died: (error) => died(isAbsent(error) ? missing(WORKER, `there is no Worker at ${url}`, error) : error),
  });
}

const isAbsent = ({ code }: NodeJS.ErrnoException): boolean =>
  code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";

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
