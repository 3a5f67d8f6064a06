/**
 * Cuts a curve of cost against size into stretches of one kind.
 *
 * A cost is two figures: bytes zeroed by the allocator, and pages faulted in. Over a stretch of sizes it
 * is *constant* if both stay level, and *linear* if one of them follows a rising line and the other does too or
 * stays level. Neither is meant to the byte, for allocators round sizes up: to 16 bytes, to pages, or to classes up
 * to half a size apart. The curve is cut into the fewest stretches that there can be, where they fit best.
 */

import type { CostKind } from "../../results/loop.js";

/** One point of the curve. */
export interface Sample {
  /** The size asked for. */
  bytes: number;
  /** Bytes the allocator zeroed, and minor faults, in one settled iteration. */
  zeroed: number;
  faults: number;
}

/** Neighbouring samples, `first` to `last` by index, on which cost is of one kind. */
export interface Stretch {
  first: number;
  last: number;
  kind: CostKind;
  /** Bytes zeroed, and faults, per byte asked for; 0 where the cost is constant. */
  slope: { zeroed: number; faults: number };
}

/** Size classes are at most this far apart, as a part of the size. */
const CLASS = 1 / 2;
/** The smallest size classes are at most this far apart, in bytes. */
const SMALLEST = 64;
/** A constant cost may vary by this many pages: the parts of pages at the two ends of a block. */
const TOLERANCE_PAGES = 2;
/** Nor may bytes zeroed vary by more than this part of the size: in small blocks that would be linear cost. */
const TOLERANCE = 1 / 8;
/** A line that falls less steeply than this, per byte, counts as level: rounding can look so. */
const FALL = 1 / 64;
/** At size 0 a line may be below 0 by this part of its rise to the first size. Further below, it joins two kinds. */
const BELOW = 1 / 4;
/** With fewer samples than this everything looks straight. */
const FEWEST = 3;

interface Fit {
  kind: CostKind;
  slope: Stretch["slope"];
  /** Sum of the distances between samples and fit, as parts of the size. */
  distance: number;
}

/** Samples in ascending order of size, all sizes different. */
export function cutIntoStretches(samples: readonly Sample[], pageBytes: number): Stretch[] {
  const curve = new Samples(samples, pageBytes);
  // Of the samples before each index: how few stretches they make, how badly those fit, and the last of them.
  const best: { stretches: number; distance: number; last?: Stretch }[] = [{ stretches: 0, distance: 0 }];
  for (let end = 1; end <= samples.length; end++) {
    let found: (typeof best)[number] = { stretches: Number.POSITIVE_INFINITY, distance: 0 };
    for (let first = 0; first < end; first++) {
      const before = best[first] as (typeof best)[number];
      const stretches = before.stretches + 1;
      const fit = stretches <= found.stretches ? curve.fit(first, end - 1) : undefined;
      const distance = before.distance + (fit?.distance ?? 0);
      if (!fit || (stretches === found.stretches && distance >= found.distance)) continue;
      found = { stretches, distance, last: { first, last: end - 1, kind: fit.kind, slope: fit.slope } };
    }
    best.push(found);
  }
  const stretches: Stretch[] = [];
  for (let stretch = best[samples.length]?.last; stretch; stretch = best[stretch.first]?.last)
    stretches.unshift(stretch);
  return stretches;
}

/** The samples, and how any neighbouring ones of them fit. */
class Samples {
  readonly #bytes: readonly number[];
  readonly #zeroed: Figure;
  /** In bytes of pages, as the other. */
  readonly #faulted: Figure;

  constructor(
    samples: readonly Sample[],
    readonly pageBytes: number,
  ) {
    this.#bytes = samples.map(({ bytes }) => bytes);
    const zeroed = samples.map((sample) => sample.zeroed);
    const faulted = samples.map(({ faults }) => faults * pageBytes);
    this.#zeroed = new Figure(this.#bytes, zeroed, SMALLEST);
    this.#faulted = new Figure(this.#bytes, faulted, TOLERANCE_PAGES * pageBytes);
  }

  /** How the samples from `first` to `last` fit; not at all if cost is neither constant nor linear over them. */
  fit(first: number, last: number): Fit | undefined {
    if (last - first + 1 < FEWEST) return this.#fitFew(first, last);
    return this.#fitLevel(first, last) ?? this.#fitLinear(first, last);
  }

  /** Of a few samples alone, cost is linear if half of the block or more is zeroed or faulted in. All must agree. */
  #fitFew(first: number, last: number): Fit | undefined {
    const isWhole = (index: number) =>
      2 * Math.max(this.#zeroed.at(index), this.#faulted.at(index)) >= (this.#bytes[index] as number);
    if (isWhole(first) !== isWhole(last)) return undefined;
    if (!isWhole(last)) return { kind: "constant", slope: LEVEL, distance: 0 };
    const bytes = this.#bytes[last] as number;
    return this.#linear(this.#zeroed.at(last) / bytes, this.#faulted.at(last) / bytes, 0);
  }

  #fitLevel(first: number, last: number): Fit | undefined {
    const zeroed = this.#zeroed.fitLevel(first, last, this.#tolerance(first));
    const faulted =
      zeroed === undefined ? undefined : this.#faulted.fitLevel(first, last, this.#toleranceOfPages);
    if (zeroed === undefined || faulted === undefined) return undefined;
    return { kind: "constant", slope: LEVEL, distance: zeroed + faulted };
  }

  #fitLinear(first: number, last: number): Fit | undefined {
    const tolerance = this.#tolerance(first);
    const zeroed = this.#zeroed.fitLevelOrLine(first, last, tolerance);
    const faulted = zeroed && this.#faulted.fitLevelOrLine(first, last, this.#toleranceOfPages);
    if (!zeroed || !faulted) return undefined;
    const width = (this.#bytes[last] as number) - (this.#bytes[first] as number);
    if ((zeroed.slope + faulted.slope) * width <= tolerance) return undefined;
    return this.#linear(zeroed.slope, faulted.slope, zeroed.distance + faulted.distance);
  }

  #linear(zeroed: number, faulted: number, distance: number): Fit {
    return { kind: "linear", slope: { zeroed, faults: faulted / this.pageBytes }, distance };
  }

  /** How much bytes zeroed may vary over samples from the first on. */
  #tolerance(first: number): number {
    return Math.min(this.#toleranceOfPages, (this.#bytes[first] as number) * TOLERANCE);
  }

  /** How much pages faulted in may vary, in bytes. */
  get #toleranceOfPages(): number {
    return TOLERANCE_PAGES * this.pageBytes;
  }
}

const LEVEL = { zeroed: 0, faults: 0 };

/** One of the two figures of a cost, over all samples. */
class Figure {
  /** What distances are measured in: the size, or for the smallest ones what rounding makes of it. */
  readonly #scale: readonly number[];
  // Sums from each sample to the last, to regress value / scale on 1 / scale. The smallest terms come first, which
  // keeps the sums exact enough.
  readonly #inverse: number[];
  readonly #ratio: number[];
  readonly #squares: number[];
  readonly #products: number[];

  constructor(
    readonly bytes: readonly number[],
    readonly values: readonly number[],
    /** How far rounding at the smallest sizes may put a value off its line, in bytes. */
    readonly slack: number,
  ) {
    this.#scale = bytes.map((size) => size + slack);
    this.#inverse = sumsFrom(this.#scale.map((scale) => 1 / scale));
    this.#squares = sumsFrom(this.#scale.map((scale) => 1 / scale ** 2));
    this.#ratio = sumsFrom(this.#scale.map((scale, i) => this.at(i) / scale));
    this.#products = sumsFrom(this.#scale.map((scale, i) => this.at(i) / scale ** 2));
  }

  at(index: number): number {
    return this.values[index] as number;
  }

  #scaleAt(index: number): number {
    return this.#scale[index] as number;
  }

  /** Sum of the distances from the middle, as parts of the size; none if the values range over more than `tolerance`. */
  fitLevel(first: number, last: number, tolerance: number): number | undefined {
    let [least, most] = [this.at(first), this.at(first)];
    for (let i = first + 1; i <= last; i++) {
      least = Math.min(least, this.at(i));
      most = Math.max(most, this.at(i));
      if (most - least > tolerance) return undefined;
    }
    const middle = (least + most) / 2;
    let distance = 0;
    for (let i = first; i <= last; i++) distance += Math.abs(this.at(i) - middle) / this.#scaleAt(i);
    return distance;
  }

  fitLevelOrLine(
    first: number,
    last: number,
    tolerance: number,
  ): { slope: number; distance: number } | undefined {
    const distance = this.fitLevel(first, last, tolerance);
    return distance === undefined ? this.fitLine(first, last) : { slope: 0, distance };
  }

  /**
   * The line with the least sum of squared distances, each as a part of the size, so that small sizes
   * count as much as large ones. None if it falls, or if a value is further from it than rounding explains.
   */
  fitLine(first: number, last: number): { slope: number; distance: number } | undefined {
    // value / scale = slope + base * (1 / scale), by linear regression.
    const mean = (sums: number[]) =>
      ((sums[first] as number) - (sums[last + 1] as number)) / (last - first + 1);
    const [inverse, ratio] = [mean(this.#inverse), mean(this.#ratio)];
    const base = (mean(this.#products) - inverse * ratio) / (mean(this.#squares) - inverse ** 2);
    const slope = ratio - base * inverse;
    const smallest = slope * (this.bytes[first] as number);
    const atNothing = base + slope * this.slack;
    if (slope < -FALL || atNothing < -(smallest * BELOW + this.slack)) return undefined;
    let distance = 0;
    for (let i = last; i >= first; i--) {
      const off = Math.abs(this.at(i) - (base + slope * this.#scaleAt(i)));
      if (off > slope * (this.bytes[i] as number) * CLASS + this.slack) return undefined;
      distance += off / this.#scaleAt(i);
    }
    return { slope: Math.max(0, slope), distance };
  }
}

/** For each index, the sum of the values from there to the end; 0 beyond it. */
function sumsFrom(values: readonly number[]): number[] {
  const sums = [...values, 0];
  for (let i = values.length - 1; i >= 0; i--) sums[i] = (sums[i] as number) + (sums[i + 1] as number);
  return sums;
}
