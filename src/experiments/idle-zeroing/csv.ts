import type { CsvRow } from "../../report/csv.js";
import type { IdleZeroingReport } from "../../results/idle-zeroing.js";

/** A row for each allocator and part written. */
export const idleZeroingRows = ({ scenario, parameters, results }: IdleZeroingReport): CsvRow[] =>
  results.flatMap(({ allocator, options, points }) =>
    points.map((point) => ({ scenario, allocator, options, ...parameters, ...point })),
  );
