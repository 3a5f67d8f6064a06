/** What people read of runs, whatever was run. */

import { formatCount } from "../../base/bytes.js";
import { formatCell, formatSeconds, formatShare, formatSize, orDash } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet, worseIf } from "../../report/sheet.js";
import type { Report, Result } from "../../results/run.js";
import { costsNote } from "../costs-note.js";
import { blockBytes } from "./parameters.js";
import { faultCount, verdict } from "./verdict.js";

interface RunColumn extends ColumnOf<[Result]> {
  /** Whether the report has anything to put here. */
  applies?: (results: readonly Result[]) => boolean;
}

function sizeText(result: Result): string {
  const bytes = blockBytes(result);
  return bytes === undefined ? "-" : formatSize(bytes);
}

const COLUMNS: readonly RunColumn[] = [
  { header: ["allocator"], align: "left", text: allocatorLabel },
  {
    header: ["size"],
    align: "right",
    applies: (results) => results.some((result) => blockBytes(result) !== undefined),
    text: (result) => sizeText(result),
  },
  {
    header: ["cost"],
    align: "left",
    applies: (results) => results.some((result) => result.cost !== undefined),
    text: (result) => result.cost ?? "-",
    tone: (result) => (result.cost === "constant" ? "good" : worseIf(result.cost === "linear")),
  },
  {
    header: ["faults"],
    spare: 5,
    align: "right",
    applies: (results) => results.some(({ counters }) => !Number.isNaN(faultCount(counters))),
    text: (result) => orDash(faultCount(result.counters), formatCount),
    tone: (result) => worseIf(result.counters.faults.needless > 0),
  },
  {
    header: ["zeroed by", "kernel"],
    spare: 3,
    align: "right",
    text: (result) => formatCell(result.counters.zeroed.kernel),
  },
  {
    header: ["zeroed by", "allocator"],
    align: "right",
    text: (result) => formatCell(result.counters.zeroed.allocator),
  },
  {
    header: ["needless", "share"],
    spare: 4,
    align: "right",
    text: ({ counters: { zeroed } }) => formatShare(zeroed.needless, zeroed.allocator),
    tone: (result) => worseIf(result.counters.zeroed.needless > 0),
  },
  {
    header: ["peak", "resident"],
    spare: 2,
    align: "right",
    text: (result) => formatCell(result.counters.bytes.peakResident),
  },
  {
    header: ["simulated", "time"],
    align: "right",
    applies: (results) => results.some(({ simulated }) => simulated !== undefined),
    text: ({ simulated }) => (simulated ? formatSeconds(simulated.seconds) : "-"),
  },
  { header: ["host", "time"], spare: 1, align: "right", text: (result) => formatSeconds(result.hostSeconds) },
];

const costsOf = (result: Result) => ({
  allocator: allocatorLabel(result),
  costs: result.simulated?.costs,
});

/** One row per result, in order, under the columns that say something about this report. */
export function runsSheet(report: Report, heading: string): Sheet {
  const columns = COLUMNS.filter((column) => column.applies?.(report.results) ?? true);
  return {
    heading,
    columns: plainColumns(columns),
    rows: report.results.map((result) => rowOf(columns, result)),
    sentences: [...verdict(report), ...costsNote(report.results.map(costsOf))],
  };
}
