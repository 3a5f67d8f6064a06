/** A Worker as the page sees it: calls that answer later, tell how far they are, and can be cancelled. */
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
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export class Client {
  #worker: Worker | undefined;
  #pending = new Map<number, Pending>();
  #lastId = 0;

  /** Asks the Worker, which is started at the first call. */
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
        onProgress: options.onProgress,
      });
    });
  }

  /** Ends whatever the Worker is doing, at once, and with it what it holds. The next call starts another. */
  cancel(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#failAll(new Cancelled());
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#take(data);
    worker.onerror = (event) => {
      worker.terminate();
      this.#worker = undefined;
      this.#failAll(
        new WorkerFailure({ name: "WorkerError", message: event.message || "a Worker could not be started" }),
      );
    };
    return worker;
  }

  #take(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if ("progress" in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ("answer" in reply) pending.resolve(reply.answer);
    else pending.reject(new WorkerFailure(reply.failure));
  }

  #failAll(error: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }
}
