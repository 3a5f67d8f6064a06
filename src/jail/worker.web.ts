/** What the starter of a Worker hears of it. */
export interface Ears {
  /** What it posts. */
  message(message: unknown): void;
  /** That it died of something it did not catch. */
  died(error: Error): void;
}

/** A Worker, as who started it has it. */
export interface JailWorker {
  post(message: unknown): void;
  end(): void;
}

/** Starts jail-worker beside this file. */
export function startWorker({ message, died }: Ears): JailWorker {
  const worker = new Worker(new URL("./jail-worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => message(data);
  worker.onerror = (event) => died(new Error(event.message));
  return {
    post: (message) => worker.postMessage(message),
    end: () => worker.terminate(),
  };
}

/** Inside the Worker: hands on what its starter posts. Returns how to post back. */
export function answerStarter(message: Ears["message"]): JailWorker["post"] {
  globalThis.onmessage = ({ data }) => message(data);
  return (message) => globalThis.postMessage(message);
}
