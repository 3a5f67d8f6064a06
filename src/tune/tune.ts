/**
 * Which allocator, with which settings, for this program?
 *
 *      traces, allocators ─► search of each ─► batches ─► evaluator ─► results ─► front, recommendation ─► variations
 *                                  ▲                                     │
 *                                  └───────── what is known ◄────────────┘
 *
 * Each round takes one batch of every search, and as many of their candidates as the budget has left, by turns. So a small
 * budget is shared fairly, and the same budget always buys the same candidates.
 */
import type { TouchPolicy } from "../allocator/access.js";
import type { CostProfile } from "../costs/profile.js";
import { allocatorLabel } from "../report/label.js";
import type { OptionValues, Parameters } from "../results/run.js";
import type {
  TuneEnd,
  TuneFigures,
  TuneGoal,
  TuneRatios,
  TuneRecommendation,
  TuneReport,
  TuneResult,
  TuneVariation,
} from "../results/tune.js";
import { findModel } from "../sandbox/options.js";
import { type Candidate, type Conditions, type Evaluation, evaluate, type NamedTrace } from "./evaluate.js";
import { frontOf } from "./front.js";
import { waysToSet } from "./reality.js";
import { mostAlone, othersThan, recommend } from "./recommend.js";
import { ratiosOf, scoreOf } from "./score.js";
import { searchBatches } from "./search.js";
import { spaceOf } from "./space.js";
import { variationsOf } from "./variations.js";

/** Allocators of Linux whose models equal the real ones, each as it is. The first is what a program has if nobody chose. */
export const TUNED: readonly Candidate[] = ["glibc", "jemalloc", "mimalloc", "tcmalloc"].map((allocator) => ({
  allocator,
  options: {},
}));

/** Candidates that are run if nobody says how many. */
export const TUNE_SETTINGS = 200;

/** How many others are looked at where the recommendation is worse than the baseline in some variation. */
const MOST_OTHERS = 6;

/** A candidate on some traces. */
export interface TuneJob {
  candidate: Candidate;
  traces: readonly NamedTrace[];
  conditions: Conditions;
}

/**
 * Runs jobs, at once or one after another, and returns what became of them, in their order: undefined for those that it did
 * not begin because `isOver` said so.
 */
export type TuneEvaluator = (
  jobs: readonly TuneJob[],
  isOver: () => boolean,
) => Promise<(Evaluation | undefined)[]>;

/** What `tune` tries. */
export interface TuneRun {
  /** One or several. Of several the gains are averaged. */
  traces: readonly NamedTrace[];
  /** The first is the baseline. Options that are given here stay as they are. */
  allocators?: readonly Candidate[];
  /** Default `both`. */
  goal?: TuneGoal;
  /** What the program touches of each object it gets. Default `none`. */
  touch?: TouchPolicy;
  costs?: CostProfile;
  /** Most candidates. Default 200. */
  settings?: number;
  /** Why no further candidate is to be begun; null to go on. It is asked before each. */
  over?: () => Exclude<TuneEnd, "converged" | "settings"> | null;
  /** Default: one after another, here. */
  evaluator?: TuneEvaluator;
  /** Called with the candidates that were run so far. */
  onProgress?: (done: number) => void;
}

/**
 * Searches settings for the traces, and recommends. The same run gives the same report on every host, unless it is ended early.
 * @throws OptionError for an unknown model or option; RangeError for no traces or no operations.
 */
export async function tune(run: TuneRun): Promise<TuneReport> {
  const tuning = new Tuning(run);
  const ended = await tuning.search();
  return tuning.report(ended);
}

const inTurn: TuneEvaluator = async (jobs, isOver) => {
  const done: (Evaluation | undefined)[] = [];
  for (const { candidate, traces, conditions } of jobs) {
    done.push(isOver() ? undefined : await evaluate(candidate, traces, conditions));
  }
  return done;
};

const keyOf = ({ allocator, options }: Candidate): string => {
  const sorted = Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1));
  return allocatorLabel({ allocator, options: Object.fromEntries(sorted) });
};

class Tuning {
  readonly #allocators: readonly Candidate[];
  readonly #goal: TuneGoal;
  readonly #conditions: Conditions;
  readonly #most: number;
  readonly #evaluator: TuneEvaluator;
  readonly #results: TuneResult[] = [];
  readonly #places = new Map<string, number>();
  /** Figures of the first that came through, to which all are compared. */
  #baseline: readonly TuneFigures[] | undefined;
  #stopped: ReturnType<NonNullable<TuneRun["over"]>> = null;

  constructor(private readonly run: TuneRun) {
    const {
      traces,
      allocators = TUNED,
      goal = "both",
      touch = "none",
      costs,
      settings = TUNE_SETTINGS,
    } = run;
    if (traces.length === 0) throw new RangeError("traces must be one or more");
    const empty = traces.find(({ count }) => count === 0);
    if (empty) throw new RangeError(`traces must have operations; ${empty.name} has none`);
    const forking = traces.find(({ notes }) => (notes.processes ?? 1) > 1);
    if (forking) throw new RangeError(`traces must be of one process each; ${forking.name} has several`);
    this.#allocators = allocators;
    this.#goal = goal;
    this.#conditions = { touch, ...(costs && { costs }) };
    this.#most = settings;
    this.#evaluator = run.evaluator ?? inTurn;
  }

  async search(): Promise<TuneEnd> {
    const hasThreads = this.run.traces.some(({ notes }) => (notes.threads ?? 1) > 1);
    const searches = this.#allocators.map(({ allocator, options }) => ({
      allocator,
      batches: searchBatches(
        spaceOf(allocator, options, hasThreads),
        options,
        (tried) => this.#ratios({ allocator, options: tried }),
        this.#goal,
      ),
    }));
    for (;;) {
      const lists = searches.map(({ allocator, batches }) => {
        const { value } = batches.next();
        return value && this.#unknown(value.map((options) => ({ allocator, options })));
      });
      if (lists.every((list) => list === undefined)) return "converged";
      const wanted = byTurns(lists.map((list) => list ?? []));
      const affordable = wanted.slice(0, this.#most - this.#results.length);
      await this.#evaluate(affordable);
      if (this.#stopped) return this.#stopped;
      if (affordable.length < wanted.length) return "settings";
    }
  }

  async report(ended: TuneEnd): Promise<TuneReport> {
    const { traces } = this.run;
    const place = recommend(this.#results, this.#goal);
    return {
      scenario: "tune",
      parameters: this.#parameters(),
      traces: traces.map(({ name, count, notes: { threads } }) => ({
        ...{ name, operations: count },
        ...(threads && { threads }),
      })),
      ended,
      results: this.#results,
      front: frontOf(this.#results),
      recommendation: place === null ? null : await this.#recommendation(place),
    };
  }

  #parameters(): Parameters {
    const { touch, costs } = this.#conditions;
    return { goal: this.#goal, touch, settings: this.#most, ...(costs && { costs: costs.name }) };
  }

  /** Those that were not run yet, each once. */
  #unknown(candidates: readonly Candidate[]): Candidate[] {
    const unknown = candidates.filter((candidate) => !this.#places.has(keyOf(candidate)));
    return [...new Map(unknown.map((candidate) => [keyOf(candidate), candidate])).values()];
  }

  #ratios(candidate: Candidate): TuneRatios | undefined {
    const place = this.#places.get(keyOf(candidate));
    const outcome = place === undefined ? undefined : this.#results[place]?.outcome;
    return outcome?.state === "done" ? outcome.ratios : undefined;
  }

  readonly #isOver = (): boolean => {
    this.#stopped ??= this.run.over?.() ?? null;
    return this.#stopped !== null;
  };

  async #evaluate(candidates: readonly Candidate[]): Promise<void> {
    const jobs = candidates.map((candidate) => ({
      ...{ candidate, traces: this.run.traces, conditions: this.#conditions },
    }));
    const evaluations = await this.#evaluator(jobs, this.#isOver);
    const done = candidates.flatMap((candidate, i) => {
      const evaluation = evaluations[i];
      return evaluation ? [{ candidate, evaluation }] : [];
    });
    this.#baseline ??= done.flatMap(({ evaluation }) =>
      evaluation.state === "done" ? [evaluation.figures] : [],
    )[0];
    for (const { candidate, evaluation } of done) this.#keep(candidate, evaluation);
    this.run.onProgress?.(this.#results.length);
  }

  #keep(candidate: Candidate, evaluation: Evaluation): void {
    const isFirst = !this.#results.some(({ allocator }) => allocator === candidate.allocator);
    this.#places.set(keyOf(candidate), this.#results.length);
    if (evaluation.state !== "done") {
      this.#results.push({ ...candidate, outcome: evaluation });
      return;
    }
    const { figures, unsure, notes } = evaluation;
    const ratios = ratiosOf(figures, this.#baseline as readonly TuneFigures[]);
    this.#results.push({
      ...{ ...candidate, outcome: { state: "done", figures, ratios } },
      ...(unsure.length > 0 && { unsure }),
      ...(isFirst && notes.length > 0 && { notes }),
    });
  }

  async #recommendation(place: number): Promise<TuneRecommendation> {
    const { ways, unknown } = this.#waysOf(place);
    const alone = mostAlone(this.#results, place, this.#goal);
    const isLeft = place === 0 || this.#stopped === "interrupted";
    const variations = isLeft ? [] : await this.#variations(place);
    const sturdier = this.#isSturdy(variations) ? undefined : await this.#sturdier(place);
    return {
      ...{ result: place, isBaseline: place === 0, ways, unknownWays: unknown },
      ...(alone && { alone }),
      variations,
      ...(sturdier && { sturdier }),
    };
  }

  #waysOf(place: number) {
    const { allocator, options } = this.#results[place] as TuneResult;
    return waysToSet(allocator, options);
  }

  /** Whether it is nowhere worse than the baseline. */
  #isSturdy(variations: readonly TuneVariation[]): boolean {
    return variations.every(({ ratios }) => ratios && scoreOf(ratios, this.#goal) <= 1);
  }

  /** The first of a few others that is. */
  async #sturdier(place: number): Promise<TuneRecommendation["sturdier"]> {
    for (const other of othersThan(this.#results, place, this.#goal).slice(0, MOST_OTHERS)) {
      const variations = await this.#variations(other);
      if (this.#isSturdy(variations)) return { result: other, ways: this.#waysOf(other).ways, variations };
    }
    return undefined;
  }

  /** What the recommendation is worth where something is otherwise, against the baseline there. */
  async #variations(place: number): Promise<TuneVariation[]> {
    const compared = [0, place].map((at) => this.#results[at] as TuneResult);
    const watches = compared.some(
      ({ allocator, options }) => findModel(allocator).watchesClock && options.clock === undefined,
    );
    const variations = variationsOf(this.run.traces, this.#conditions, watches);
    const jobs = variations.flatMap(({ traces, conditions, clock }) =>
      compared.map(({ allocator, options }) => {
        const paced: OptionValues = clock === undefined ? options : { ...options, clock };
        return { candidate: { allocator, options: paced }, traces, conditions };
      }),
    );
    const evaluations = await this.#evaluator(jobs, () => false);
    return variations.map(({ name }, i) => {
      const [baseline, recommended] = [evaluations[2 * i], evaluations[2 * i + 1]];
      const bothDone = baseline?.state === "done" && recommended?.state === "done";
      return { name, ratios: bothDone ? ratiosOf(recommended.figures, baseline.figures) : null };
    });
  }
}

/** The first of each list, then the second of each, and so on. */
function byTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}
