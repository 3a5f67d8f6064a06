/** Runs one allocator on one trace in a Worker, which ends with its budget, whatever the allocator does. */

import type { TouchPolicy } from "../allocator/access.js";
import type { WasmOptions } from "../foreign/open.js";
import { startWorkerAt } from "../jail/worker.node.js";
import type { WorkerEvents } from "../jail/worker.web.js";
import type { BenchCounts, Clock, Latency, Unfinished } from "./record.js";

export interface RunnerJob {
  wasm: Uint8Array;
  /** The records of a closed trace. */
  records: Uint8Array;
  count: number;
  peakLiveBytes: number;
  options: Pick<WasmOptions, "functions" | "convention" | "unknownImports" | "memoryBytes">;
  passes: number;
  /** Runs in which each call is timed by itself. */
  latencyRuns: number;
  touch: TouchPolicy;
  /** Bytes by which the memory of a module that does not grow it is grown first. */
  roomBytes?: number;
}

/** Nanoseconds per operation, by one clock. */
export interface Times {
  first: number;
  steady: number;
  javascript: number | null;
}

/** What one round took. */
export type Round = Record<Clock, Times>;

export type Answer = { state: "answer"; answer: BenchCounts | Round | Latency } | Unfinished;

/** What a runner may be asked for. */
export type Question = "counts" | "round" | "latency";

/** The runner of a job. All answers share one budget of time. */
export interface Runner {
  ask(question: Question): Promise<Answer>;
  close(): void;
}

/** Starts a Worker for one job. */
export function startRunner(job: RunnerJob, budgetSeconds: number): Runner {
  let settle = (_answer: Answer) => {};
  let end: Answer | undefined;
  const events: WorkerEvents = {
    message: (answer) => settle(answer as Answer),
    died({ name, message }) {
      end ??= { state: "failed", error: name, message };
      settle(end);
    },
  };
  const worker = startWorkerAt(new URL("./runner-worker.js", import.meta.url), events, job);
  let left = budgetSeconds * 1000;
  return {
    async ask(question) {
      if (end) return end;
      const start = performance.now();
      const answer = await new Promise<Answer>((resolve) => {
        const timer = setTimeout(() => settle({ state: "late", seconds: budgetSeconds }), Math.max(left, 0));
        settle = (given) => {
          clearTimeout(timer);
          resolve(given);
        };
        worker.post(question);
      });
      left -= performance.now() - start;
      if (answer.state !== "answer") worker.end();
      return answer;
    },
    close: () => worker.end(),
  };
}
