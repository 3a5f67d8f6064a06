/**
 * What else an allocator could do: the settled loop `p = calloc(1, n)`, write part of its pages,
 * `free(p)`, on allocators that clear, discard or map afresh, and from which part on one of them costs less than
 * another.
 */

import { checkWhole } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import type { CostProfile } from "../../costs/profile.js";
import type { CallocFix, Crossover } from "../../results/calloc-fixes.js";
import type { OptionValues } from "../../results/run.js";
import { openLoop } from "../loop/cost.js";
import type { ModelRun } from "../open.js";

/** One allocator, measured by the part of each block that is written. */
export interface CallocFixRun extends ModelRun {
  /** Size of each block. */
  bytes: number;
  /** Parts of its pages that are written, 0 to 1. */
  shares: readonly number[];
  /** One profile for all that are compared. */
  costs: CostProfile;
}

/** Two allocators to compare. */
export interface CrossoverRun {
  one: Pick<CallocFixRun, "model" | "options">;
  other: Pick<CallocFixRun, "model" | "options">;
  /** Size of each block. */
  bytes: number;
  /** One profile for both. */
  costs: CostProfile;
}

/** Measures one allocator. @throws RangeError, OptionError; OutOfMemory, AllocatorAbort from the run. */
export async function runCallocFix(run: CallocFixRun): Promise<CallocFix> {
  const { model, options = {}, shares, costs } = run;
  const loop = await openPages(run, run.bytes, costs);
  const { check: _check, module: _module, ...settings } = options;
  const points: CallocFix["points"] = [];
  for (const share of shares) {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`shares must be from 0 to 1; got ${share}`);
    const pages = Math.round(share * loop.pages);
    points.push({ share, pages, ...(await loop.costAt(pages)) });
  }
  return {
    ...{ allocator: model, options: settings as OptionValues, ...loop.notes },
    ...{ costs: costs.name, bytes: run.bytes, points },
  };
}

/**
 * Finds, to the page, the number of written pages at which the cheaper of two allocators changes. Undefined if it
 * never does; one of those numbers if it does more than once. Where costs are equal, the other counts as cheaper.
 */
export async function findCrossover({
  one,
  other,
  bytes,
  costs,
}: CrossoverRun): Promise<Crossover | undefined> {
  const [loop, others] = [await openPages(one, bytes, costs), await openPages(other, bytes, costs)];
  const isCheaper = async (pages: number) =>
    (await loop.costAt(pages)).simulatedSeconds < (await others.costAt(pages)).simulatedSeconds;
  let [low, high] = [0, loop.pages];
  const atNone = await isCheaper(low);
  if (atNone === (await isCheaper(high))) return undefined;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await isCheaper(middle)) === atNone) low = middle;
    else high = middle;
  }
  return { pages: high, share: high / loop.pages, cheaperAbove: atNone ? "other" : "one" };
}

/** The loop on one allocator, by pages written. */
async function openPages({ model, options = {} }: CrossoverRun["one"], bytes: number, costs: CostProfile) {
  checkWhole("bytes", bytes);
  const run = { model, options, costs };
  const { pageBytes, notes } = await openLoop(run, 0);
  const pages = Math.ceil(bytes / pageBytes);
  return {
    pages,
    notes: notes && { notes },
    async costAt(written: number) {
      const loop = await openLoop(run, Math.min(1, (written * pageBytes) / bytes));
      const cost = await loop.costAt(bytes);
      if (!cost) throw new OutOfMemory(`${model} has no memory for a block of ${bytes} bytes`);
      const { bytes: _, first: __, settledAfter: ___, ...settled } = cost;
      return settled;
    },
  };
}
