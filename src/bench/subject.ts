/** One allocator on one trace, in a Worker: whatever it does, it is ended when its budget is. */
import { Worker } from "node:worker_threads";
import type { WasmOptions } from "../foreign/open.js";
import type { TouchPolicy } from "../sandbox.js";
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
  const worker = new Worker(new URL("./subject-worker.js", import.meta.url), {
    workerData: job,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  let left = budgetSeconds * 1000;
  const end = () => void worker.terminate();
  return {
    async ask(question) {
      const start = performance.now();
      const answer = await answerOf(worker, question, Math.max(left, 0));
      left -= performance.now() - start;
      if (answer.state !== "answer") end();
      return answer.state === "late" ? { state: "late", seconds: budgetSeconds } : answer;
    },
    close: end,
  };
}

/** The Worker's answer, or why there is none. */
function answerOf(worker: Worker, question: string, milliseconds: number): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle({ state: "late", seconds: 0 }), milliseconds);
    const died = ({ name, message }: Error) => settle({ state: "failed", error: name, message });
    const left = (code: number) => died(new Error(`its Worker ended with code ${code}`));
    // Not removeAllListeners: Node has some of its own, without which messages stop.
    const settle = (answer: Answer) => {
      clearTimeout(timer);
      worker.off("message", settle).off("error", died).off("exit", left);
      resolve(answer);
    };
    worker.on("message", settle).on("error", died).on("exit", left);
    worker.postMessage(question);
  });
}
