import type { CsvRow } from "../../report/csv.js";
import type { SocketsReport } from "../../results/sockets.js";

/** A row for each load and number of copies. */
export const socketsRows = ({ scenario, parameters, results }: SocketsReport): CsvRow[] =>
  results.flatMap(({ points, moves: _, ...load }) =>
    points.map((point) => ({ scenario, ...parameters, ...load, ...point })),
  );
