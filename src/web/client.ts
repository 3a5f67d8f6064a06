/** A Worker as the page sees it: calls that answer later, report progress, and can be cancelled. */
import { LimitExceeded, type TraceProcess } from "../index.js";
import { ownWorker as Worker } from "./own-worker.js";
import type { Answer, Argument, CallName, Progress, Reply, SentError } from "./protocol.js";

/** A call was cancelled. */
export class Cancelled extends Error {
  override name = "Cancelled";
  constructor() {
    super("cancelled");
  }
}

/** An error in a Worker. `name` is the error's name there. */
export class WorkerError extends Error {
  /** Those of a trace, of which one has to be chosen; none for other errors. */
  readonly processes: readonly TraceProcess[];
  constructor({ name, message, processes = [] }: SentError) {
    super(message);
    this.name = name;
    this.processes = processes;
  }
}

export interface CallOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the Worker if it makes no progress for this many seconds. Default: no limit. */
  mostSilence?: number | undefined;
}

interface Pending extends CallOptions {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class Client {
  #worker: globalThis.Worker | undefined;
  #pending = new Map<number, Pending>();
  #lastId = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /**
   * Calls the Worker. The first call starts it.
   * @throws Cancelled, WorkerError; LimitExceeded after `mostSilence` seconds without progress.
   */
  call<Name extends CallName>(
    name: Name,
    argument: Argument<Name>,
    options: CallOptions = {},
  ): Promise<Answer<Name>> {
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    this.#worker.postMessage({ id, name, argument });
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {
        resolve: resolve as Pending["resolve"],
        reject,
        ...options,
      });
      if (this.#pending.size === 1) this.#listen();
    });
  }

  /** Ends the Worker at once, with all that it holds. The next call starts another. */
  cancel(): void {
    this.#end(new Cancelled());
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  #start(): globalThis.Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#take(data);
    worker.onerror = (event) => {
      const message = event.message || "a Worker cannot be started";
      this.#end(new WorkerError({ name: "WorkerError", message }));
    };
    return worker;
  }

  /** Waits for the next message about the first call: a Worker does one call after another. */
  #listen(): void {
    clearTimeout(this.#silence);
    const [first] = this.#pending.values();
    const seconds = first?.mostSilence;
    if (seconds === undefined) return;
    const error = new LimitExceeded(`it made no progress for ${seconds} seconds, and was stopped`);
    this.#silence = setTimeout(() => this.#end(error), 1000 * seconds);
  }

  #take(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if (!("progress" in reply)) this.#pending.delete(reply.id);
    this.#listen();
    if ("progress" in reply) pending.onProgress?.(reply.progress);
    else if ("answer" in reply) pending.resolve(reply.answer);
    else pending.reject(new WorkerError(reply.error));
  }

  #end(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#listen();
    for (const { reject } of pending) reject(error);
  }
}
