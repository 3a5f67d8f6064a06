/**
 * The search over the settings of one allocator. It is a sequence of batches, each of which is known before its first
 * candidate is run: how many run at once, and in which order they end, changes nothing.
 *
 *      1  the allocator as it is, which is known before
 *      2  one option at a time: each value of its grid
 *      3  two at a time: of options that changed anything, the best value of each
 *      4  descent: from the best so far, each option at each value of its grid, or not set; until nothing is better
 *      5  refinement of numbers: halfway to the neighbours on the grid, then half of that, and so on, LEVELS times
 *      6  simpler: the best without each of its settings, and each of them alone
 *
 * Halfway is the geometric mean: sizes matter by their ratios. An option that changes nothing alone is not tried with others.
 */
import type { OptionValues } from "../results/run.js";
import type { TuneGoal, TuneRatios } from "../results/tune.js";
import { compareRatios } from "./score.js";
import type { Dimension } from "./space.js";

/** How often the way to a neighbour is halved: by 16 in the end, of factors of 8 by 14 %. */
const LEVELS = 4;

/** What candidates came to; undefined for one that failed, or was not run. */
export type Known = (options: OptionValues) => TuneRatios | undefined;

/** The batches of one allocator that was run as it is, to be run before the next is asked for. `given` options stay as they are. */
export function* searchBatches(
  space: readonly Dimension[],
  given: OptionValues,
  known: Known,
  goal: TuneGoal,
): Generator<OptionValues[], void, void> {
  const search = new Search(space, given, known, goal);
  yield search.single();
  yield search.pairs();
  yield* search.descend();
  yield* search.refine();
  yield search.simpler();
}

/** A point of a search, by the dimensions that are set. */
type Point = ReadonlyMap<string, string | number>;

class Search {
  /** Every point so far, in order. */
  readonly #tried: Point[] = [new Map()];

  constructor(
    private readonly space: readonly Dimension[],
    private readonly given: OptionValues,
    private readonly known: Known,
    private readonly goal: TuneGoal,
  ) {}

  single(): OptionValues[] {
    return this.#try(
      this.space.flatMap(({ option, grid }) => grid.map((value) => new Map([[option, value]]))),
    );
  }

  pairs(): OptionValues[] {
    const best = this.#live().map(({ option, grid }) => {
      const points = grid.map((value) => new Map([[option, value]]));
      return this.#bestOf(points) ?? (points[0] as Point);
    });
    return this.#try(best.flatMap((one, i) => best.slice(i + 1).map((other) => new Map([...one, ...other]))));
  }

  *descend(): Generator<OptionValues[], void, void> {
    for (let from = this.#best(); ; ) {
      const around = this.#live().flatMap(({ option, grid }) =>
        [undefined, ...grid].map((value) => moved(from, option, value)),
      );
      yield this.#try(around);
      const best = this.#best();
      if (best === from) return;
      from = best;
    }
  }

  *refine(): Generator<OptionValues[], void, void> {
    for (let level = 0; level < LEVELS; level++) {
      const from = this.#best();
      yield this.#try(
        this.#live().flatMap((dimension) =>
          between(dimension, from.get(dimension.option), level).map((value) =>
            moved(from, dimension.option, value),
          ),
        ),
      );
    }
  }

  simpler(): OptionValues[] {
    const best = this.#best();
    const without = [...best.keys()].map((option) => moved(best, option, undefined));
    const alone = [...best].map(([option, value]) => new Map([[option, value]]));
    return this.#try([...without, ...alone]);
  }

  /** Those of which some value alone changes what the goal looks at, or what decides between equals. */
  #live(): Dimension[] {
    const usual = this.#ratios(new Map());
    if (!usual) return [...this.space];
    return this.space.filter(({ option, grid }) =>
      grid.some((value) => {
        const ratios = this.#ratios(new Map([[option, value]]));
        return ratios && (ratios.resident !== usual.resident || ratios.time !== usual.time);
      }),
    );
  }

  #try(points: readonly Point[]): OptionValues[] {
    this.#tried.push(...points);
    return points.map((point) => this.#options(point));
  }

  #options(point: Point): OptionValues {
    const set = this.space.flatMap(({ option }) => {
      const value = point.get(option);
      return value === undefined ? [] : [[option, value] as const];
    });
    return { ...this.given, ...Object.fromEntries(set) };
  }

  #ratios(point: Point): TuneRatios | undefined {
    return this.known(this.#options(point));
  }

  #best(): Point {
    return this.#bestOf(this.#tried) ?? (this.#tried[0] as Point);
  }

  /** The first of the best, and of equals that with the fewest settings. */
  #bestOf(points: readonly Point[]): Point | undefined {
    let best: { point: Point; ratios: TuneRatios } | undefined;
    for (const point of points) {
      const ratios = this.#ratios(point);
      if (!ratios) continue;
      const order = best ? compareRatios(ratios, best.ratios, this.goal) : -1;
      if (!best || order < 0 || (order === 0 && point.size < best.point.size)) best = { point, ratios };
    }
    return best?.point;
  }
}

function moved(from: Point, option: string, value: string | number | undefined): Point {
  const point = new Map(from);
  if (value === undefined) point.delete(option);
  else point.set(option, value);
  return point;
}

/** Values beside a number: a part of the way, by ratio, to the next of the grid below and above. */
function between({ grid, step }: Dimension, at: string | number | undefined, level: number): number[] {
  if (step === undefined || typeof at !== "number") return [];
  const numbers = grid.filter((value) => typeof value === "number");
  const below = numbers.findLast((value) => value < at);
  const above = numbers.find((value) => value > at);
  const part = 0.5 ** (level + 1);
  const values = [below, above].flatMap((end) => (end === undefined ? [] : [partWay(at, end, part, step)]));
  return values.filter((value) => value !== at && !numbers.includes(value));
}

/** From a number towards another, as a multiple of the step. A step stands for 0, which has no ratio to anything. */
function partWay(from: number, to: number, part: number, step: number): number {
  const [start, end] = [Math.max(step, from), Math.max(step, to)];
  return Math.round((start * (end / start) ** part) / step) * step;
}
