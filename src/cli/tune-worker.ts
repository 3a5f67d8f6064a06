/** The Worker of a tune: keeps traces, and runs a candidate on them when it is asked to. */
import { parentPort } from "node:worker_threads";
import { evaluate, type NamedTrace } from "../tune/evaluate.js";
import type { TuneRequest } from "./tune-pool.js";

const known = new Map<number, readonly NamedTrace[]>();

parentPort?.on("message", async (request: TuneRequest) => {
  if ("define" in request) known.set(request.define, request.traces);
  else
    parentPort?.postMessage(
      await evaluate(request.candidate, known.get(request.on) ?? [], request.conditions),
    );
});
