/** What people read of huge pages: a row for each mode and toucher. */

import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatCell, formatSize } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet, type Tone } from "../../report/sheet.js";
import type { HugeReport, HugeResult, Toucher } from "../../results/huge.js";

const COLUMNS: readonly ColumnOf<[HugeResult]>[] = [
  { header: ["allocator"], align: "left", text: (result) => allocatorLabel(result) },
  { header: ["huge pages"], align: "left", text: ({ mode }) => mode },
  { header: ["toucher"], align: "left", text: ({ toucher }) => toucher },
  { header: ["used"], align: "right", text: ({ used }) => formatCell(used) },
  { header: ["faults"], align: "right", text: ({ faults }) => formatCount(faults) },
  { header: ["of 2 MiB"], align: "right", spare: 1, text: ({ hugeFaults }) => formatCount(hugeFaults) },
  { header: ["zeroed"], align: "right", spare: 2, text: ({ zeroed }) => formatCell(zeroed) },
  { header: ["resident"], align: "right", text: ({ resident }) => formatCell(resident), tone: toneOf },
];

/** Whether it has far more than it uses. */
function toneOf({ resident, used }: HugeResult): Tone {
  return resident >= 8 * used ? "bad" : "plain";
}

/** A row for each allocator, mode and toucher, in order. */
export function hugeSheet({ results, parameters }: HugeReport): Sheet {
  const allocators = [...new Set(results.map(allocatorLabel))];
  return {
    heading: hugeHeading(parameters),
    columns: plainColumns(COLUMNS),
    rows: results.map((result) => rowOf(COLUMNS, result)),
    sentences: allocators.flatMap((label) => {
      const its = results.filter((result) => allocatorLabel(result) === label);
      return [sentence(label, its, "sparse"), sentence(label, its, "dense")].filter((text) => text !== "");
    }),
  };
}

/** Says in one line what was run. */
export const hugeHeading = ({ size, stride }: HugeReport["parameters"]) =>
  `a block of ${formatSize(size)}, a byte in each ${formatSize(stride)} of it written, or in each page`;

/** What huge pages for all make of one toucher, beside none. */
function sentence(label: string, results: readonly HugeResult[], toucher: Toucher): string {
  const of = (mode: string) => results.find((result) => result.mode === mode && result.toucher === toucher);
  const [without, always] = [of("never"), of("always")];
  if (!without || !always) return "";
  if (toucher === "sparse") {
    const asked =
      of("madvise")?.resident === without.resident ? "; where only who asks gets them, it keeps that" : "";
    return `${label}: a program that touches little of much has ${formatBytes(without.resident)}, and ${formatBytes(always.resident)} with huge pages for all, each zeroed for one byte${asked}.`;
  }
  return `${label}: one that touches all of it takes ${formatCount(always.faults)} faults with huge pages, and ${formatCount(without.faults)} without, and has ${formatBytes(always.resident)} either way.`;
}
