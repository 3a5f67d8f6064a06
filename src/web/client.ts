/** A Worker as the page sees it: calls that answer later, tell how far they are, and can be cancelled. */
import { LimitExceeded } from "../index.js";
import type { Answer, Argument, CallName, Failure, Progress, Reply } from "./protocol.js";

/** The Worker, or the person, ended a call. */
export class Cancelled extends Error {
  override name = "Cancelled";
  constructor() {
    super("cancelled");
  }
}

/** What went wrong in a Worker; `name` is that of the error there. */
export class WorkerFailure extends Error {
  constructor({ name, message }: Failure) {
    super(message);
    this.name = name;
  }
}

export interface CallOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the Worker if it makes no progress for so long. Without it, the Worker may take its time. */
  mostSilence?: number | undefined;
}

interface Pending extends CallOptions {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class Client {
  #worker: Worker | undefined;
  #pending = new Map<number, Pending>();
  #lastId = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /**
   * Asks the Worker, which is started at the first call.
   * @throws Cancelled, WorkerFailure; LimitExceeded after `mostSilence` seconds without a word.
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

  /** Ends whatever the Worker is doing, at once, and with it what it holds. The next call starts another. */
  cancel(): void {
    this.#end(new Cancelled());
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#take(data);
    worker.onerror = (event) => {
      const message = event.message || "a Worker could not be started";
      this.#end(new WorkerFailure({ name: "WorkerError", message }));
    };
    return worker;
  }

  /** Waits for the next word about the first call: a Worker does one after another. */
  #listen(): void {
    clearTimeout(this.#silence);
    const [first] = this.#pending.values();
    const seconds = first?.mostSilence;
    if (seconds === undefined) return;
    const error = new LimitExceeded(`it made no progress for ${seconds} seconds, and was ended`);
    this.#silence = setTimeout(() => this.#end(error), 1000 * seconds);
  }

  #take(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if (!("progress" in reply)) this.#pending.delete(reply.id);
    this.#listen();
    if ("progress" in reply) pending.onProgress?.(reply.progress);
    else if ("answer" in reply) pending.resolve(reply.answer);
    else pending.reject(new WorkerFailure(reply.failure));
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
