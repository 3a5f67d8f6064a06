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

/** Starts the jail-worker next to this file. */
export function startWorker({ message, died }: WorkerEvents): JailWorker {
  const worker = new Worker(new URL("./jail-worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => message(data);
  worker.onerror = (event) => died(new Error(event.message));
  return {
    post: (message) => worker.postMessage(message),
    end: () => worker.terminate(),
  };
}

/** Inside the Worker: receives what its starter posts. Returns a function that posts back. */
export function answerStarter(message: WorkerEvents["message"]): JailWorker["post"] {
  globalThis.onmessage = ({ data }) => message(data);
  return (message) => globalThis.postMessage(message);
}
