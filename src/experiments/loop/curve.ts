/**
 * How the settled cost of Benfield's loop grows with the size of the block, and the sizes at which
 * that changes, to the byte.
 *
 * The loop is measured at eight sizes per doubling, which are cut into stretches of one kind (stretches.ts).
 * Where two neighbouring samples are of different kinds, bisection finds the last size of the lower
 * stretch: a size belongs to the side whose cost, continued to it, is nearer to its own. Bands that are narrower
 * than the gap between two samples are looked for where rounding to pages makes them (bands.ts); any other
 * feature so narrow, a twelfth of the size, may go unseen.
 */

import { LARGEST } from "../../base/arguments.js";
import type { Bands, Cliff } from "../../results/cliffs.js";
import type { CostKind, LoopCost } from "../../results/loop.js";
import { bandsWithin, findBands, isInBands, likelyInBands, type Plain } from "./bands.js";
import { hasSameSyscalls, type Loop, ROUNDING_PAGES, work } from "./cost.js";
import { cutIntoStretches, type Stretch } from "./stretches.js";

export interface Curve {
  /** In ascending order of size: the sizes asked for, their neighbourhood, and both sides of each cliff. */
  costs: LoopCost[];
  cliffs: Cliff[];
  bands: Bands[];
  /** How cost grows about a size, by the side of the cliffs it is on, or the band it is in. */
  kindAt(bytes: number): CostKind;
}

/** The sizes asked for, in bytes. */
export interface Sizes {
  from: number;
  to: number;
  /** Whether to look for bands where no sample is in one. */
  seeksBands?: boolean;
  onProgress?: (done: number, total: number) => void;
}

const SAMPLES_PER_DOUBLING = 8;

/**
 * Measures the curve from half of `from` to twice `to`, so that the kind of cost is known at both
 * ends too. Sizes that the allocator has no memory for are left out, which may be all of them.
 */
export async function measureCurve(loop: Loop, sizes: Sizes): Promise<Curve> {
  const sampled = await sampleCosts(loop, sizes);
  const { costs, stretches, odd } = await cutAround(loop, sampled);
  const all = new Map([...sampled, ...costs].map((cost) => [cost.bytes, cost]));
  const cliffs: Cliff[] = [];
  for (const [index, upperStretch] of stretches.entries()) {
    const lowerStretch = stretches[index - 1];
    if (!lowerStretch || lowerStretch.kind === upperStretch.kind) continue;
    const sides = {
      lower: costs[lowerStretch.last] as LoopCost,
      upper: costs[upperStretch.first] as LoopCost,
    };
    const { lower, upper } = await bisect(loop, sides, lowerStretch, upperStretch);
    for (const cost of [lower, upper]) all.set(cost.bytes, cost);
    cliffs.push({ bytes: lower.bytes, below: lowerStretch.kind, above: upperStretch.kind });
  }
  const bands: Bands[] = [];
  for (const plain of plainRanges({ costs, stretches, cliffs }, sizes, loop.pageBytes)) {
    const likely = sizes.seeksBands ? likelyInBands(loop, plain) : [];
    const found = await findBands(loop, plain, [...odd, ...likely]);
    bands.push(...found.flatMap((one) => bandsWithin(one, sizes)));
  }
  return {
    costs: [...all.values()].sort((one, other) => one.bytes - other.bytes),
    cliffs,
    bands,
    kindAt: (bytes) =>
      bands.find((one) => isInBands(one, bytes))?.cost ??
      cliffs.find((cliff) => bytes <= cliff.bytes)?.below ??
      stretches.at(-1)?.kind ??
      "constant",
  };
}
/** Powers of two, what lies evenly between them, and both ends. */
function sizesBetween(from: number, to: number): number[] {
  const [low, high] = [Math.max(1, Math.floor(from / 2)), Math.min(LARGEST, 2 * to)];
  const sizes = new Set([low, from, to, high]);
  const steps = (size: number) => SAMPLES_PER_DOUBLING * Math.log2(size);
  for (let step = Math.ceil(steps(low)); step <= steps(high); step++) {
    sizes.add(Math.round(2 ** (step / SAMPLES_PER_DOUBLING)));
  }
  return [...sizes].sort((one, other) => one - other);
}

async function sampleCosts(loop: Loop, { from, to, onProgress }: Sizes): Promise<LoopCost[]> {
  const sizes = sizesBetween(from, to);
  const costs: LoopCost[] = [];
  for (const [index, bytes] of sizes.entries()) {
    const cost = await loop.costAt(bytes);
    if (!cost) return bytes > to ? costs : upToLast(loop, costs, bytes);
    costs.push(cost);
    onProgress?.(index + 1, sizes.length);
  }
  return costs;
}

/** Adds the largest size there is memory for, to the byte. There is none for `beyond`. */
async function upToLast(loop: Loop, costs: LoopCost[], beyond: number): Promise<LoopCost[]> {
  let last = costs.at(-1);
  if (!last) return costs;
  while (beyond - last.bytes > 1) {
    const middle = Math.floor((last.bytes + beyond) / 2);
    const cost = await loop.costAt(middle);
    if (cost) last = cost;
    else beyond = middle;
  }
  return [...new Set([...costs, last])];
}

interface Cut {
  costs: LoopCost[];
  stretches: Stretch[];
  /** Sizes of samples that are in a band. */
  odd: number[];
}

/** Cuts the samples into stretches. For a sample in a band, which would be taken for a cliff, a size near it stands in. */
async function cutAround(loop: Loop, sampled: readonly LoopCost[]): Promise<Cut> {
  const costs = [...sampled];
  const odd: number[] = [];
  const looked = new Set<number>();
  for (;;) {
    const samples = costs.map(({ bytes, zeroed, faults }) => ({ bytes, zeroed: zeroed.allocator, faults }));
    const stretches = cutIntoStretches(samples, loop.pageBytes);
    const ends = stretches.length > 1 ? stretches.flatMap(({ first, last }) => [first, last]) : [];
    const index = ends.find((end) => !looked.has(end));
    if (index === undefined) return { costs, stretches, odd };
    looked.add(index);
    const { bytes } = costs[index] as LoopCost;
    const standIn = await besideBand(loop, costs[index] as LoopCost);
    if (standIn) odd.push(bytes);
    costs[index] = standIn ?? (costs[index] as LoopCost);
  }
}

/** What a size near this one costs, if those on both sides are of another kind. */
async function besideBand(loop: Loop, cost: LoopCost): Promise<LoopCost | undefined> {
  const apart = loop.pageBytes / 4;
  if (cost.bytes < 2 * ROUNDING_PAGES * loop.pageBytes) return undefined;
  const isWhole = ({ bytes, zeroed, faults }: LoopCost) =>
    2 * Math.max(zeroed.allocator, faults * loop.pageBytes) >= bytes;
  const below = await loop.costAt(cost.bytes - apart);
  if (!below || isWhole(below) === isWhole(cost)) return undefined;
  const above = await loop.costAt(cost.bytes + apart);
  return above && isWhole(above) !== isWhole(cost) ? below : undefined;
}

/** The ranges of sizes between the cliffs, within those asked for and a page about them, so that bands are seen whole. */
function plainRanges(
  { costs, stretches, cliffs }: Pick<Cut, "costs" | "stretches"> & { cliffs: Cliff[] },
  asked: Sizes,
  pageBytes: number,
): Plain[] {
  const last = costs.at(-1);
  if (!last) return [];
  const edges = [0, ...cliffs.map(({ bytes }) => bytes), last.bytes];
  return edges.slice(1).map((to, index) => {
    const from = (edges[index] as number) + 1;
    const inside = stretches.filter((one) => {
      const { bytes } = costs[one.first] as LoopCost;
      return bytes >= from && bytes <= to;
    });
    return {
      ...{ from: Math.max(from, asked.from - pageBytes), to: Math.min(to, asked.to + pageBytes) },
      kind: inside[0]?.kind ?? "constant",
      usual(bytes) {
        const stretch = inside.findLast((one) => (costs[one.first] as LoopCost).bytes <= bytes) ?? inside[0];
        if (!stretch) return 0;
        const samples = costs.slice(stretch.first, stretch.last + 1);
        const nearest = samples.findLast((sample) => sample.bytes <= bytes) ?? (samples[0] as LoopCost);
        return continued(nearest, stretch, bytes, pageBytes);
      },
    };
  });
}

interface Sides {
  lower: LoopCost;
  upper: LoopCost;
}

/** Brings two sizes on different sides of a cliff together until they are one byte apart. */
async function bisect(
  loop: Loop,
  sides: Sides,
  lowerStretch: Stretch,
  upperStretch: Stretch,
): Promise<Sides> {
  let { lower, upper } = sides;
  while (upper.bytes - lower.bytes > 1) {
    const isLow = (cost: LoopCost) =>
      isLower(cost, { lower, upper }, lowerStretch, upperStretch, loop.pageBytes);
    const found = await believable(loop, { lower, upper }, isLow);
    // There is memory for more than this.
    if (!found) break;
    if (isLow(found)) lower = found;
    else upper = found;
  }
  return { lower, upper };
}

/** The cost in the middle of two sizes; of the size beside it that is to be believed, if the middle is in a band. */
async function believable(
  loop: Loop,
  { lower, upper }: Sides,
  isLow: (cost: LoopCost) => boolean,
): Promise<LoopCost | undefined> {
  const bytes = Math.floor((lower.bytes + upper.bytes) / 2);
  const middle = await loop.costAt(bytes);
  const apart = Math.min(loop.pageBytes / 4, Math.floor((upper.bytes - lower.bytes) / 4));
  if (!middle || apart === 0) return middle;
  const below = await loop.costAt(bytes - apart);
  const above = await loop.costAt(bytes + apart);
  if (!below || !above || isLow(below) !== isLow(above) || isLow(below) === isLow(middle)) return middle;
  return isLow(above) ? above : below;
}

/** Whether a size between the two belongs to the lower side: by its work, or where that says little, by its path. */
function isLower(
  cost: LoopCost,
  { lower, upper }: Sides,
  lowerStretch: Stretch,
  upperStretch: Stretch,
  pageBytes: number,
) {
  const fromLower = continued(lower, lowerStretch, cost.bytes, pageBytes);
  const fromUpper = continued(upper, upperStretch, cost.bytes, pageBytes);
  const [isLikeLower, isLikeUpper] = [hasSameSyscalls(cost, lower), hasSameSyscalls(cost, upper)];
  if (Math.abs(fromLower - fromUpper) <= ROUNDING_PAGES * pageBytes && isLikeLower !== isLikeUpper) {
    return isLikeLower;
  }
  const its = work(cost, pageBytes);
  return Math.abs(its - fromLower) <= Math.abs(its - fromUpper);
}

/** The work a stretch has at a size, judged by one of its own. */
function continued(from: LoopCost, { slope }: Stretch, bytes: number, pageBytes: number): number {
  // A fault is a page's worth of work, and mostly has the kernel zero the page as well.
  const perByte = slope.zeroed + 2 * slope.faults * pageBytes;
  return work(from, pageBytes) + (bytes - from.bytes) * perByte;
}

/** How the settled loop's cost per iteration grows around a size. Undefined if there is no memory for it. */
export async function costKind(
  loop: Loop,
  bytes: number,
  onProgress?: Sizes["onProgress"],
): Promise<CostKind | undefined> {
  const curve = await measureCurve(loop, { from: bytes, to: bytes, ...(onProgress && { onProgress }) });
  return curve.costs.some((cost) => cost.bytes === bytes) ? curve.kindAt(bytes) : undefined;
}
