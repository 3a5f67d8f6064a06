/**
 * Delta debugging (Zeller & Hildebrandt 2002): makes a list of parts that fails shorter and its parts simpler, for as long as it
 * fails. A part is anything: a step, a line, a byte. What is left out, and what is simpler, is said by those who know the parts.
 */

/** How long a program, or another list of parts, is shrunk. */
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

/** How a list is reduced. */
export interface ReduceOptions<Part> extends ShrinkOptions {
  /** Makes a list whole, when parts are left out that others need. By default each is. */
  whole?: (parts: readonly Part[]) => Part[];
  /** Lists that are judged at once, where that costs little more than one. Default 1. */
  together?: number;
}

/** The first of some lists that fails, by its place, and as much of it as was needed; nothing if none does. */
export type Judge<Part> = (lists: Part[][]) => Promise<{ at: number; parts: Part[] } | undefined>;

/** Judges lists by whether one fails. */
export function judgeBy<Part>(fails: (parts: Part[]) => boolean | Promise<boolean>): Judge<Part> {
  return async (lists) => {
    for (const [at, parts] of lists.entries()) if (await fails(parts)) return { at, parts };
    return undefined;
  };
}

/**
 * Reduces a list that fails. The same list and the same answers give the same result.
 * @param simpler what does less than a part, the simplest first.
 * @throws what `fails` throws
 */
export async function reduce<Part>(
  parts: readonly Part[],
  fails: (parts: Part[]) => boolean | Promise<boolean>,
  simpler: (part: Part) => Part[] = () => [],
  options: ReduceOptions<Part> = {},
): Promise<Part[]> {
  const reduction = new Reduction([...parts], judgeBy(fails), options);
  await reduction.cutEnd();
  await reduction.run(simpler);
  return reduction.best;
}

/** A list that becomes smaller. */
export class Reduction<Part> {
  tries = 0;
  #work = 0;

  constructor(
    public best: Part[],
    private readonly judge: Judge<Part>,
    private readonly options: ReduceOptions<Part> = {},
  ) {}

  get isOver(): boolean {
    const { tries = 10_000, work = 20_000_000, signal } = this.options;
    return this.tries >= tries || this.#work >= work || signal?.aborted === true;
  }

  /** Leaves out parts and makes others simpler, until that changes nothing. */
  async run(simpler: (part: Part) => Part[]): Promise<void> {
    for (let before: Part[] | undefined; before !== this.best && !this.isOver; ) {
      before = this.best;
      await this.leaveOutParts();
      await this.simplify(simpler);
    }
  }

  /** Takes the first list that fails for the best. Returns its place, or -1. */
  async try(lists: readonly Part[][]): Promise<number> {
    const { together = 1 } = this.options;
    for (let first = 0; first < lists.length && !this.isOver; first += together) {
      const found = await this.#judge(lists.slice(first, first + together));
      this.options.onTry?.(this.tries, this.best.length);
      if (found >= 0) return first + found;
    }
    return -1;
  }

  async #judge(lists: readonly Part[][]): Promise<number> {
    const whole = lists.map((parts) => this.whole(parts));
    const some = whole.filter(({ length }) => length > 0);
    if (some.length === 0) return -1;
    this.tries += some.length;
    this.#work += some.reduce((sum, { length }) => sum + length, 0);
    const found = await this.judge(some);
    if (!found) return -1;
    this.best = found.parts;
    return whole.indexOf(some[found.at] as Part[]);
  }

  /** As `try`, of lists that do not lose a part: the places of those that follow would be others. */
  async tryKept(lists: readonly Part[][]): Promise<boolean> {
    const kept = lists.filter((parts) => this.whole(parts).length === this.best.length);
    return (await this.try(kept)) >= 0;
  }

  /** A list without what cannot be. */
  whole(parts: Part[]): Part[] {
    return this.options.whole?.(parts) ?? parts;
  }

  /** Nothing after the part that fails matters: a list that fails does so however it goes on. */
  async cutEnd(): Promise<void> {
    let [low, high] = [1, this.best.length];
    while (low < high && !this.isOver) {
      const middle = (low + high) >> 1;
      if ((await this.try([this.best.slice(0, middle)])) === 0) high = this.best.length;
      else low = middle + 1;
    }
  }

  leaveOutParts(): Promise<void> {
    return this.leaveOut((parts) => [...parts.keys()], withoutPlaces);
  }

  /** Leaves out chunks of what `groupsOf` finds in the list: half of them at first, single ones at last. */
  async leaveOut<Group>(
    groupsOf: (parts: Part[]) => Group[],
    without: (parts: Part[], groups: ReadonlySet<Group>) => Part[],
  ): Promise<void> {
    const { together = 1 } = this.options;
    for (let size = groupsOf(this.best).length >> 1 || 1; size >= 1; size >>= 1) {
      for (let at = 0; at < groupsOf(this.best).length && !this.isOver; ) {
        const groups = groupsOf(this.best);
        const starts = Array.from({ length: together }, (_, i) => at + i * size).filter(
          (s) => s < groups.length,
        );
        const chunks = starts.map((start) => new Set(groups.slice(start, start + size)));
        const taken = await this.try(chunks.map((chunk) => without(this.best, chunk)));
        at = taken < 0 ? at + starts.length * size : (starts[taken] as number);
      }
    }
  }

  /** Puts the simplest that still fails for each part. */
  async simplify(simpler: (part: Part) => Part[]): Promise<void> {
    for (let place = 0; place < this.best.length && !this.isOver; place++) {
      for (let goesOn = true; goesOn && place < this.best.length; ) {
        const others = simpler(this.best[place] as Part);
        goesOn = await this.tryKept(others.map((one) => withPart(this.best, place, one)));
      }
    }
  }
}

/** The list with another part in a place. */
export function withPart<Part>(parts: readonly Part[], place: number, part: Part): Part[] {
  return parts.map((one, at) => (at === place ? part : one));
}

function withoutPlaces<Part>(parts: Part[], places: ReadonlySet<number>): Part[] {
  return parts.filter((_, at) => !places.has(at));
}
