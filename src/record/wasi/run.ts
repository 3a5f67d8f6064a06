/** Runs a WASI program that is recorded, in a Worker: it holds its thread until it ends. Node only. */
import { Worker } from "node:worker_threads";
import { ModuleError, SandboxError } from "../../base/errors.js";
import { joinWords } from "../../base/numbers.js";
import { hasShortImports } from "../../foreign/minified.js";
import { UNKNOWN_SITE } from "../../trace/sites.js";
import type { Trace, TraceChunk, TraceNotes } from "../../trace/trace.js";
import { inspectModule } from "../../wasm/inspect.js";
import { type Message, WASI_MODULES, type WasiEnded, type WasiProgram, type WorkerData } from "./program.js";

/** A program that runs. */
export interface RunningProgram {
  /** What it asks of its allocator, as it comes. To be read once; it ends with the program. */
  trace: Trace;
  /** How it ended, once the trace was read; undefined where it was stopped. */
  ended(): WasiEnded | undefined;
  /** Ends the program, and the trace. */
  stop(): void;
}

/** @throws ModuleError for a module that is no WASI program; the trace throws it for one that cannot be recorded. */
export function runWasi(program: WasiProgram): RunningProgram {
  checkProgram(program.wasm);
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const workerData: WorkerData = { program, waiting };
  // Node warns that its WASI is an experiment.
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData,
    execArgv: ["--no-warnings"],
  });
  const messages = new Queue<Message>();
  worker.on("message", (message: Message) => messages.put(message));
  worker.on("error", (error) => messages.end(error));
  worker.on("exit", () => messages.end());
  const notes: TraceNotes = { format: "text", losses: [] };
  let ended: WasiEnded | undefined;
  async function* chunks(): AsyncGenerator<TraceChunk> {
    for await (const message of messages) {
      if ("failed" in message) throw revived(message.failed);
      if ("ended" in message) {
        ended = message.ended;
        notes.losses.push(...ended.losses);
        continue;
      }
      Atomics.sub(waiting, 0, 1);
      Atomics.notify(waiting, 0);
      if (message.sites.length > 0) notes.sites = [...(notes.sites ?? [UNKNOWN_SITE]), ...message.sites];
      yield message;
    }
  }
  return {
    trace: { notes, [Symbol.asyncIterator]: chunks },
    ended: () => ended,
    stop: () => void worker.terminate(),
  };
}

/** @throws ModuleError for what does not start by itself, or wants more than WASI. */
function checkProgram(wasm: Uint8Array): void {
  const { imports, exports } = inspectModule(wasm);
  if (hasShortImports({ imports })) {
    throw new ModuleError(
      "the module is no WASI program, but one whose names Emscripten made short for the JavaScript beside it: record it in the page or program that it belongs to, by recordModule(bytes, { glue }) of the library, glue being the text of that JavaScript",
    );
  }
  const known: readonly string[] = Object.values(WASI_MODULES);
  const others = imports
    .filter(({ module }) => !known.includes(module))
    .map((one) => `${one.module}.${one.name}`);
  if (others.length > 0) {
    const more = others.length > MOST_NAMED ? [`${others.length - MOST_NAMED} more`] : [];
    throw new ModuleError(
      `the module imports what is not WASI's (${joinWords([...others.slice(0, MOST_NAMED), ...more])}): record it in the page or program that it belongs to, by recordModule of the library`,
    );
  }
  if (exports.some(({ name }) => name === "_start")) return;
  throw new ModuleError(
    "the module is no program, as it has no _start: record it in the program that it belongs to, by recordModule of the library",
  );
}

const MOST_NAMED = 3;

/** Makes the error of the Worker again. */
function revived({ name, message }: { name: string; message: string }): Error {
  return name === "ModuleError" ? new ModuleError(message) : new SandboxError(message);
}

/** Messages that wait to be taken. */
class Queue<T> {
  readonly #items: T[] = [];
  #end: { error?: Error } | undefined;
  #wake = () => {};

  put(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  end(error?: Error): void {
    this.#end ??= error ? { error } : {};
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else if (this.#end?.error) throw this.#end.error;
      else if (this.#end) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
