import type { CsvRow } from "../../report/csv.js";
import type { ServeFileReport } from "../../results/serve-file.js";

/** A row for each way. */
export const serveFileRows = ({ scenario, parameters, results }: ServeFileReport): CsvRow[] =>
  results.map(({ notes: _, ...result }) => ({ scenario, ...parameters, ...result }));
