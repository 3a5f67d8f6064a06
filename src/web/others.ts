/**
 * The program of the page on more than two allocators, as small multiples: what they hold over time, one panel below the
 * other, all on one scale; and what they have mapped when the program holds the most. Loaded when it is asked for, in the
 * Worker that draws.
 */
import { formatSeconds } from "../base/numbers.js";
import { bytesAxes, bytesLines, legendOf, SERIES } from "../experiments/replay/chart.js";
import {
  collectTrace,
  formatBytes,
  formatCount,
  type Result,
  replayTrace,
  type TimelinePoint,
  type TouchPolicy,
} from "../index.js";
import { allocatorLabel } from "../report/label.js";
import { lineChart } from "../report/line-chart.js";
import { TUNED } from "../tune/tune.js";
import { playModel } from "./playable.js";
import { type OnProgress, Player } from "./player.js";
import type { Answer, Argument, Choice, SmallMap } from "./protocol.js";
import { beginning, peakOf, type Tape, tapeTrace } from "./tape.js";

const TIMELINE_POINTS = 300;
const PANEL_HEIGHT = 64;

/** What an allocator got from the system and never touched costs nothing, and would only flatten the rest. */
const DRAWN = SERIES.filter(({ field }) => field !== "system");

interface Run {
  result: Result;
  timeline: TimelinePoint[];
  map: SmallMap;
}

/** Runs the tape on each. Progress counts allocators. */
export async function runOnOthers(
  { tape, touch, chosen, subtitle }: Argument<"others">,
  onProgress: OnProgress,
): Promise<Answer<"others">> {
  const once: Tape = { ...tape, ...(await collectTrace(tapeTrace(tape))), rounds: 1 };
  const upToPeak = beginning(once, peakOf(once));
  const all = besides(chosen);
  const runs: Run[] = [];
  const failures: string[] = [];
  for (const [done, choice] of all.entries()) {
    onProgress({ done, total: all.length });
    const { allocator: model, options } = choice;
    try {
      const trace = tapeTrace(once);
      const run = await replayTrace({ model, options, trace, touch, timelinePoints: TIMELINE_POINTS });
      const failed = run.result.parameters.failedAllocations;
      if (failed)
        failures.push(`${allocatorLabel(choice)}: allocations that failed: ${formatCount(+failed)}.`);
      runs.push({ ...run, map: await mapAtEnd(upToPeak, choice, touch) });
    } catch (error) {
      failures.push(`${allocatorLabel(choice)}: ${(error as Error).message}.`);
    }
  }
  const maps = runs.map(({ map }) => map);
  return { svg: multiples(runs, subtitle), maps, results: runs.map(({ result }) => result), failures };
}

/** What is mapped after all of a tape. */
async function mapAtEnd(tape: Tape, choice: Choice, touch: TouchPolicy): Promise<SmallMap> {
  const { player } = await Player.open(tape, choice, await playModel(choice), touch, () => {});
  const { runs, regions, counters } = await player.moment(tape.count);
  return {
    name: `${allocatorLabel(choice)}: ${formatBytes(counters.bytes.resident)} resident`,
    runs,
    regions,
  };
}

/** What was chosen, and after it, with the options that they have by default, the allocators of real systems. */
function besides(chosen: readonly Choice[]): Choice[] {
  const labels = chosen.map(allocatorLabel);
  const real = [...TUNED, { allocator: "libmalloc", options: {} }];
  return [...chosen, ...real.filter((choice) => !labels.includes(allocatorLabel(choice)))];
}

function multiples(runs: readonly Run[], subtitle: string): string {
  const panels = runs.map(({ result, timeline }) => ({
    name: nameOf(result),
    lines: bytesLines(DRAWN, timeline),
  }));
  const points = runs.flatMap(({ timeline }) => timeline);
  const highest = points.reduce((most, { resident, inUse }) => Math.max(most, resident, inUse), 0);
  const operations = points.reduce((most, { operation }) => Math.max(most, operation), 0);
  return lineChart({
    title: "Bytes over time on each allocator",
    subtitle,
    legend: legendOf(DRAWN),
    ...bytesAxes(highest, operations),
    ...{ height: PANEL_HEIGHT, panels },
  });
}

/** The allocator, with what it comes to. */
function nameOf(result: Result): string {
  const peak = `${formatBytes(result.counters.bytes.peakResident)} resident at the peak`;
  const time = result.simulated ? `, ${formatSeconds(result.simulated.seconds)}` : "";
  return `${allocatorLabel(result)}: ${peak}${time}`;
}
