/** An allocator that does nothing: what it takes on a trace is the driver's part. */
import { readFile } from "node:fs/promises";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import type { ClosedTrace } from "./closed-trace.js";
import type { RunnerJob } from "./runner.js";

const URL_OF_EMPTY = new URL("../../build/bench-empty.wasm", import.meta.url);

/** Makes the job of a trace on it. All its blocks are one, which the memory has to hold. */
export async function emptyJobs(): Promise<
  (trace: ClosedTrace, how: Pick<RunnerJob, "passes" | "touch" | "latencyRuns">) => RunnerJob
> {
  const wasm = new Uint8Array(await readFile(URL_OF_EMPTY));
  return ({ records, count, peakLiveBytes, largestBytes }, how) => ({
    ...{ wasm, records, count, peakLiveBytes, options: {}, ...how },
    roomBytes: largestBytes + WASM_PAGE_BYTES,
  });
}
