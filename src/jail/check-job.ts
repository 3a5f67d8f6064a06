/** What a Worker does to check a module: one case, or none. */
import { checkCase, chooseCases, type Outcome } from "../conformance/check.js";
import { alignmentAsked } from "../foreign/abi.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import { openWasmAllocator } from "../foreign/open.js";
import { composedParts } from "../foreign/provisions.js";
import { inspectModule } from "../wasm/inspect.js";
import type { CheckJob } from "./jobs.js";

/** Checks one case; without a name, reports on the module. */
export async function runCheck(job: CheckJob): Promise<Outcome | AllocatorReport> {
  const open = (memoryBytes = job.memoryBytes) => openWasmAllocator(job.wasm, { ...job.open, memoryBytes });
  const { name } = job;
  if (name === undefined) return (await open()).report;
  const { functions, convention } = (await open()).report;
  const [one] = chooseCases([name]);
  return checkCase(one as NonNullable<typeof one>, open, {
    ...{ composed: composedParts(functions), memoryBytes: job.memoryBytes },
    ...{ alignment: alignmentAsked(inspectModule(job.wasm), convention), ...job.settings },
  });
}
