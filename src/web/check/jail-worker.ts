/** Starts the Worker of a jail for the page: the package's own, which is packed once, as the modules are. */
import type { JailWorker, WorkerEvents } from "../../jail/worker.web.js";
import { ownWorker as Worker } from "../own-worker.js";

const PLACE = new URL("../../../dist/jail/jail-worker.js", import.meta.url);

/** Takes the place of that of src/jail/worker.web.ts in what Vite builds. `died` is told of a Worker that does not load. */
export async function startWorker({ message, died }: WorkerEvents): Promise<JailWorker> {
  const worker = new Worker(PLACE, { type: "module" });
  worker.onmessage = ({ data }) => message(data);
  worker.onerror = (event) => died(new Error(event.message || "the Worker of the check cannot be started"));
  return { post: (said) => worker.postMessage(said), end: () => worker.terminate() };
}
