/** One allocator on one trace, in a Worker: whatever it does, it is ended when its budget is. */

import type { TouchPolicy } from "../allocator/access.js";
import type { WasmOptions } from "../foreign/open.js";
import { startWorkerAt } from "../jail/worker.node.js";
import type { Ears } from "../jail/worker.web.js";
import type { BenchCounts, Outcome } from "./record.js";

export interface SubjectJob {
  wasm: Uint8Array;
  /** Of a closed trace. */
  records: Uint8Array;
  count: number;
  peakLiveBytes: number;
  options: Pick<WasmOptions, "functions" | "convention" | "unknownImports" | "memoryBytes">;
  passes: number;
  touch: TouchPolicy;
}

/** Nanoseconds an operation. */
export interface Round {
  first: number;
  steady: number;
  javascript: number | null;
}

export type Answer = { state: "answer"; answer: BenchCounts | Round } | Exclude<Outcome, { state: "done" }>;

/** Something that can be asked. Each answer comes within the budget, which all questions share. */
export interface Subject {
  ask(question: "counts" | "round"): Promise<Answer>;
  close(): void;
}

/** Starts a Worker for one job. */
export function openSubject(job: SubjectJob, budgetSeconds: number): Subject {
  let settle = (_answer: Answer) => {};
  let end: Answer | undefined;
  const ears: Ears = {
    message: (answer) => settle(answer as Answer),
    died({ name, message }) {
      end ??= { state: "failed", error: name, message };
      settle(end);
    },
  };
  const worker = startWorkerAt(new URL("./subject-worker.js", import.meta.url), ears, job);
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
