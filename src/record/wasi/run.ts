/** Runs a WASI program that is recorded, in a Worker: it holds its thread until it ends. Node only. */
import { Worker } from "node:worker_threads";
import { ModuleError, SandboxError } from "../../base/errors.js";
import { joinWords } from "../../base/numbers.js";
import { hasShortImports } from "../../foreign/minified.js";
import type { Trace, TraceChunk } from "../../trace/trace.js";
import { inspectModule } from "../../wasm/inspect.js";
import { Log } from "../module/log.js";
import { Logged } from "../module/recorder.js";
import {
  type Begun,
  type Message,
  WASI_MODULES,
  type WasiExit,
  type WasiProgram,
  type WasiRecord,
  type WorkerData,
} from "./program.js";

/** A program that runs. */
export interface RunningProgram {
  /** What it asks of its allocator, as it comes. To be read once; it ends with the program. */
  trace: Trace;
  /** How it ended, once the trace was read; undefined where it was stopped. */
  exit(): WasiExit | undefined;
  /** What was recorded, once the trace was read; undefined where it was stopped before it began. */
  record(): WasiRecord | undefined;
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
  const recorded = new Recorded();
  let exit: WasiExit | undefined;
  async function* chunks(): AsyncGenerator<TraceChunk> {
    for await (const message of messages) {
      if ("failed" in message) throw revived(message.failed);
      if ("exit" in message) exit = message.exit;
      else if ("begun" in message) recorded.begin(message.begun);
      else if ("site" in message) recorded.sites.push(message.site);
      else {
        Atomics.sub(waiting, 0, 1);
        Atomics.notify(waiting, 0);
        recorded.add(message.events);
        yield* recorded.chunks();
      }
    }
    recorded.finish();
    yield* recorded.chunks();
  }
  return {
    trace: { notes: recorded.log.notes, [Symbol.asyncIterator]: chunks },
    exit: () => exit,
    record: () => recorded.record,
    stop: () => void worker.terminate(),
  };
}

const NOTHING = new DataView(new ArrayBuffer(0));

/** What comes of a program: logs that were full when it posted them, and at its end the one in its recorder's memory. */
class Recorded {
  /** Names of sites by number; the first is unknown. */
  readonly sites = [""];
  readonly #chunks: TraceChunk[] = [];
  #begun: (Omit<Begun, "buffer" | "log" | "state" | "losses"> & { logged: Logged }) | undefined;
  #taken = 0;
  readonly log = new Log(
    { events: () => this.#last(), forget: () => {}, stop: () => {} },
    {
      mostOperations: Number.POSITIVE_INFINITY,
      onChunk: (chunk) => void this.#chunks.push({ ...chunk, records: chunk.records.slice() }),
    },
    (number) => this.sites[number] as string,
  );

  begin({ buffer, log, state, losses, ...known }: Begun): void {
    for (const loss of losses) this.log.lose(loss);
    this.#begun = { logged: new Logged(() => buffer, log, state), ...known };
  }

  /** Takes a log that was full. */
  add({ buffer, byteOffset, byteLength }: Uint8Array): void {
    this.#taken++;
    this.log.add(new DataView(buffer, byteOffset, byteLength));
  }

  finish(): void {
    this.log.finish();
  }

  /** Those that are ready. */
  chunks(): TraceChunk[] {
    return this.#chunks.splice(0);
  }

  get record(): WasiRecord | undefined {
    if (!this.#begun) return undefined;
    const { logged, functions, drivenBy, knowsClearing } = this.#begun;
    return { functions, drivenBy, zeroed: knowsClearing ? logged.zeroed : null, idle: this.log.idle };
  }

  /** What lies in the log at the end: nothing new where it was posted, and the program ended before it was begun anew. */
  #last(): DataView {
    const logged = this.#begun?.logged;
    return logged?.begun === this.#taken ? logged.events : NOTHING;
  }
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
