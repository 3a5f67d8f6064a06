/**
 * The program: a Python process that clones a huge repository (git-cinnabar), scaled down.
 *
 *      warm-up   a large block, freed at once
 *      phase 1   objects that stay: most are small, every twentieth has 576 bytes or more
 *      phase 2   manifests: each is read into a buffer that grows by realloc, and copied; some copies are kept. New
 *                objects come beside them, and more old ones die
 *      phase 3   the copies are freed, and 70 % of the objects that are left
 *
 * The story is M. Hommey's, https://glandium.org/blog/?p=3698; the figures of the program are our own.
 */
import { checkNumbers } from "../../base/arguments.js";
import { UsageError } from "../../base/errors.js";
import type { CinnabarChange } from "../../results/cinnabar.js";

/** All that says what the program does. The same workload gives the same trace on every host. Sizes are in bytes. */
export interface CinnabarWorkload {
  /** Objects that phase 1 makes. */
  objects: number;
  manifests: number;
  /** Copies of manifests that are kept. */
  kept: number;
  /** About what the first manifest has, and the last. */
  smallest: number;
  largest: number;
  /** Share of phase 1's objects that phase 2 frees more than it makes, 0 to 1. */
  dying: number;
  /** Small objects, and middling ones twice, that each manifest leaves. */
  small: number;
  middling: number;
  /** Of the large block before all others; 0 for none. */
  warmUp: number;
  seed: number;
}

/** Live data falls all through phase 2, and so do the figures of the real allocators that tests hold these to. */
export const cinnabarWorkload: CinnabarWorkload = {
  objects: 120_000,
  manifests: 400,
  kept: 2,
  smallest: 160_000,
  largest: 1_500_000,
  dying: 0.6,
  small: 120,
  middling: 8,
  warmUp: 2 ** 20,
  seed: 1,
};

const ROUND = 100_000;

/** What manifests have that do not grow over time: the mean, rounded down if it can be. */
function oneSize({ smallest, largest }: CinnabarWorkload): Pick<CinnabarWorkload, "smallest" | "largest"> {
  const mean = Math.floor((smallest + largest) / 2);
  const bytes = mean - (mean % ROUND) || mean;
  return { smallest: bytes, largest: bytes };
}

const CHANGES: Record<CinnabarChange, (workload: CinnabarWorkload) => Partial<CinnabarWorkload>> = {
  nothing: () => ({}),
  "middling objects": () => ({ middling: 0 }),
  "growth of buffers": oneSize,
  "warm-up": () => ({ warmUp: 0 }),
};

/** The workload with something left out. */
export function workloadWithout(workload: CinnabarWorkload, change: CinnabarChange): CinnabarWorkload {
  return { ...workload, ...CHANGES[change](workload) };
}

/** @throws UsageError naming what cannot be; RangeError for a number that is none. */
export function checkWorkload(workload: CinnabarWorkload): void {
  checkNumbers(workload, ["dying"]);
  const { smallest, largest, objects } = workload;
  if (smallest > largest) {
    throw new UsageError(`--smallest is ${smallest} bytes, more than --largest, ${largest}`);
  }
  if (objects < 1000)
    throw new UsageError(`--objects is ${objects}: phase 2 needs 1000 at least to choose from`);
}
