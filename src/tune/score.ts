/** How candidates are compared: by parts of what the baseline comes to. Less is better. */
import type { TuneFigures, TuneGoal, TuneRatios, TuneResult } from "../results/tune.js";

/** Of several traces, or of several figures: gains and losses of the same factor cancel. */
function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Nothing of nothing is as much as before. */
function ratio(part: number, whole: number): number {
  if (part === whole) return 1;
  return whole === 0 ? Number.POSITIVE_INFINITY : part / whole;
}

/** The place of what all are compared with: the baseline, or where that did not come through the first that did. */
export function yardstickOf(results: readonly TuneResult[]): number {
  return Math.max(
    0,
    results.findIndex(({ outcome }) => outcome.state === "done"),
  );
}

/** Figures against those of the baseline, trace by trace. */
export function ratiosOf(figures: readonly TuneFigures[], baseline: readonly TuneFigures[]): TuneRatios {
  const mean = (of: (its: TuneFigures, whole: TuneFigures) => number[]) =>
    geometricMean(figures.flatMap((its, trace) => of(its, baseline[trace] as TuneFigures)));
  return {
    resident: mean((its, whole) => [
      ratio(its.peakResident, whole.peakResident),
      ratio(its.averageResident, whole.averageResident),
    ]),
    time: mean((its, whole) => [ratio(its.seconds, whole.seconds)]),
  };
}

/** What the goal wants small; 1 for the baseline. */
export function scoreOf({ resident, time }: TuneRatios, goal: TuneGoal): number {
  if (goal === "resident") return resident;
  return goal === "time" ? time : Math.sqrt(resident * time);
}

/** What decides between equals: the measure that the goal leaves out. */
function tieOf({ resident, time }: TuneRatios, goal: TuneGoal): number {
  return goal === "resident" ? time : resident;
}

/** Below 0 if the first is better. Equal to the last digit of a float is equal. */
export function compareRatios(one: TuneRatios, other: TuneRatios, goal: TuneGoal): number {
  const [less, more] = [scoreOf(one, goal), scoreOf(other, goal)];
  if (Math.abs(less - more) > 1e-12 * more) return less - more;
  return tieOf(one, goal) - tieOf(other, goal);
}
