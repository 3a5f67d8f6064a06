import type { CsvRow } from "../../report/csv.js";
import type { CliffsReport } from "../../results/cliffs.js";
import { costRow } from "../loop/csv.js";

/** A row for each point. */
export function cliffsRows({ scenario, results }: CliffsReport): CsvRow[] {
  return results.flatMap(({ allocator, options, costs, points }) =>
    points.map(({ bytes, cost, first, settledAfter, ...settled }) => ({
      ...{ scenario, allocator, options, bytes, cost, ...costRow(settled) },
      ...{ costs, settledAfter, first: costRow(first) },
    })),
  );
}
