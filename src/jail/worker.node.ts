import { Worker, type WorkerOptions } from "node:worker_threads";
import { urlOf } from "#read-module";
import { isUrl, kindOf } from "../base/kinds.js";
import { located, missing, placeOf } from "../base/own-file.js";
import { startInProcess } from "./process.node.js";
import { type JailWorker, WORKER, type WorkerEvents } from "./worker.web.js";

/** Gives a Worker of Node what a browser's has, and then makes it the one at the URL that is its data. */
const LIKE_A_BROWSER = `
  const { parentPort, workerData } = require("node:worker_threads");
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  import(workerData).then(() => parentPort.on("message", (data) => globalThis.onmessage({ data })));
`;

/** Starts the Worker where the user says it lies, or next to this file. @throws FileError, or `died` gets it later. */
export async function startWorker({ message, died }: WorkerEvents): Promise<JailWorker> {
  const told = await located(WORKER);
  if (told !== undefined && typeof told !== "string" && !isUrl(told)) {
    throw missing(WORKER, `${kindOf(told)} is neither a URL nor a path`);
  }
  const { href } =
    typeof told === "string" ? urlOf(told) : (told ?? placeOf({ name: WORKER, url: besideThis }));
  const absent = (cause: Error) => missing(WORKER, `there is no Worker at ${href}`, cause);
  const events = { message, died: (error: Error) => died(isAbsence(error) ? absent(error) : error) };
  const options = { ...OPTIONS, eval: true, workerData: href };
  return isNode() ? startInProcess(LIKE_A_BROWSER, options, events) : start(LIKE_A_BROWSER, options, events);
}

const besideThis = () => new URL("./jail-worker.js", import.meta.url);

const isAbsence = ({ code }: NodeJS.ErrnoException): boolean =>
  code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";

/** Starts any Worker. `workerData` is there when it starts. */
export function startWorkerAt(url: URL, events: WorkerEvents, workerData?: unknown): JailWorker {
  return start(url, { ...OPTIONS, workerData }, events);
}

/** Other runtimes have no such processes: there a Worker is all there is between a module and its host. */
const isNode = () => process.release.name === "node" && !("Deno" in globalThis || "Bun" in globalThis);

const OPTIONS: WorkerOptions = {
  execArgv: [], // the process's own options may not suit a file, such as --input-type
  resourceLimits: { maxOldGenerationSizeMb: 512 },
};

function start(code: URL | string, options: WorkerOptions, { message, died }: WorkerEvents): JailWorker {
  const worker = new Worker(code, options);
  worker.on("message", message).on("error", died);
  worker.on("exit", (code) => died(new Error(`its Worker ended with code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    end: () => void worker.terminate(),
  };
}
