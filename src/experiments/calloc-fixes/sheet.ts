/** What people read of fixes of calloc: a row per allocator, a column per part of the pages written. */

import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatSeconds, formatShare, formatSize } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import type { Cell, Sheet } from "../../report/sheet.js";
import type { CallocFix, CallocFixesReport, NamedCrossover } from "../../results/calloc-fixes.js";

/** Simulated time per iteration; the least of each column is marked as good. */
export function callocFixesSheet(report: CallocFixesReport): Sheet {
  const { results, parameters, crossovers } = report;
  const shares = results[0]?.points.map(({ share }) => share) ?? [];
  return {
    heading: `p = calloc(1, ${formatSize(parameters.bytes)}), part of its pages written, free(p): simulated time of one iteration, once settled`,
    columns: [
      { header: ["", "allocator"], align: "left" },
      ...shares.map((share) => ({ header: ["written:", formatShare(share, 1)], align: "right" as const })),
    ],
    rows: results.map((result) => fixRow(result, results)),
    sentences: [
      ...shares.map((share, index) => winner(results, share, index)),
      ...crossovers.map(crossoverSentence),
      `Simulated time is events times the costs of a profile: ${parameters.costs}, for all of them.`,
    ],
  };
}

const secondsAt = ({ points }: CallocFix, index: number) => points[index]?.simulatedSeconds ?? Number.NaN;

/** Those that take the least time; more than one where they take the same. */
export function cheapest(results: readonly CallocFix[], index: number): CallocFix[] {
  const least = Math.min(...results.map((result) => secondsAt(result, index)));
  return results.filter((result) => secondsAt(result, index) === least);
}

function fixRow(result: CallocFix, all: readonly CallocFix[]): Cell[] {
  const cells = result.points.map((point, index): Cell => {
    const isBest = cheapest(all, index).includes(result);
    return { text: formatSeconds(point.simulatedSeconds), tone: isBest ? "good" : "plain" };
  });
  return [{ text: allocatorLabel(result), tone: "plain" }, ...cells];
}

/** The cheapest at a share, with the counts that make it so. */
function winner(results: readonly CallocFix[], share: number, index: number): string {
  const [best] = cheapest(results, index);
  const point = best?.points[index];
  if (!best || !point) return "";
  const { zeroed, faults, syscalls } = point;
  const calls = Object.values(syscalls).reduce((one, other) => one + other, 0);
  const counts = [
    `${formatCount(faults)} faults`,
    `${formatBytes(zeroed.kernel)} zeroed by the kernel`,
    `${formatBytes(zeroed.allocator)} by the allocator (${formatBytes(zeroed.needless)} needlessly)`,
    `${formatCount(calls)} system calls`,
  ];
  return `With ${formatShare(share, 1)} of the pages written, ${allocatorLabel(best)} costs least: ${counts.join(", ")}.`;
}

function crossoverSentence({ one, other, pages, share, cheaperAbove }: NamedCrossover): string {
  const [cheaper, dearer] = cheaperAbove === "one" ? [one, other] : [other, one];
  return `${cheaper} costs less than ${dearer} from ${formatCount(pages)} pages written on (${formatShare(share, 1)}).`;
}
