/**
 * Bands: narrow runs of sizes whose cost is of another kind than that of the sizes on both sides. glibc 2.43 has one of
 * 16 bytes under each multiple of a page.
 *
 *      cost │            ╱ ╱ ╱     linear, but for
 *           │        ╱ ╱
 *           │    ╱ ╱  .  .  .      a band a page (`period`), each constant
 *           └──────────────────
 *
 * Samples are too far apart to see them. What makes a band is the rounding to pages, so from time to time all
 * sizes from a little below a multiple of a page up to it are measured; one that is odd leads to the band around it,
 * and to those that repeat it.
 */

import type { Bands, SizeRange } from "../../results/cliffs.js";
import type { CostKind, LoopCost } from "../../results/loop.js";
import { type Loop, ROUNDING_PAGES, work } from "./cost.js";

/** Sizes, both included, over which cost is of one kind, but for bands. */
export interface Plain {
  from: number;
  to: number;
  kind: CostKind;
  /** The work that is usual at a size. */
  usual(bytes: number): number;
}

/** So many sizes up to a multiple of a page are measured, */
const PROBES = 65;
/** where the size has grown by this factor since the last. Bands that end sooner go unseen. */
const APART = 4;
/** Bands repeat after this many pages at most. */
const MOST_PAGES_APART = 16;
/** So many of the bands between the first and the last are looked at. */
const CONFIRMING = 8;
/** Where blocks are really cleared, sizes are probed up to here: larger ones would take minutes. */
const MOST_REAL_BYTES = 8 * 2 ** 20;

/** All bands that a candidate is in, of sizes in the range. Ascending by their first. */
export async function findBands(loop: Loop, plain: Plain, candidates: readonly number[]): Promise<Bands[]> {
  const search = new Search(loop, plain);
  for (const bytes of candidates) await search.add(bytes);
  return search.found.sort((one, other) => one.first.from - other.first.from);
}

/** The sizes to look at where no sample was odd. */
export function likelyInBands({ pageBytes, costs }: Loop, { from, to }: Plain): number[] {
  const most = costs ? to : Math.min(to, MOST_REAL_BYTES);
  const sizes: number[] = [];
  for (let size = 2 * ROUNDING_PAGES * pageBytes; size <= most; size *= APART) {
    // Away from the powers of two, which are often special.
    const page = Math.ceil((size * 1.25) / pageBytes) * pageBytes;
    for (let bytes = page - PROBES + 1; bytes <= page; bytes++) sizes.push(bytes);
  }
  return sizes.filter((bytes) => bytes >= from && bytes <= most);
}

/** Whether a size is in one of the bands. */
export function isInBands({ first, last, period }: Bands, bytes: number): boolean {
  if (bytes < first.from || bytes > last.to) return false;
  return period === 0 || (bytes - first.from) % period <= first.to - first.from;
}

/** Those of the bands that have a size within; nothing if there are none. */
export function bandsWithin(bands: Bands, { from, to }: SizeRange): Bands[] {
  const { first, last, period, count } = bands;
  const before = first.to >= from ? 0 : period ? Math.ceil((from - first.to) / period) : count;
  const after = last.from <= to ? 0 : period ? Math.ceil((last.from - to) / period) : count;
  if (before + after >= count) return [];
  const moved = (range: SizeRange, bytes: number) => ({ from: range.from + bytes, to: range.to + bytes });
  const [start, end] = [moved(first, before * period), moved(last, -after * period)];
  return [{ ...bands, first: start, last: end, count: count - before - after }];
}

/** Whether a cost is of the other kind than what is usual at its size. */
function isOdd(cost: LoopCost, { kind, usual }: Plain, pageBytes: number): boolean {
  const [is, expected, rounding] = [work(cost, pageBytes), usual(cost.bytes), ROUNDING_PAGES * pageBytes];
  return kind === "linear"
    ? 4 * is < expected && expected - is > rounding
    : 2 * is > cost.bytes && is - expected > rounding;
}

class Search {
  readonly found: Bands[] = [];
  readonly #odd = new Map<number, boolean>();

  constructor(
    private readonly loop: Loop,
    private readonly plain: Plain,
  ) {}

  /** Finds the bands that a size is of, unless it is of none or they are known. */
  async add(bytes: number): Promise<void> {
    if (this.found.some((bands) => isInBands(bands, bytes)) || !(await this.#isOdd(bytes))) return;
    const { pageBytes } = this.loop;
    const from = await this.#furthest((offset) => bytes - offset, pageBytes);
    const to = await this.#furthest((offset) => bytes + offset, pageBytes);
    const period = await this.#period(from);
    const [before, after] =
      period === 0 ? [0, 0] : [await this.#repeats(from, -period), await this.#repeats(from, period)];
    const at = (times: number) => ({ from: from + times * period, to: to + times * period });
    const cost = this.plain.kind === "linear" ? "constant" : "linear";
    this.found.push({ cost, first: at(-before), last: at(after), period, count: before + 1 + after });
  }

  async #isOdd(bytes: number): Promise<boolean> {
    if (bytes < this.plain.from || bytes > this.plain.to) return false;
    const known = this.#odd.get(bytes);
    if (known !== undefined) return known;
    const cost = await this.loop.costAt(bytes);
    const odd = cost !== undefined && isOdd(cost, this.plain, this.loop.pageBytes);
    this.#odd.set(bytes, odd);
    return odd;
  }

  /** The last size of those from offset 0 on that are all odd; `limit` bounds the offset. */
  async #furthest(sizeAt: (offset: number) => number, limit: number): Promise<number> {
    return sizeAt(await lastTrue((offset) => this.#isOdd(sizeAt(offset)), limit));
  }

  /** After how many bytes a band is followed, or preceded, by the next; 0 if it is alone. */
  async #period(from: number): Promise<number> {
    for (let pages = 1; pages <= MOST_PAGES_APART; pages++) {
      const period = pages * this.loop.pageBytes;
      if ((await this.#isOdd(from + period)) || (await this.#isOdd(from - period))) return period;
    }
    return 0;
  }

  /** How often a band repeats without a gap, as far as a few looks between its first and its last time say. */
  async #repeats(from: number, period: number): Promise<number> {
    const { plain } = this;
    let limit = Math.floor((period > 0 ? plain.to - from : from - plain.from) / Math.abs(period));
    for (;;) {
      const last = await lastTrue((times) => this.#isOdd(from + times * period), limit);
      const gap = await this.#gap(from, period, last);
      if (gap === undefined) return last;
      limit = gap - 1;
    }
  }

  async #gap(from: number, period: number, last: number): Promise<number | undefined> {
    for (let look = 1; look < CONFIRMING; look++) {
      const times = Math.floor((last * look) / CONFIRMING);
      if (!(await this.#isOdd(from + times * period))) return times;
    }
    return undefined;
  }
}

/** The last number up to `limit` of those from 0 on for which `holds`; it holds for 0. Steps that double, then bisection. */
async function lastTrue(holds: (number: number) => Promise<boolean>, limit: number): Promise<number> {
  let [good, bad] = [0, limit + 1];
  for (let step = 1; good + step < bad; step *= 2) {
    if (await holds(good + step)) good += step;
    else bad = good + step;
  }
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
