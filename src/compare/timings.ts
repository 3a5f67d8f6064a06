/** What rounds took, and how that compares with the baseline's. */
import { seeded } from "../base/random.js";
import { median, quantile, ratioOfQuantiles, spread } from "../base/statistics.js";
import type { Clock, Timing, Timings } from "./record.js";
import type { Round, Times } from "./runner.js";

/** CPU time is judged, unless a trace is so short that the host does not see it pass. */
export function judgedClock(rounds: readonly Round[]): Clock {
  const isSeen = rounds.every(({ cpu }) => cpu.first > 0 && cpu.steady > 0);
  return isSeen ? "cpu" : "wall";
}

/** The times of some rounds by one clock, and their ratios to the baseline's, which has none itself. */
export function timingsOf(
  rounds: readonly Round[],
  baseline: readonly Round[] | null,
  clock: Clock,
  seed: number,
): Timings {
  const timing = (figure: keyof Times): Timing | null => {
    const samples = samplesOf(rounds, clock, figure);
    return samples && timingOf(samples, samplesOf(baseline ?? [], clock, figure) ?? [], clock, seed);
  };
  // Every round has these two.
  const [first, steady] = [timing("first") as Timing, timing("steady") as Timing];
  return { first, steady, javascript: timing("javascript") };
}

/** A sample of each round; null if not all of them have one. */
function samplesOf(rounds: readonly Round[], clock: Clock, figure: keyof Times): number[] | null {
  const samples = rounds.map((round) => round[clock][figure]).filter((one) => one !== null);
  return samples.length === rounds.length ? samples : null;
}

/**
 * The steady times without the driver's in the same rounds; null where those were not measured. They have no ratio where
 * the driver takes as much as the baseline does in some round: what is left is noise.
 */
export function netOf(
  rounds: readonly Round[],
  baseline: readonly Round[] | null,
  driver: readonly Round[],
  clock: Clock,
  seed: number,
): Timing | null {
  const beyond = (all: readonly Round[]) =>
    all.slice(0, driver.length).map((round, i) => round[clock].steady - (driver[i] as Round)[clock].steady);
  const [samples, yardstick] = [beyond(rounds), beyond(baseline ?? [])];
  if (samples.length === 0) return null;
  return timingOf(samples, yardstick.every((one) => one > 0) ? yardstick : [], clock, seed);
}

/** What a ratio is of. Others on the host lengthen CPU time too, by taking caches, and only ever lengthen it. */
const RATIO_OF = { wall: "median", cpu: "low" } as const satisfies Record<Clock, Timing["ratioOf"]>;
const LOW = 0.25;

/** One sample for each round. The yardstick's are of the same rounds, as far as they go; it may have none. */
function timingOf(samples: number[], yardstick: readonly number[], clock: Clock, seed: number): Timing {
  const pairs = Math.min(samples.length, yardstick.length);
  const both = [samples, yardstick].map((all) => all.slice(0, pairs)) as [number[], number[]];
  const ratioOf = RATIO_OF[clock];
  const part = ratioOf === "low" ? LOW : 0.5;
  const isMeasured = pairs > 0 && quantile(both[1], part) > 0;
  const ratio = isMeasured ? ratioOfQuantiles(...both, seeded(seed), part) : null;
  const [middle, low] = [median(samples), quantile(samples, LOW)];
  return { samples, median: middle, low, spread: spread(samples), ratio, ratioOf };
}
