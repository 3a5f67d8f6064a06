/** The Worker of jail.ts in Node: it is given what a browser's has, and then is the same. */
import { parentPort } from "node:worker_threads";

Object.assign(globalThis, { postMessage: (message: unknown) => parentPort?.postMessage(message) });
await import("./jail-worker.js");
// Only now: what was posted meanwhile waits for this.
parentPort?.on("message", (data: unknown) =>
  globalThis.onmessage?.call(globalThis as Window & typeof globalThis, { data } as MessageEvent),
);
