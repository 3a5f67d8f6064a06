/**
 * A program that touches a block of memory, with huge pages and without.
 *
 *      sparse     a byte in each stride     │x·······│x·······│x·······│
 *      dense      a byte in each page       │xxxxxxxx│xxxxxxxx│xxxxxxxx│   MADV_HUGEPAGE first, where that is heard
 */
import { totalFaults } from "../../allocator/counters.js";
import type { HugePagesKind } from "../../allocator/machine.js";
import { checkOneOf, checkRange, LARGEST } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import { type HugeResult, TOUCHERS, type Toucher } from "../../results/huge.js";
import type { OptionValues } from "../../results/run.js";
import { HUGE_PAGE_MODES } from "../../sandbox/huge-pages.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { type ModelRun, notesOf } from "../open.js";

/** A page. */
export const LEAST_STRIDE = 4096;

/** What `runHuge` runs. */
export interface HugeRun extends ModelRun {
  mode: HugePagesKind;
  toucher: Toucher;
  /** Size of the block, and how far the sparse one's bytes are apart, at least a page; in bytes. */
  size: number;
  stride: number;
}

/**
 * Touches a block in one mode of huge pages, on a model whose machine has them.
 * @throws RangeError, OptionError; OutOfMemory
 */
export async function runHuge(run: HugeRun): Promise<HugeResult> {
  const { model, options = {}, mode, toucher, size, stride } = run;
  checkOneOf("mode", mode, HUGE_PAGE_MODES);
  checkOneOf("toucher", toucher, TOUCHERS);
  checkRange("size", size, 1, LARGEST);
  checkRange("stride", stride, LEAST_STRIDE, LARGEST);
  const { check: _check, module: _module, ...settings } = options;
  const sandbox = await openModel(model, { ...options, hugePages: mode });
  const block = sandbox.malloc(size);
  if (block === 0) throw new OutOfMemory(`there is no room for ${size} bytes: ask for less`);
  const figures = touch(sandbox, block, run);
  if (options.check) sandbox.check();
  sandbox.close();
  const notes = notesOf(sandbox);
  return { allocator: model, options: settings as OptionValues, ...notes, mode, toucher, ...figures };
}

function touch(sandbox: Sandbox, block: number, { toucher, size, stride }: HugeRun) {
  const { pageBytes } = sandbox;
  const before = sandbox.counters();
  const isDense = toucher === "dense";
  const first = Math.ceil(block / pageBytes) * pageBytes;
  const whole = Math.floor((block + size) / pageBytes) * pageBytes - first;
  if (isDense && whole > 0) sandbox.advise(first, whole, "hugePage");
  const step = isDense ? pageBytes : stride;
  for (let at = 0; at < size; at += step) sandbox.touch(block + at, 1, "write");
  const after = sandbox.counters();
  return {
    used: Math.ceil(size / step) * pageBytes,
    faults: totalFaults(after.faults) - totalFaults(before.faults),
    hugeFaults: sandbox.hugePages().faults,
    zeroed: after.zeroed.kernel - before.zeroed.kernel,
    resident: after.bytes.resident - before.bytes.resident,
  };
}
