import type { Allocator } from "../../allocator/allocator.js";
import { checkWhole } from "../../base/arguments.js";
import { formatCount } from "../../base/bytes.js";
import { OutOfMemory } from "../../base/errors.js";
import { formatSize } from "../../base/numbers.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { CostKind } from "../../results/loop.js";
import type { OptionValues, Result } from "../../results/run.js";
import { callocLoopRecords, openLoop } from "../loop/cost.js";
import { costKind } from "../loop/curve.js";
import { type AllocatorRun, costsOf, isOfModule, notesOf, prepareAllocator } from "../open.js";

/** Iterations between two calls of onProgress, at most. */
const BATCH = 500;
/** What modules are asked for between two: they really clear it. */
const BATCH_BYTES = 2 ** 30;

/** What `runCallocLoop` runs. */
export interface CallocLoopRun extends AllocatorRun {
  /** Size of each block. */
  bytes: number;
  /** Iterations. */
  count: number;
  /** Part of each block the program writes, 0 to 1, from its start. */
  written: number;
  /** Called now and then with the iterations done, and all there are. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Benfield's program: `count` times `p = calloc(1, bytes)`, write part of it, `free(p)`.
 * @throws RangeError, OptionError; AllocatorAbort or OutOfMemory from the run, the latter also where calloc returned 0;
 * ModuleTrap for a module whose calloc is not zero.
 */
export async function runCallocLoop(run: CallocLoopRun): Promise<Result> {
  const { model, options = {}, bytes, count, written } = run;
  checkWhole("bytes", bytes);
  checkWhole("count", count);
  if (!(written >= 0 && written <= 1)) throw new RangeError(`written must be from 0 to 1; got ${written}`);
  const { check: _check, module: _module, ...settings } = options;
  const open = await prepareAllocator(run);
  const sandbox = await open();
  const records = callocLoopRecords(bytes, written);
  const batch = sandbox.machine ? BATCH : Math.min(BATCH, Math.ceil(BATCH_BYTES / (bytes + 1)));
  const start = performance.now();
  let failed = 0;
  for (let done = 0; done < count; ) {
    const times = Math.min(batch, count - done);
    failed += sandbox.repeat(records, times);
    done += times;
    run.onProgress?.(done, count);
  }
  const hostSeconds = (performance.now() - start) / 1000;
  if (failed > 0) throw new OutOfMemory(failureOf(sandbox, run, failed));
  if (options.check) sandbox.check();
  const counters = sandbox.counters();
  const costs = costsOf(sandbox, run.costs);
  sandbox.close();
  const isAlive = () => run.onProgress?.(count, count);
  // A module is not compiled again.
  const again = isOfModule(run) || run.open ? { open } : {};
  const cost = await findCostKind({ model, options, ...again, bytes, written, onProgress: isAlive });
  return {
    allocator: model,
    options: settings as OptionValues,
    parameters: { bytes, count, written },
    counters,
    ...(costs && { simulated: simulatedTime(counters, costs) }),
    hostSeconds,
    ...(cost && { cost }),
    ...notesOf(sandbox),
  };
}

/** A loop whose calloc fails does nothing and costs nothing, which is no finding. */
function failureOf(allocator: Allocator, { bytes, count }: CallocLoopRun, failed: number): string {
  allocator.calloc(1, bytes);
  const { remedy = "ask for less" } = allocator.lastError ?? {};
  const times = failed === count ? "every time" : `${formatCount(failed)} of ${formatCount(count)} times`;
  return `calloc(1, ${formatSize(bytes)}) failed ${times}: ${remedy}`;
}

/** What `findCostKind` looks at. */
export interface CostKindRun extends AllocatorRun {
  /** Size of each block. */
  bytes: number;
  /** Part of each block the program writes, 0 to 1, from its start. */
  written: number;
  /** Called for each size with the sizes done, and all there are. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * How the settled loop's cost per iteration grows about a size; undefined where there is not the memory for it.
 * @throws as runCallocLoop does.
 */
export async function findCostKind({
  bytes,
  written,
  onProgress,
  ...run
}: CostKindRun): Promise<CostKind | undefined> {
  return costKind(await openLoop(run, written), bytes, onProgress);
}
