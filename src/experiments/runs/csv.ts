import type { CsvRow } from "../../report/csv.js";
import type { Report } from "../../results/run.js";

/** A row for each result. */
export function runsRows({ scenario, parameters, results }: Report): CsvRow[] {
  return results.map(({ allocator, options, cost, counters, simulated, hostSeconds, ...result }) => ({
    ...{ scenario, allocator, options, parameters: { ...parameters, ...result.parameters }, cost },
    ...{ ...counters, simulated, hostSeconds },
  }));
}
