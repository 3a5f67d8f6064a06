import type { CsvRow } from "../../report/csv.js";
import type { LuajitReport } from "../../results/luajit.js";

/** A row for each allocator and amount loaded. */
export const luajitRows = ({ scenario, parameters, results }: LuajitReport): CsvRow[] =>
  results.flatMap(({ allocator, options, points }) =>
    points.map((point) => ({ scenario, allocator, options, ...parameters, ...point })),
  );
