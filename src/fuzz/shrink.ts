/**
 * Shrinks a program that fails to a small one that fails, by delta debugging (Zeller & Hildebrandt 2002) over programs that
 * stay whole. Each round leaves out objects with all their steps, then steps, in ever smaller chunks; then makes numbers
 * smaller, equal ones together first, as what is freed and what is taken have to fit; then has malloc do what others did; of
 * a small program it leaves out steps two by two, and has an object live on instead of another. It ends with the round that
 * changes nothing.
 */
import { isTaking, type Program, STEP_NUMBERS, type Step, whole } from "./program.js";

/** How long a program is shrunk. */
export interface ShrinkOptions {
  /** Most programs tried. Default 10,000. */
  tries?: number;
  /** Most steps of all programs tried, so that one of very many steps ends, too. Default 20 million. */
  work?: number;
  /** Ends it early. */
  signal?: AbortSignal;
  /** Called after each try with how many steps the smallest program has. */
  onTry?: (tries: number, steps: number) => void;
}

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
  const shrinker = new Shrinker(whole(program), fails, options);
  if (!(await shrinker.begins())) throw new RangeError("program must fail: it does not");
  const minimal = await shrinker.run();
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

class Shrinker {
  tries = 0;
  #work = 0;

  constructor(
    public best: Step[],
    private readonly fails: (program: Program) => boolean | Promise<boolean>,
    private readonly options: ShrinkOptions,
  ) {}

  async begins(): Promise<boolean> {
    return this.fails(this.best);
  }

  /** Returns whether it came to its end. */
  async run(): Promise<boolean> {
    await this.#cutEnd();
    for (let before: Step[] | undefined; before !== this.best && !this.#isOver; ) {
      before = this.best;
      await this.#leaveOut(objectsOf, withoutObjects);
      await this.#leaveOut((steps) => steps, withoutSteps);
      await this.#lowerTogether();
      await this.#lowerEach();
      await this.#simplifyEach();
      if (this.best.length <= SMALL) await this.#leaveOutPairs();
    }
    return !this.#isOver;
  }

  get #isOver(): boolean {
    const { tries = 10_000, work = 20_000_000, signal } = this.options;
    return this.tries >= tries || this.#work >= work || signal?.aborted === true;
  }

  /** Takes what is tried for the best if it fails. */
  async #try(steps: Step[]): Promise<boolean> {
    const next = whole(steps);
    if (this.#isOver || next.length === 0) return false;
    this.tries++;
    this.#work += next.length;
    const isBetter = await this.fails(next);
    if (isBetter) this.best = next;
    this.options.onTry?.(this.tries, this.best.length);
    return isBetter;
  }

  /** Nothing after the step that fails matters: a program that fails does so however it goes on. */
  async #cutEnd(): Promise<void> {
    let [low, high] = [1, this.best.length];
    while (low < high && !this.#isOver) {
      const middle = (low + high) >> 1;
      if (await this.#try(this.best.slice(0, middle))) high = this.best.length;
      else low = middle + 1;
    }
  }

  /** Leaves out chunks of parts, half of them at first, single ones at last. */
  async #leaveOut<Part>(
    partsOf: (steps: Step[]) => Part[],
    without: (steps: Step[], parts: ReadonlySet<Part>) => Step[],
  ): Promise<void> {
    for (let size = partsOf(this.best).length >> 1 || 1; size >= 1; size = size >> 1) {
      for (let at = 0; at < partsOf(this.best).length && !this.#isOver; ) {
        const chunk = new Set(partsOf(this.best).slice(at, at + size));
        if (!(await this.#try(without(this.best, chunk)))) at += size;
      }
    }
  }

  /** Leaves out two steps; of a free and a later taking, the one object goes on as the other. */
  async #leaveOutPairs(): Promise<void> {
    for (let one = 0; one < this.best.length; one++) {
      for (let other = one + 1; other < this.best.length && !this.#isOver; other++) {
        const [first, second] = [this.best[one] as Step, this.best[other] as Step];
        const rest = this.best.filter((step) => step !== first && step !== second);
        const goesOn = first.do === "free" && isTaking(second);
        if (await this.#try(goesOn ? renamed(rest, second.object, first.object) : rest)) other = one;
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
        const put = (to: number) => withStep(this.best, at, (step) => ({ ...step, [name]: to }) as Step);
        if (name === "align") await this.#halve(value, put);
        else await this.#lower(LEAST[name], value, put);
      }
    }
  }

  /** Finds the least value, by halves: that one less does not fail, at least. */
  async #lower(least: number, value: number, put: (value: number) => Step[]): Promise<void> {
    if (value <= least || (await this.#tryKept(put(least)))) return;
    let [low, high] = [least, value];
    while (high - low > 1 && !this.#isOver) {
      const middle = Math.floor((low + high) / 2);
      if (await this.#tryKept(put(middle))) high = middle;
      else low = middle;
    }
  }

  /** As `#try`, for what may not lose a step: the places of those that follow would be others. */
  async #tryKept(steps: Step[]): Promise<boolean> {
    return whole(steps).length === this.best.length && this.#try(steps);
  }

  async #halve(value: number, put: (value: number) => Step[]): Promise<void> {
    for (let align = LEAST.align; align < value; align *= 2) if (await this.#tryKept(put(align))) return;
  }

  async #simplifyEach(): Promise<void> {
    for (let at = 0; at < this.best.length; at++) {
      for (const simpler of simplerSteps(this.best[at] as Step)) {
        if (await this.#tryKept(withStep(this.best, at, () => simpler))) break;
      }
    }
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

function withStep(steps: Step[], place: number, change: (step: Step) => Step): Step[] {
  return steps.map((step, at) => (at === place ? change(step) : step));
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

function withoutSteps(steps: Step[], left: ReadonlySet<Step>): Step[] {
  return steps.filter((step) => !left.has(step));
}
