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

/** Half the distance between the quartiles, as a part of the median; 0 where that is 0, as of what a clock did not see pass. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / middle;
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
  return withInterval(value, rounds, () => {
    const drawn = draw(rounds, random);
    return quantile(pick(values, drawn), part) / quantile(pick(yardstick, drawn), part);
  });
}

/** What one run measured, and perhaps a yardstick in the same rounds. */
export interface Run {
  values: readonly number[];
  yardstick?: readonly number[];
}

/**
 * The ratio of the same quantile of two runs, each as a multiple of its yardstick's if it has one, with its interval by
 * the percentile bootstrap. Runs are independent, so each is resampled by itself. Fewer than LEAST_ROUNDS rounds of
 * either have no interval.
 */
export function ratioBetweenRuns(later: Run, earlier: Run, random: () => number, part: number): Ratio {
  const figure = ({ values, yardstick }: Run, drawn: number[]) => {
    const own = quantile(pick(values, drawn), part);
    return yardstick ? own / quantile(pick(yardstick, drawn), part) : own;
  };
  const all = ({ values }: Run) => values.map((_, round) => round);
  const value = figure(later, all(later)) / figure(earlier, all(earlier));
  return withInterval(value, Math.min(later.values.length, earlier.values.length), () => {
    const [one, other] = [later, earlier].map((run) => figure(run, draw(run.values.length, random)));
    return (one as number) / (other as number);
  });
}

/** Adds the interval that resamples of a ratio give. */
function withInterval(value: number, rounds: number, resample: () => number): Ratio {
  if (rounds < LEAST_ROUNDS) return { value, low: null, high: null };
  const ratios = Array.from({ length: RESAMPLES }, resample);
  const tail = (1 - CONFIDENCE) / 2;
  return { value, low: quantile(ratios, tail), high: quantile(ratios, 1 - tail) };
}

/** Rounds, drawn with replacement. */
const draw = (rounds: number, random: () => number): number[] =>
  Array.from({ length: rounds }, () => Math.floor(random() * rounds));

function pick(values: readonly number[], indices: readonly number[]): number[] {
  return indices.map((index) => values[index] as number);
}

/** The geometric mean, the right mean for ratios. @throws RangeError for no values. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there is no mean of no values");
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
