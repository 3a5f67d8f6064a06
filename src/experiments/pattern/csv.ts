import type { CsvRow } from "../../report/csv.js";
import type { PatternReport } from "../../results/pattern.js";
import { replayRows } from "../replay/csv.js";

/** A row for each moment of each result, and one for its whole. Points between are in JSON. */
export function patternRows(report: PatternReport): CsvRow[] {
  return replayRows({ ...report, results: report.results.map(({ timeline: _, ...result }) => result) });
}
