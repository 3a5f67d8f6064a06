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
import { ONE_CACHE } from "../allocator/threads.js";
import type { CostProfile } from "../costs/profile.js";
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
import {
  type Candidate,
  type Conditions,
  candidateKey,
  type Evaluation,
  evaluate,
  type NamedTrace,
} from "./evaluate.js";
import { frontOf } from "./front.js";
import { waysToSet } from "./reality.js";
import { mostAlone, othersThan, recommend } from "./recommend.js";
import { ratiosOf, scoreOf, yardstickOf } from "./score.js";
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
 * not begin because `isOver` said so. It calls `onDone` with each job's place as soon as it is done, so that nothing is lost
 * where the rest is not.
 */
export type TuneEvaluator = (
  jobs: readonly TuneJob[],
  isOver: () => boolean,
  onDone?: (place: number, evaluation: Evaluation) => void,
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
  /** What a candidate came to on these traces before: it is not run again. */
  known?: (candidate: Candidate) => Evaluation | undefined;
  /** Called with each candidate that was run, as soon as it was, in any order. */
  onEvaluated?: (candidate: Candidate, evaluation: Evaluation) => void;
  /** Only the part `index` of `count`, from 1: allocators are dealt out in turn, and the baseline is run in each part. */
  shard?: { index: number; count: number };
  /** Whether the recommendation is also looked at where something is otherwise. Default true; never of a shard. */
  varied?: boolean;
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

const inTurn: TuneEvaluator = async (jobs, isOver, onDone) => {
  const done: (Evaluation | undefined)[] = [];
  for (const [place, { candidate, traces, conditions }] of jobs.entries()) {
    const evaluation = isOver() ? undefined : await evaluate(candidate, traces, conditions);
    if (evaluation) onDone?.(place, evaluation);
    done.push(evaluation);
  }
  return done;
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
    const { index, count } = this.run.shard ?? { index: 1, count: 1 };
    const searches = this.#allocators.flatMap(({ allocator, options }, place) => {
      const isOwn = place % count === index - 1;
      if (!isOwn && place > 0) return [];
      // Everything is compared with the baseline, also where another machine searches its settings.
      return {
        allocator,
        batches: isOwn ? this.#batches(allocator, options) : [options].map((one) => [one]).values(),
      };
    });
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

  /** Nothing is recommended of a model that does not tell the threads of a trace apart: it is run as it is, and not searched. */
  *#batches(allocator: string, given: OptionValues): Generator<OptionValues[], void, void> {
    yield [given];
    if (this.#isOfOneThread({ allocator, options: given })) return;
    const hasThreads = this.run.traces.some(({ notes }) => (notes.threads ?? 1) > 1);
    const known = (options: OptionValues) => this.#ratios({ allocator, options });
    yield* searchBatches(spaceOf(allocator, given, hasThreads), given, known, this.#goal);
  }

  #isOfOneThread(candidate: Candidate): boolean {
    const place = this.#places.get(candidateKey(candidate));
    const unsure = place === undefined ? [] : (this.#results[place]?.unsure ?? []);
    return unsure.some((why) => why.startsWith(ONE_CACHE));
  }

  async report(ended: TuneEnd): Promise<TuneReport> {
    const { traces } = this.run;
    const place = recommend(this.#results, this.#goal);
    return {
      scenario: "tune",
      parameters: this.#parameters(),
      traces: traces.map(({ name, count, notes: { threads }, published }) => ({
        ...{ name, operations: count },
        ...(threads && { threads }),
        ...(published && { published }),
      })),
      ended,
      results: this.#results,
      front: frontOf(this.#results),
      recommendation: place === null ? null : await this.#recommendation(place),
    };
  }

  #parameters(): Parameters {
    const { touch, costs } = this.#conditions;
    const { shard } = this.run;
    return {
      ...{ goal: this.#goal, touch, settings: this.#most },
      ...(costs && { costs: costs.name }),
      ...(shard && { shard: `${shard.index}/${shard.count}` }),
    };
  }

  /** Those that were not run yet, each once. */
  #unknown(candidates: readonly Candidate[]): Candidate[] {
    const unknown = candidates.filter((candidate) => !this.#places.has(candidateKey(candidate)));
    return [...new Map(unknown.map((candidate) => [candidateKey(candidate), candidate])).values()];
  }

  #ratios(candidate: Candidate): TuneRatios | undefined {
    const place = this.#places.get(candidateKey(candidate));
    const outcome = place === undefined ? undefined : this.#results[place]?.outcome;
    return outcome?.state === "done" ? outcome.ratios : undefined;
  }

  readonly #isOver = (): boolean => {
    this.#stopped ??= this.run.over?.() ?? null;
    return this.#stopped !== null;
  };

  async #evaluate(candidates: readonly Candidate[]): Promise<void> {
    const evaluations = new Map(
      candidates.flatMap((candidate) => {
        const evaluation = this.run.known?.(candidate);
        return evaluation ? [[candidate, evaluation]] : [];
      }),
    );
    await this.#runAll(
      candidates.filter((candidate) => !evaluations.has(candidate)),
      evaluations,
    );
    const done = candidates.flatMap((candidate) => {
      const evaluation = evaluations.get(candidate);
      return evaluation ? [{ candidate, evaluation }] : [];
    });
    this.#baseline ??= done.flatMap(({ evaluation }) =>
      evaluation.state === "done" ? [evaluation.figures] : [],
    )[0];
    for (const { candidate, evaluation } of done) this.#keep(candidate, evaluation);
    this.run.onProgress?.(this.#results.length);
  }

  /** Adds to `evaluations` what is run before it is over. */
  async #runAll(candidates: readonly Candidate[], evaluations: Map<Candidate, Evaluation>): Promise<void> {
    const { traces, onEvaluated } = this.run;
    const jobs = candidates.map((candidate) => ({ candidate, traces, conditions: this.#conditions }));
    const onDone = (place: number, evaluation: Evaluation) =>
      onEvaluated?.(candidates[place] as Candidate, evaluation);
    const done = await this.#evaluator(jobs, this.#isOver, onDone);
    for (const [i, candidate] of candidates.entries()) {
      const evaluation = done[i];
      if (evaluation) evaluations.set(candidate, evaluation);
    }
  }

  #keep(candidate: Candidate, evaluation: Evaluation): void {
    const isFirst = !this.#results.some(({ allocator }) => allocator === candidate.allocator);
    this.#places.set(candidateKey(candidate), this.#results.length);
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
    const { varied = true, shard } = this.run;
    const isLeft =
      place === yardstickOf(this.#results) ||
      this.#stopped === "interrupted" ||
      !varied ||
      shard !== undefined;
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
    const compared = [yardstickOf(this.#results), place].map((at) => this.#results[at] as TuneResult);
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
