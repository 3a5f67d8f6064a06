import type { CsvRow } from "../../report/csv.js";
import type { CallocFixesReport } from "../../results/calloc-fixes.js";
import { costRow } from "../loop/csv.js";

/** A row for each allocator and share. */
export function callocFixesRows({ scenario, results }: CallocFixesReport): CsvRow[] {
  return results.flatMap(({ allocator, options, costs, bytes, points }) =>
    points.map(({ share, pages, ...cost }) => ({
      ...{ scenario, allocator, options, bytes, share, pages, ...costRow(cost), costs },
    })),
  );
}
