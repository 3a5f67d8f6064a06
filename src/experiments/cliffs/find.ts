import { checkWhole } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import type { CliffsResult } from "../../results/cliffs.js";
import type { OptionValues } from "../../results/run.js";
import { openLoop } from "../loop/cost.js";
import { measureCurve } from "../loop/curve.js";
import type { AllocatorRun } from "../open.js";

const LEAST = 1024;
const MOST = 2 ** 30;

/** Where `findCliffs` looks. */
export interface CliffsRun extends AllocatorRun {
  /** The sizes to look at, both included; 1 KiB to 1 GiB if not given. */
  from?: number;
  to?: number;
  /** Called for each size with the sizes done, and all that are known of so far. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * How the cost of the untouched loop, `p = calloc(1, n); free(p)`, grows with n once it has settled,
 * and every size at which that changes, to the byte, narrow bands under multiples of a page included.
 * @throws RangeError, OptionError; AllocatorAbort, or OutOfMemory if no size can be allocated.
 */
export async function findCliffs(run: CliffsRun): Promise<CliffsResult> {
  const { model, options = {}, from = LEAST, to = MOST, onProgress } = run;
  checkWhole("from", from);
  checkWhole("to", to);
  if (from < 1 || from > to) throw new RangeError(`from must be from 1 to ${to}, which is to; got ${from}`);
  const { check: _check, module: _module, ...settings } = options;
  const loop = await openLoop(run, 0);
  const curve = await measureCurve(loop, { from, to, seeksBands: true, ...(onProgress && { onProgress }) });
  const points = curve.costs
    .filter(({ bytes }) => bytes >= from && bytes <= to)
    .map(({ bytes, ...cost }) => ({ bytes, cost: curve.kindAt(bytes), ...cost }));
  if (points.length === 0) throw new OutOfMemory(`there is no memory for blocks of ${from} bytes and more`);
  const cliffs = curve.cliffs.filter(({ bytes }) => bytes >= from && bytes < to);
  const costs = loop.costs && { costs: loop.costs.name };
  const about = { ...costs, ...(loop.notes && { notes: loop.notes }) };
  return {
    allocator: model,
    options: settings as OptionValues,
    ...about,
    cliffs,
    bands: curve.bands,
    points,
  };
}
