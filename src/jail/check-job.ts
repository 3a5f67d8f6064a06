/** What a Worker does to check a module: some cases, or none. */
import { checkCase, chooseCases, type Outcome } from "../conformance/check.js";
import { alignmentAsked } from "../foreign/abi.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import { openWasmAllocator } from "../foreign/open.js";
import { composedParts } from "../foreign/provisions.js";
import { inspectModule } from "../wasm/inspect.js";
import type { CheckJob } from "./jobs.js";

/** Checks cases, and sends what became of each; without names, reports on the module. */
export async function runCheck(
  job: CheckJob,
  send: (message: { outcome: Outcome }) => void,
): Promise<AllocatorReport> {
  const open = (memoryBytes = job.memoryBytes) => openWasmAllocator(job.wasm, { ...job.open, memoryBytes });
  const { report } = await open();
  const settings = {
    ...{ composed: composedParts(report.functions), memoryBytes: job.memoryBytes },
    ...{ alignment: alignmentAsked(inspectModule(job.wasm), report.convention), ...job.settings },
  };
  for (const one of job.names ? chooseCases(job.names) : [])
    send({ outcome: await checkCase(one, open, settings) });
  return report;
}
