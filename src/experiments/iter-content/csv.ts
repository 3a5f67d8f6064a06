import type { CsvRow } from "../../report/csv.js";
import type { IterContentReport } from "../../results/iter-content.js";

/** A row for each result. */
export const iterContentRows = ({ scenario, results }: IterContentReport): CsvRow[] =>
  results.map(({ notes: _, ...result }) => ({ scenario, ...result }));
