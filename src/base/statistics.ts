/** Statistics of repeated measurements. */

/** The middle value: half of the values are at or below it. @throws RangeError for no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value that `part` of all values, from 0 to 1, lie below; interpolated linearly between two values (definition 7
 * of Hyndman & Fan 1996). @throws RangeError for no values.
 */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new RangeError("there is no quantile of no values");
  const sorted = [...values].sort((one, other) => one - other);
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** Half the distance between the quartiles, as a part of the median. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/** A ratio with its 95 % confidence interval. Both ends are null where there is no interval. */
export interface Ratio {
  value: number;
  low: number | null;
  high: number | null;
}

/**
 * Fewest rounds that allow a 95 % interval. All n rounds lie on one side of the true median with a probability of
 * 2^(1 - n) (the sign test): for five rounds, not even their whole range holds it with 95 %. An interval of lower
 * quartiles holds the true ratio in 91 % of the cases with six rounds, and in 94 to 95 % from eight on, of noise that
 * is even and of noise that only adds.
 */
export const LEAST_ROUNDS = 6;

const RESAMPLES = 2000;
const CONFIDENCE = 0.95;

/**
 * The ratio of two quantiles, medians unless `part` says else, of `values` to `yardstick`, with its interval by the
 * percentile bootstrap (Efron 1979). Every round measured both, and rounds are resampled as pairs, because what
 * disturbed a round disturbed both. Fewer than LEAST_ROUNDS rounds have no interval.
 * @throws RangeError for different numbers of rounds, or none.
 */
export function ratioOfQuantiles(
  values: readonly number[],
  yardstick: readonly number[],
  random: () => number,
  part = 0.5,
): Ratio {
  if (values.length !== yardstick.length) throw new RangeError("a ratio needs pairs of values");
  const rounds = values.length;
  const value = quantile(values, part) / quantile(yardstick, part);
  if (rounds < LEAST_ROUNDS) return { value, low: null, high: null };
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const drawn = Array.from({ length: rounds }, () => Math.floor(random() * rounds));
    return quantile(pick(values, drawn), part) / quantile(pick(yardstick, drawn), part);
  });
  const tail = (1 - CONFIDENCE) / 2;
  return { value, low: quantile(ratios, tail), high: quantile(ratios, 1 - tail) };
}

function pick(values: readonly number[], indices: readonly number[]): number[] {
  return indices.map((index) => values[index] as number);
}

/** The geometric mean, the right mean for ratios. @throws RangeError for no values. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there is no mean of no values");
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
