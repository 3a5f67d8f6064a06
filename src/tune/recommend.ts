/** Chooses what to recommend of what was tried. */
import type { OptionValues } from "../results/run.js";
import type { TuneGoal, TuneRatios, TuneResult } from "../results/tune.js";
import { compareRatios, scoreOf } from "./score.js";

/** A gain below this part is not worth a setting. */
export const WORTH_SETTING = 0.01;
/** A setting that brings less than this part of what is reached is left out. */
const WORTH_KEEPING = 0.01;

/** A candidate that may be recommended. */
interface Sure {
  place: number;
  allocator: string;
  options: OptionValues;
  ratios: TuneRatios;
}

/** Those that came through and are not in doubt. */
function sureOf(results: readonly TuneResult[]): Sure[] {
  return results.flatMap(({ allocator, options, outcome, unsure = [] }, place) =>
    outcome.state === "done" && unsure.length === 0
      ? [{ place, allocator, options, ratios: outcome.ratios }]
      : [],
  );
}

/**
 * The place of what is best for the goal; null if nothing may be recommended, or nothing that may is better than a baseline that may
 * not. In turn:
 *
 *  - the baseline, the first result, unless something is better by WORTH_SETTING;
 *  - the baseline's allocator, unless another is better by as much: what is there already needs no other library;
 *  - the fewest settings that reach what all of them do, to WORTH_KEEPING.
 */
export function recommend(results: readonly TuneResult[], goal: TuneGoal): number | null {
  const sure = sureOf(results);
  const best = bestOf(sure, goal);
  if (!best) return null;
  const own = bestOf(
    sure.filter(({ allocator }) => allocator === results[0]?.allocator),
    goal,
  );
  const chosen = own && isNear(own, best, goal, WORTH_SETTING) ? own : best;
  const baseline = sure.find(({ place }) => place === 0);
  if (baseline && isNear(baseline, chosen, goal, WORTH_SETTING)) return 0;
  const isWorse = results[0]?.outcome.state === "done" && scoreOf(chosen.ratios, goal) > 1 - WORTH_SETTING;
  if (!baseline && isWorse) return null;
  return simplest(sure, chosen, goal).place;
}

/** The setting of a candidate, or the change to its allocator, that alone brings most, and its part of the whole gain. */
export function mostAlone(
  results: readonly TuneResult[],
  recommended: number,
  goal: TuneGoal,
): { result: number; share: number } | undefined {
  const whole = sureOf(results).find(({ place }) => place === recommended);
  const baseline = results[0] as TuneResult;
  if (!whole) return undefined;
  const given = Object.keys(baseline.allocator === whole.allocator ? baseline.options : {}).length;
  const parts = sureOf(results).filter(
    (one) =>
      isPartOf(one, whole) &&
      Object.keys(one.options).length <= given + (one.allocator === baseline.allocator ? 1 : 0) &&
      one.place !== 0,
  );
  const best = bestOf(parts, goal);
  if (!best || best.place === recommended) return undefined;
  const gain = (ratios: TuneRatios) => 1 - scoreOf(ratios, goal);
  const share = gain(best.ratios) / gain(whole.ratios);
  return share > 0 ? { result: best.place, share } : undefined;
}

/** The places of others that are worth it, the best first: one for each allocator and set of options, the recommended one's left out. */
export function othersThan(results: readonly TuneResult[], recommended: number, goal: TuneGoal): number[] {
  const kindOf = ({ allocator, options }: Pick<TuneResult, "allocator" | "options">) =>
    [allocator, ...Object.keys(options).sort()].join(" ");
  const worth = sureOf(results).filter(({ ratios }) => scoreOf(ratios, goal) < 1 - WORTH_SETTING);
  worth.sort(
    (one, other) =>
      scoreOf(one.ratios, goal) - scoreOf(other.ratios, goal) ||
      Object.keys(one.options).length - Object.keys(other.options).length,
  );
  const seen = new Set([kindOf(results[recommended] as TuneResult)]);
  return worth.flatMap((one) => {
    const isNew = !seen.has(kindOf(one));
    seen.add(kindOf(one));
    return isNew ? [one.place] : [];
  });
}

function bestOf(all: readonly Sure[], goal: TuneGoal): Sure | undefined {
  const isBetter = (one: Sure, other: Sure) => {
    const order = compareRatios(one.ratios, other.ratios, goal);
    const fewer = Object.keys(one.options).length - Object.keys(other.options).length;
    return order < 0 || (order === 0 && fewer < 0);
  };
  return all.reduce<Sure | undefined>((best, one) => (!best || isBetter(one, best) ? one : best), undefined);
}

function isNear(one: Sure, best: Sure, goal: TuneGoal, part: number): boolean {
  return scoreOf(one.ratios, goal) * (1 - part) <= scoreOf(best.ratios, goal);
}

/** Whether all settings of one are settings of the other. */
function isPartOf(one: Omit<Sure, "ratios">, other: Omit<Sure, "ratios">): boolean {
  return (
    one.allocator === other.allocator &&
    Object.entries(one.options).every(([option, value]) => other.options[option] === value)
  );
}

function simplest(sure: readonly Sure[], best: Sure, goal: TuneGoal): Sure {
  const settings = ({ options }: Sure) => Object.keys(options).length;
  const near = sure.filter((one) => isPartOf(one, best) && isNear(one, best, goal, WORTH_KEEPING));
  return near.reduce((least, one) => (settings(one) < settings(least) ? one : least), best);
}
