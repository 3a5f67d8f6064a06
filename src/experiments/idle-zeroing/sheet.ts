/** What people read of zeroing in idle time: a row for each allocator and part written. */

import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatCell, formatSeconds, formatShare, formatSize, joinWords } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet } from "../../report/sheet.js";
import type { IdleZeroingPoint, IdleZeroingReport, IdleZeroingResult } from "../../results/idle-zeroing.js";

const COLUMNS: readonly ColumnOf<[IdleZeroingPoint, IdleZeroingResult]>[] = [
  { header: ["allocator"], align: "left", text: (_, result) => allocatorLabel(result) },
  { header: ["written"], align: "right", text: ({ share }) => formatShare(share, 1) },
  { header: ["faults"], align: "right", spare: 1, text: ({ faults }) => formatCount(faults) },
  { header: ["zeroed by", "kernel"], align: "right", text: ({ zeroed }) => formatCell(zeroed.kernel) },
  { header: ["zeroed by", "allocator"], align: "right", text: ({ zeroed }) => formatCell(zeroed.allocator) },
  { header: ["zeroing", "in faults"], align: "right", text: ({ onFault }) => formatSeconds(onFault.seconds) },
  { header: ["zeroing", "in idle time"], align: "right", text: ({ idle }) => formatSeconds(idle.seconds) },
  {
    header: ["", "saved"],
    align: "right",
    text: (point) => formatShare(savedSeconds(point), point.onFault.seconds),
    tone: (point) => (savedSeconds(point) > 0.1 * point.onFault.seconds ? "good" : "plain"),
  },
];

/** What the kernel's zeroing costs in faults, and not in idle time. */
export const savedSeconds = ({ onFault }: IdleZeroingPoint) => onFault.parts.zeroedByKernel;

/** A row for each allocator and part, in order. */
export function idleZeroingSheet({ results, parameters }: IdleZeroingReport): Sheet {
  return {
    heading: idleZeroingHeading(parameters),
    columns: plainColumns(COLUMNS),
    rows: results.flatMap((result) => result.points.map((point) => rowOf(COLUMNS, point, result))),
    sentences: [
      ...results.map(sentence),
      ...lesson(results),
      "That zeroing in idle time costs nothing is the most that it could save: it takes memory bandwidth, and a frame zeroed long ago is in no cache.",
      `Simulated time is events times the costs of a profile: ${parameters.costs}, for all of them.`,
    ],
  };
}

/** Says in one line what was run. */
export const idleZeroingHeading = ({ bytes, count }: IdleZeroingReport["parameters"]) =>
  `p = calloc(1, ${formatSize(bytes)}), part of it written, free(p), ${formatCount(count)} times: zeroing in faults, or in idle time`;

function sentence(result: IdleZeroingResult): string {
  const savings = result.points.map((point) => {
    const part = formatShare(savedSeconds(point), point.onFault.seconds);
    return `${part} with ${formatShare(point.share, 1)} written`;
  });
  return `${allocatorLabel(result)}: zeroing in idle time saves ${joinWords(savings)}.`;
}

/** Why it does not help where calloc clears what the allocator kept: said of who clears most of that. */
function lesson(results: readonly IdleZeroingResult[]): string[] {
  const [most] = results
    .flatMap(({ points, ...result }) =>
      points.map(({ zeroed }) => ({ ...zeroed, label: allocatorLabel(result) })),
    )
    .filter(({ allocator, kernel }) => allocator > kernel)
    .sort((one, other) => other.allocator - one.allocator);
  if (!most) return [];
  const all = formatBytes(most.kernel + most.allocator);
  return [
    `It does not rescue a calloc that clears blocks from a cache. Of ${all} zeroed with ${most.label} the kernel zeroes ${formatBytes(most.kernel)}: a cached block keeps its frames, and only frames that are free can be zeroed in idle time. What they hold the program may have written, so calloc clears them itself.`,
  ];
}
