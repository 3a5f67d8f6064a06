/** Axes: where values lie on them, and where they have ticks. */
import { formatCount } from "../base/bytes.js";
import { formatSize } from "../base/numbers.js";

/** A place on an axis that has a label. */
export interface Tick {
  at: number;
  label: string;
}

export interface Axis {
  title?: string;
  /** The values at its ends. Above 0 on a logarithmic axis. */
  ends: readonly [low: number, high: number];
  ticks: readonly Tick[];
  isLogarithmic?: boolean;
}

/** The part of an axis, from 0 to 1, that lies below a value. */
export function placeOn({ ends: [low, high], isLogarithmic }: Axis, value: number): number {
  const scale = isLogarithmic ? Math.log2 : (plain: number) => plain;
  const span = scale(high) - scale(low);
  return span > 0 ? (scale(value) - scale(low)) / span : 0;
}

/** At most `most` steps of 1, 2 or 5 times a power of ten. Ends within the axis. */
export function plainTicks([low, high]: Axis["ends"], most = 6, format = formatCount): Tick[] {
  const rough = Math.max(high - low, Number.MIN_VALUE) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough * (1 - 1e-9)) ?? rough;
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const at = (first + index) * step;
    return { at, label: format(Number(at.toPrecision(12))) };
  });
}

/** Powers of ten, and what is 2 and 5 times one where there are few. */
export function decimalTicks([low, high]: Axis["ends"]): Tick[] {
  const isShort = high / low < 1e3;
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
    .flatMap((power) => (isShort ? [power, 2 * power, 5 * power] : [power]))
    .filter((at) => at >= low && at <= high)
    .map((at) => ({ at, label: formatCount(at) }));
}

/**
 * An axis of bytes from 0 to `highest`: at most `most` steps of a power of two, all in the unit of the step, 0 bare.
 * The last tick is at or above `highest`.
 */
export function binaryTicks(highest: number, most = 6): Tick[] {
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, highest) / most)));
  const steps = Math.max(1, Math.ceil(highest / step));
  const [number, unit] = formatSize(step)
    .replace(/ byte$/, " bytes")
    .split(" ");
  const label = (index: number) => `${formatCount(index * Number(number))} ${unit}`;
  return Array.from({ length: steps + 1 }, (_, index) => ({
    at: index * step,
    label: index === 0 ? "0" : label(index),
  }));
}

/** A logarithmic axis of bytes: powers of two from `low` to `high`, at most `most` of them, each in its own unit. */
export function sizeTicks(low: number, high: number, most = 11): Tick[] {
  const [first, last] = [Math.ceil(Math.log2(low)), Math.floor(Math.log2(high))];
  const step = Math.max(1, Math.ceil((last - first) / (most - 1)));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
    .filter((exponent) => exponent % step === 0)
    .map((exponent) => ({
      at: 2 ** exponent,
      label: formatSize(2 ** exponent).replace(/ bytes?$/, " B"),
    }));
}
