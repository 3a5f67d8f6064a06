import { bytesIn, isResponse, kindOf } from "../base/kinds.js";
import { located, missing } from "../base/own-file.js";

/** What the package exports the Worker as. */
export const WORKER = "worker.js";

/** What a Worker reports to its starter. */
export interface WorkerEvents {
  /** It posted a message. */
  message(message: unknown): void;
  /** It died of an error that it did not catch. */
  died(error: Error): void;
}

/** A Worker, as its starter sees it. */
export interface JailWorker {
  post(message: unknown): void;
  end(): void;
}

/** Starts the Worker where the user says it lies, or next to this file. @throws FileError, or `died` gets it later. */
export async function startWorker({ message, died }: WorkerEvents): Promise<JailWorker> {
  const place = await placeOfWorker();
  const worker = start(place);
  worker.onmessage = ({ data }) => message(data);
  // The event of a Worker that does not load says nothing at all.
  worker.onerror = (event) => died(event.message ? new Error(event.message) : notLoaded(place));
  return {
    post: (message) => worker.postMessage(message),
    end() {
      worker.terminate();
      if (place?.startsWith("blob:")) URL.revokeObjectURL(place);
    },
  };
}

/** The URL that the user gives, or of what they give. */
async function placeOfWorker(): Promise<string | undefined> {
  const told = await located(WORKER);
  if (told === undefined) return undefined;
  const text = isResponse(told) ? await told.arrayBuffer() : bytesIn(told);
  if (text) return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const place = String(told);
  if (!URL.canParse(place, globalThis.location?.href)) throw missing(WORKER, `${kindOf(told)} is no URL`);
  return place;
}

function start(place: string | undefined): Worker {
  try {
    if (place !== undefined) return new Worker(place, { type: "module" });
    // Bundlers know a Worker by this line as it stands.
    return new Worker(new URL("./jail-worker.js", import.meta.url), { type: "module" });
  } catch (cause) {
    throw missing(WORKER, `the Worker cannot be started: ${(cause as Error).message}`, cause);
  }
}

function notLoaded(place: string | undefined): Error {
  const where = place ?? `its place beside ${import.meta.url}`;
  return missing(WORKER, `the Worker did not load from ${where}`);
}

/** Inside the Worker: receives what its starter posts. Returns a function that posts back. */
export function answerStarter(message: WorkerEvents["message"]): JailWorker["post"] {
  globalThis.onmessage = ({ data }) => message(data);
  return (message) => globalThis.postMessage(message);
}
