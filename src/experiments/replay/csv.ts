import type { CsvRow } from "../../report/csv.js";
import type { Report, Result } from "../../results/run.js";
import { runsRows } from "../runs/csv.js";

/** A row for each result, and before it, in order, one for each point of its timeline and each mark. */
export function replayRows(report: Report): CsvRow[] {
  const last = runsRows(report);
  return report.results.flatMap((result, i) => [...momentRows(report, result), last[i] as CsvRow]);
}

function momentRows({ scenario, parameters }: Report, { allocator, options, ...result }: Result): CsvRow[] {
  const run = { scenario, allocator, options, parameters: { ...parameters, ...result.parameters } };
  const points = (result.timeline ?? []).map(({ operation, ...bytes }) => ({ ...run, operation, bytes }));
  const marks = (result.marks ?? []).map(({ name, operation, counters }) => ({
    ...{ ...run, mark: name, operation },
    ...counters,
  }));
  return [...points, ...marks].sort((one, other) => one.operation - other.operation);
}
