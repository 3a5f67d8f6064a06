/** Which candidates none surpasses. */
import type { TuneRatios, TuneResult } from "../results/tune.js";

/** Those that came through, with their places. */
export function finished(results: readonly TuneResult[]): { place: number; ratios: TuneRatios }[] {
  return results.flatMap(({ outcome }, place) =>
    outcome.state === "done" ? [{ place, ratios: outcome.ratios }] : [],
  );
}

/**
 * The places of the Pareto front, the least time first: no other takes less of both resident memory and time, or less of one and as much of
 * the other. Of those that come to the same the one with the fewest settings is there, or the first.
 */
export function frontOf(results: readonly TuneResult[]): number[] {
  const settings = (place: number) => Object.keys((results[place] as TuneResult).options).length;
  const sorted = finished(results).sort(
    (one, other) =>
      one.ratios.time - other.ratios.time ||
      one.ratios.resident - other.ratios.resident ||
      settings(one.place) - settings(other.place) ||
      one.place - other.place,
  );
  let least = Number.POSITIVE_INFINITY;
  return sorted.flatMap(({ place, ratios }) => {
    if (ratios.resident >= least) return [];
    least = ratios.resident;
    return [place];
  });
}
