/**
 * Shrinks a program that fails to a small one that fails, by delta debugging (reduce.ts) over programs that stay whole. Each
 * round leaves out objects with all their steps, then steps, in ever smaller chunks; then makes numbers smaller, equal ones
 * together first, as what is freed and what is taken have to fit; then has malloc do what others did; of a small program it
 * leaves out steps two by two, and has an object live on instead of another. It ends with the round that changes nothing.
 */
import { isTaking, type Program, STEP_NUMBERS, type Step, whole } from "./program.js";
import { judgeBy, Reduction, type ShrinkOptions, withPart } from "./reduce.js";

/** What shrinking came to. */
export interface Shrunk {
  /** The smallest program found that fails. */
  program: Program;
  /** Programs tried. */
  tries: number;
  /** Whether no step and no number can be made less, each by itself; false if it ended early. */
  minimal: boolean;
}

/**
 * Shrinks a program. The same program and the same answers give the same result.
 * @param fails whether a program fails; asked of whole programs only.
 * @throws RangeError if the program itself does not fail; what `fails` throws
 */
export async function shrink(
  program: Program,
  fails: (program: Program) => boolean | Promise<boolean>,
  options: ShrinkOptions = {},
): Promise<Shrunk> {
  const begin = whole(program);
  if (!(await fails(begin))) throw new RangeError("program must fail: it does not");
  const shrinker = new Shrinker(begin, judgeBy(fails), { ...options, whole });
  const minimal = await shrinker.shrink();
  return { program: shrinker.best, tries: shrinker.tries, minimal };
}

/** The least that a number is made. */
const LEAST: Record<(typeof STEP_NUMBERS)[number], number> = {
  count: 1,
  align: 8,
  offset: 0,
  bytes: 1,
  pages: 1,
};

/** Steps of a program of which all pairs are tried. */
const SMALL = 32;

class Shrinker extends Reduction<Step> {
  /** Returns whether it came to its end. */
  async shrink(): Promise<boolean> {
    await this.cutEnd();
    for (let before: Step[] | undefined; before !== this.best && !this.isOver; ) {
      before = this.best;
      await this.leaveOut(objectsOf, withoutObjects);
      await this.leaveOutParts();
      await this.#lowerTogether();
      await this.#lowerEach();
      await this.simplify(simplerSteps);
      if (this.best.length <= SMALL) await this.#leaveOutPairs();
    }
    return !this.isOver;
  }

  /** Leaves out two steps; of a free and a later taking, the one object goes on as the other. */
  async #leaveOutPairs(): Promise<void> {
    for (let one = 0; one < this.best.length; one++) {
      for (let other = one + 1; other < this.best.length && !this.isOver; other++) {
        const [first, second] = [this.best[one] as Step, this.best[other] as Step];
        const rest = this.best.filter((step) => step !== first && step !== second);
        const goesOn = first.do === "free" && isTaking(second);
        const less = goesOn ? renamed(rest, second.object, first.object) : rest;
        if ((await this.try([less])) === 0) other = one;
      }
    }
  }

  /** Lowers all sizes that are equal, together. */
  async #lowerTogether(): Promise<void> {
    const sizes = this.best.flatMap((step) => ("bytes" in step && isSize(step) ? [step.bytes] : []));
    const shared = [...new Set(sizes.filter((size, at) => sizes.indexOf(size) !== at))];
    for (const size of shared.sort((one, other) => other - one)) {
      const places = this.best.flatMap((step, at) =>
        "bytes" in step && isSize(step) && step.bytes === size ? [at] : [],
      );
      await this.#lower(LEAST.bytes, size, (bytes) =>
        this.best.map((step, at) => (places.includes(at) ? ({ ...step, bytes } as Step) : step)),
      );
    }
  }

  async #lowerEach(): Promise<void> {
    for (let at = 0; at < this.best.length; at++) {
      for (const name of STEP_NUMBERS) {
        const value = numberOf(this.best[at], name);
        if (value === undefined) continue;
        const put = (to: number) =>
          withPart(this.best, at, { ...(this.best[at] as Step), [name]: to } as Step);
        if (name === "align") await this.#halve(value, put);
        else await this.#lower(LEAST[name], value, put);
      }
    }
  }

  /** Finds the least value, by halves: that one less does not fail, at least. */
  async #lower(least: number, value: number, put: (value: number) => Step[]): Promise<void> {
    if (value <= least || (await this.tryKept([put(least)]))) return;
    let [low, high] = [least, value];
    while (high - low > 1 && !this.isOver) {
      const middle = Math.floor((low + high) / 2);
      if (await this.tryKept([put(middle)])) high = middle;
      else low = middle;
    }
  }

  async #halve(value: number, put: (value: number) => Step[]): Promise<void> {
    for (let align = LEAST.align; align < value; align *= 2) if (await this.tryKept([put(align)])) return;
  }
}

/** What does less of the same, the simplest first. */
function simplerSteps(step: Step): Step[] {
  if (step.do === "grow") return [];
  const { object } = step;
  if (step.do === "aligned") return [{ do: "malloc", object, bytes: step.bytes }];
  if (step.do !== "calloc") return [];
  const bytes = step.count * step.bytes;
  const malloc: Step[] = bytes <= 2 ** 47 ? [{ do: "malloc", object, bytes }] : [];
  const calloc: Step[] =
    bytes <= 2 ** 47 && step.count > 1 ? [{ do: "calloc", object, count: 1, bytes }] : [];
  return [...malloc, ...calloc];
}

function isSize(step: Step): boolean {
  return isTaking(step) || step.do === "realloc";
}

function numberOf(step: Step | undefined, name: (typeof STEP_NUMBERS)[number]): number | undefined {
  return (step as Partial<Record<typeof name, number>> | undefined)?.[name];
}

function renamed(steps: Step[], from: number, to: number): Step[] {
  return steps.map((step) => ("object" in step && step.object === from ? { ...step, object: to } : step));
}

function objectsOf(steps: Step[]): number[] {
  return steps.filter(isTaking).map(({ object }) => object);
}

function withoutObjects(steps: Step[], objects: ReadonlySet<number>): Step[] {
  return steps.filter((step) => !("object" in step && objects.has(step.object)));
}
