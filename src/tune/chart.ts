/** The picture of a tune: resident memory against simulated time, the front of each allocator as a line. */
import { plainTicks } from "../report/axis.js";
import { lineColour } from "../report/colours.js";
import { allocatorLabel } from "../report/label.js";
import { type Line, lineChart } from "../report/line-chart.js";
import type { TuneGoal, TuneReport, TuneResult } from "../results/tune.js";
import { finished, frontOf } from "./front.js";
import { yardstickOf } from "./score.js";
import { goalWords } from "./words.js";

/** Candidates that take more than so many times the time of the baseline are beyond the edge. */
const MOST_TIMES = 4;

export function tuneChart(report: TuneReport): string {
  const { results, traces, recommendation, parameters } = report;
  const allocators = [...new Set(results.map(({ allocator }) => allocator))];
  const lines = allocators.map((allocator, i): Line => {
    const own = results.filter((result) => result.allocator === allocator);
    return { name: allocator, points: pointsOf(own), style: { colour: lineColour(i), width: 1.6 } };
  });
  const all = lines.flatMap(({ points }) => points);
  const [x, y] = [axis(all.map(({ x }) => x)), axis(all.map(({ y }) => y))];
  const marked = [0, ...(recommendation ? [recommendation.result] : [])];
  return lineChart({
    title: "Settings: resident memory against simulated time",
    subtitle: `${traces.map(({ name }) => name).join(", ")}, for ${goalWords(parameters.goal as TuneGoal)}; in percent of ${allocatorLabel(results[yardstickOf(results)] as TuneResult)}; of each allocator those that none of its own surpasses`,
    legend: lines.map(({ name, style }) => ({ name, style })),
    x: { title: "simulated time, %", ...x },
    y: { title: "resident memory, %", ...y },
    panels: [
      {
        lines,
        labels: [...new Set(marked)].flatMap((place) => labelOf(results[place] as TuneResult, x.ends[1])),
      },
    ],
    ...{ shape: "steps", hasDots: true, width: 640, height: 320 },
  });
}

function pointsOf(results: readonly TuneResult[]): { x: number; y: number }[] {
  const ratios = new Map(finished(results).map(({ place, ratios }) => [place, ratios]));
  return frontOf(results)
    .flatMap((place) => {
      const its = ratios.get(place);
      return its ? [{ x: 100 * its.time, y: 100 * its.resident }] : [];
    })
    .filter(({ x }) => x <= 100 * MOST_TIMES);
}

function axis(values: readonly number[]) {
  const ends = [0, Math.max(100, ...values) * 1.05] as const;
  return { ends, ticks: plainTicks(ends) };
}

function labelOf(result: TuneResult, right: number): { x: number; y: number; text: string }[] {
  const { outcome } = result;
  if (outcome.state !== "done" || 100 * outcome.ratios.time > right) return [];
  return [{ x: 100 * outcome.ratios.time, y: 100 * outcome.ratios.resident, text: allocatorLabel(result) }];
}
