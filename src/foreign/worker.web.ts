/** A Worker that answers one question. */
export interface JailWorker {
  /** Rejects if the Worker dies of something else. */
  ask(question: unknown): Promise<unknown>;
  end(): void;
}

/** Starts jail-worker beside this file. */
export function startWorker(): JailWorker {
  const worker = new Worker(new URL("./jail-worker.js", import.meta.url), { type: "module" });
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(question);
      }),
    end: () => worker.terminate(),
  };
}

/** Inside the Worker: answers the first question. */
export function answerOnce(answer: (question: unknown) => Promise<unknown>): void {
  globalThis.onmessage = async ({ data }) => globalThis.postMessage(await answer(data));
}
