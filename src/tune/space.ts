/**
 * The settings of each model that are worth trying, with a coarse grid of values each.
 *
 * Leaving an option unset is a value of its own, which every dimension has: glibc's thresholds adapt unless they are set.
 * Only values that the real allocator takes are here. Left out are options that only say where things are (`libc`,
 * `seed`, `mapTop`, `base`, `heapStart`), that fill memory (`perturb`), that limit it (`heapLimitMb`), or
 * that change no address of one thread (`narenas`, `thp`: docs of jemalloc 5.3.0).
 */
import type { Options } from "../allocator/choice.js";
import { findModel } from "../sandbox/options.js";

/** An option, and what to try of it. */
export interface Dimension {
  option: string;
  /** Coarse, in ascending order if they are numbers. */
  grid: readonly (string | number)[];
  /** Values between two of the grid are multiples of this; absent where nothing is between them. */
  step?: number;
  /** Only where the trace has threads. */
  ofThreads?: true;
  /** What it may cost that simulated time does not have. */
  unpriced?: string;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const PAGE = 4096;

const CACHE = "a smaller cache of the thread makes small calls slower, which simulated time does not count";
const LOCKS = "fewer arenas make threads wait for each other, which simulated time does not count";

const GLIBC: readonly Dimension[] = [
  { option: "mmapThreshold", grid: [32 * KIB, 128 * KIB, MIB, 8 * MIB, 32 * MIB], step: PAGE },
  { option: "trimThreshold", grid: [0, 128 * KIB, 2 * MIB, 32 * MIB, 1024 * MIB], step: PAGE },
  { option: "topPad", grid: [0, 32 * KIB, 1 * MIB, 8 * MIB, 64 * MIB], step: PAGE },
  { option: "arenaMax", grid: [1, 2, 4], ofThreads: true, unpriced: LOCKS },
  { option: "tcacheCount", grid: [0, 32, 256], step: 1, unpriced: CACHE },
  { option: "mxfast", grid: [0, 160], step: 16 },
];

const JEMALLOC: readonly Dimension[] = [
  { option: "dirty_decay_ms", grid: [-1, 0, 100, 1000, 30_000] },
  { option: "tcache", grid: ["false"], unpriced: CACHE },
  { option: "retain", grid: ["false"] },
];

const MIMALLOC: readonly Dimension[] = [
  { option: "decommit_delay", grid: [0, 5, 100, 500], step: 1 },
  { option: "segment_decommit_delay", grid: [0, 50, 5000], step: 1 },
  { option: "decommit_extend_delay", grid: [0, 10] },
  { option: "allow_decommit", grid: ["0"] },
  { option: "eager_commit", grid: ["0"] },
  { option: "page_reset", grid: ["1"] },
];

const TCMALLOC: readonly Dimension[] = [
  { option: "releaseRate", grid: [0, 5, 20, 100, 1000], step: 1 },
  { option: "aggressiveDecommit", grid: ["1"] },
  { option: "skipSbrk", grid: ["1"] },
  { option: "transferNumObj", grid: [8, 128, 1024], step: 1 },
  { option: "maxTotalThreadCacheBytes", grid: [512 * KIB, 4 * MIB, 256 * MIB], step: PAGE, unpriced: CACHE },
];

const PYMALLOC: readonly Dimension[] = [{ option: "arenas", grid: ["none"] }];

/** By model, or layer. What is not here is run as it is. */
const SPACES: Readonly<Record<string, readonly Dimension[]>> = {
  glibc: GLIBC,
  jemalloc: JEMALLOC,
  mimalloc: MIMALLOC,
  tcmalloc: TCMALLOC,
  pymalloc: PYMALLOC,
};

/** Options that a release ignores: 2.43 of glibc has no fastbins. */
const IGNORED: Readonly<Record<string, readonly string[]>> = { "2.43": ["mxfast"] };

/**
 * What to try of a model, but for the options that it was given, which stay as they are.
 * @throws OptionError for an unknown model
 */
export function spaceOf(allocator: string, given: Options, hasThreads: boolean): Dimension[] {
  const { name, layers } = findModel(allocator);
  const parts = layers ? [layers.layer.name, layers.base.name] : [name];
  const ignored = IGNORED[String(given.version)] ?? [];
  return parts
    .flatMap((part) => SPACES[part] ?? [])
    .filter(({ option, ofThreads }) => !Object.hasOwn(given, option) && (hasThreads || !ofThreads))
    .filter(({ option }) => !ignored.includes(option));
}

/** What settings may cost that simulated time does not have, once each. */
export function unpricedOf(allocator: string, options: Options): string[] {
  const { name, layers } = findModel(allocator);
  const parts = layers ? [layers.layer.name, layers.base.name] : [name];
  const all = parts.flatMap((part) => SPACES[part] ?? []);
  const said = all.filter(({ option }) => isLess(option, options[option])).map(({ unpriced }) => unpriced);
  return [...new Set(said)].filter((text) => text !== undefined);
}

/** Whether an option is set so that less is kept than without it. */
function isLess(option: string, value: string | number | undefined): boolean {
  if (value === undefined) return false;
  const usual: Record<string, number> = { tcacheCount: 7, maxTotalThreadCacheBytes: 32 * MIB };
  return typeof value === "string" || value < (usual[option] ?? Number.POSITIVE_INFINITY);
}
