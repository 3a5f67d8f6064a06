/** What many measurements of one thing say, and how sure it is. */

/** Half of the values are at or below it. @throws RangeError for none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value below which a part of all lies, from 0 to 1; between two values linearly (definition 7 of Hyndman & Fan
 * 1996). @throws RangeError for no values.
 */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new RangeError("there is no quantile of no values");
  const sorted = [...values].sort((one, other) => one - other);
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** Half of the distance between the quartiles, as a part of the median. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/** A ratio, and the interval that holds it with 95 % confidence; null for both ends where there is none. */
export interface Ratio {
  value: number;
  low: number | null;
  high: number | null;
}

/**
 * The fewest rounds that can be so sure. All of n lie on one side of the true median with a probability of 2^(1 - n)
 * (the sign test), so that for five not even the whole range has 95 %.
 */
export const LEAST_ROUNDS = 6;

const RESAMPLES = 2000;
const CONFIDENCE = 0.95;

/**
 * The ratio of two medians, `values` to `yardstick`, with its interval: the percentile bootstrap (Efron 1979). Both
 * were measured in turn, a pair a round, and rounds are drawn as pairs: what disturbed a round disturbed both. Of fewer
 * than LEAST_ROUNDS there is no interval.
 * @throws RangeError for different numbers of rounds, or none.
 */
export function ratioOfMedians(
  values: readonly number[],
  yardstick: readonly number[],
  random: () => number,
): Ratio {
  if (values.length !== yardstick.length) throw new RangeError("a ratio needs pairs of values");
  const rounds = values.length;
  const value = median(values) / median(yardstick);
  if (rounds < LEAST_ROUNDS) return { value, low: null, high: null };
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const drawn = Array.from({ length: rounds }, () => Math.floor(random() * rounds));
    return median(pick(values, drawn)) / median(pick(yardstick, drawn));
  });
  const tail = (1 - CONFIDENCE) / 2;
  return { value, low: quantile(ratios, tail), high: quantile(ratios, 1 - tail) };
}

function pick(values: readonly number[], indices: readonly number[]): number[] {
  return indices.map((index) => values[index] as number);
}

/** The geometric mean, which is what a mean of ratios is. @throws RangeError for none. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there is no mean of no values");
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
