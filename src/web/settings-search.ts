/** Which settings would help the program on the page: `zeropage tune`, in the Worker that draws. Loaded when it is asked for. */
import { collectTrace } from "../index.js";
import { tuneChart } from "../tune/chart.js";
import { yardstickOf } from "../tune/score.js";
import { tuneSheet, variationSheets } from "../tune/sheet.js";
import { TUNED, tune } from "../tune/tune.js";
import type { OnProgress } from "./player.js";
import type { Answer, Argument } from "./protocol.js";
import { tapeTrace } from "./tape.js";

/** Candidates that are run at most: half of what the command line runs, for one Worker runs all of them. */
const SETTINGS = 100;

/**
 * Searches the settings of the allocators that people choose on Linux. The baseline is the first side that has one of
 * them, with its options, or glibc as it is; where that fails, the first that came through.
 */
export async function searchSettings(
  { tape, name, touch, goal, sides }: Argument<"tune">,
  onProgress: OnProgress,
): Promise<Answer<"tune">> {
  const chosen = sides.find(({ allocator }) => TUNED.some((one) => one.allocator === allocator));
  const others = TUNED.filter(({ allocator }) => allocator !== chosen?.allocator);
  const report = await tune({
    traces: [{ name, ...(await collectTrace(tapeTrace(tape))) }],
    allocators: chosen ? [chosen, ...others] : TUNED,
    ...{ touch, goal, settings: SETTINGS },
    onProgress: (done) => onProgress({ done, total: SETTINGS }),
  });
  const baseline = report.results[yardstickOf(report.results)];
  return {
    svg: tuneChart(report),
    sheets: [tuneSheet(report), ...variationSheets(report)],
    ...(baseline && { baseline: { allocator: baseline.allocator, options: baseline.options } }),
  };
}
