/**
 * Holds what `tune` recommends against an exhaustive grid of the same settings, on both real traces. By hand:
 *
 *      npx tsx bench/tune.ts [trace [allocator]]
 *
 * prints, for each goal, the best of the grid, the best that the search tried, what it recommends, and CPU seconds. The grid
 * of glibc has 2,592 candidates, which take minutes.
 */
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { allocatorLabel } from "../src/report/label.js";
import type { OptionValues } from "../src/results/run.js";
import type { TuneGoal, TuneReport } from "../src/results/tune.js";
import { collectTrace } from "../src/trace/collect.js";
import { readTrace } from "../src/trace/read.js";
import { evaluate, type NamedTrace } from "../src/tune/evaluate.js";
import { ratiosOf, scoreOf } from "../src/tune/score.js";
import { spaceOf } from "../src/tune/space.js";
import { TUNED, tune } from "../src/tune/tune.js";

const TRACES = ["git-log", "cc1"];
const GOALS: readonly TuneGoal[] = ["resident", "time", "both"];
const TOUCH = "object";

/** Runs something, and tells how many CPU seconds it took. */
async function timed<T>(run: () => Promise<T>): Promise<{ value: T; seconds: string }> {
  const before = process.cpuUsage();
  const value = await run();
  const { user, system } = process.cpuUsage(before);
  return { value, seconds: `${((user + system) / 1e6).toFixed(1)} s` };
}

async function read(name: string): Promise<NamedTrace> {
  const file = fileURLToPath(new URL(`traces/${name}.txt.gz`, import.meta.url));
  return { name, ...(await collectTrace(await readTrace(createReadStream(file)))) };
}

/** Every candidate of the grid, the allocator as it is first. */
function gridOf(allocator: string): OptionValues[] {
  return spaceOf(allocator, {}, false).reduce<OptionValues[]>(
    (points, { option, grid }) =>
      points.flatMap((point) => [point, ...grid.map((value) => ({ ...point, [option]: value }))]),
    [{}],
  );
}

async function exhaust(allocator: string, trace: NamedTrace) {
  const points = gridOf(allocator);
  const done = [];
  for (const options of points) {
    const evaluation = await evaluate({ allocator, options }, [trace], { touch: TOUCH });
    if (evaluation.state === "done") done.push({ options, figures: evaluation.figures });
  }
  return { points: points.length, done };
}

function scoresOf({ results, recommendation }: TuneReport, goal: TuneGoal) {
  const scores = results.map(({ outcome }) =>
    outcome.state === "done" ? scoreOf(outcome.ratios, goal) : Number.POSITIVE_INFINITY,
  );
  const place = recommendation?.result ?? 0;
  return { best: Math.min(...scores), recommended: scores[place] as number, result: results[place] };
}

async function compare(allocator: string, trace: NamedTrace): Promise<void> {
  const { value: grid, seconds } = await timed(() => exhaust(allocator, trace));
  console.log(`${trace.name}, ${allocator}: a grid of ${grid.points} in ${seconds}`);
  for (const goal of GOALS) {
    const ranked = grid.done
      .map(({ options, figures }) => ({
        options,
        score: scoreOf(ratiosOf(figures, grid.done[0]?.figures ?? figures), goal),
      }))
      .sort((one, other) => one.score - other.score);
    const run = { traces: [trace], allocators: [{ allocator, options: {} }], goal, touch: TOUCH } as const;
    const { value: report, seconds: took } = await timed(() => tune(run));
    const { best, recommended, result } = scoresOf(report, goal);
    const [first] = ranked;
    if (!first || !result) throw new Error("nothing came through");
    console.log(
      `  ${goal}: grid ${first.score.toFixed(4)} ${allocatorLabel({ allocator, options: first.options })}; search ` +
        `${best.toFixed(4)}, recommended ${recommended.toFixed(4)} ${allocatorLabel(result)}, ` +
        `${((recommended / first.score - 1) * 100).toFixed(1)}% from the grid's, ${report.results.length} candidates in ${took}`,
    );
  }
}

const [onlyTrace, onlyAllocator] = process.argv.slice(2);
for (const name of TRACES.filter((one) => (onlyTrace ?? one) === one)) {
  const trace = await read(name);
  for (const { allocator } of TUNED) {
    if ((onlyAllocator ?? allocator) === allocator) await compare(allocator, trace);
  }
}
