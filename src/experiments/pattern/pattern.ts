/**
 * The shape of a program: threads that allocate, write and free blocks, round by round.
 *
 *      round   thread 2   a a a a …            each thread in turn; one that has `live` blocks frees some before it goes on
 *              thread 3   a a a a …  ◄ peak    in the last round
 *              thread 2   f f f f …            what is left, but for the blocks that are kept
 *              thread 3   f f f f …
 *      at last            ◄ freed, trim, the threads end ◄ ended, trim
 */
import { checkNumbers } from "../../base/arguments.js";
import { UsageError } from "../../base/errors.js";
import { MOST_BYTES, SIZE_SPREADS } from "../../trace/workload.js";

/**
 * How sizes are spread from the least to the largest: the ways of workloads, drawn at random; in even steps, without
 * chance; or by the block's number in its round, evenly up to the largest or twice as much each time.
 */
export const SPREADS = [...SIZE_SPREADS, "steps", "growing", "doubling"] as const;
/** @inline */
export type Spread = (typeof SPREADS)[number];

/** What a thread frees when it has as many blocks as it may have: one of them, or all. */
export const DRAINS = ["one", "all"] as const;
/** @inline */
export type Drain = (typeof DRAINS)[number];

/** Which block is freed first. */
export const ORDERS = ["first", "last", "random"] as const;
/** @inline */
export type Order = (typeof ORDERS)[number];

/** Who frees a thread's blocks: it, the next thread, or a thread beside it that does nothing else. */
export const FREERS = ["own", "next", "consumer"] as const;
/** @inline */
export type Freer = (typeof FREERS)[number];

/** How blocks are allocated. */
export const CALLS = ["malloc", "calloc"] as const;
/** @inline */
export type Call = (typeof CALLS)[number];

/** When the first thread trims. `rounds` is at the end of each round, and at both the other moments. */
export const TRIMS = ["never", "freed", "ended", "both", "rounds"] as const;
/** @inline */
export type Trim = (typeof TRIMS)[number];

/** All that says what the program does. The same pattern gives the same trace on every host. */
export interface Pattern {
  /** Threads that allocate, besides the first, which then only trims. With 0 the first does all the work. */
  threads: number;
  rounds: number;
  /** Blocks that each thread allocates in a round. */
  blocks: number;
  /** Blocks that a thread has at most, those it keeps aside; 0 for as many as it allocates in a round. */
  live: number;
  drain: Drain;
  /** Sizes in bytes. */
  min: number;
  max: number;
  spread: Spread;
  /** Of `steps`: by how many bytes the size moves on with each block, thread and round. */
  steps: { block: number; thread: number; round: number };
  by: Call;
  /** Share of each block that the program writes, 0 to 1, from its start. */
  written: number;
  order: Order;
  /** Of every so many blocks of a thread and round the last is never freed; 0 for none. */
  keep: number;
  freer: Freer;
  trim: Trim;
  seed: number;
}

/** Most threads that allocate: each may have a consumer, and the numbers of threads end at 65536. */
export const MOST_WORKERS = 30_000;

/** @throws UsageError naming what cannot be, and what to do; RangeError for a number that is none. */
export function checkPattern(pattern: Pattern): void {
  checkNumbers(pattern, ["written"]);
  checkNumbers(pattern.steps);
  const { threads, min, max, freer } = pattern;
  if (threads > MOST_WORKERS) {
    throw new UsageError(`--threads: ${threads} are too many: ask for at most ${MOST_WORKERS}`);
  }
  if (min > max) throw new UsageError(`--size: the least size is above the largest: write ${max}..${min}`);
  if (max > MOST_BYTES) throw new UsageError("--size: blocks of more than 1GiB: ask for smaller ones");
  if (freer !== "own" && threads < (freer === "next" ? 2 : 1)) {
    throw new UsageError(`--freer: "${freer}" needs another thread: raise --threads, or choose own`);
  }
}
