import type { CsvRow } from "../../report/csv.js";
import type { HugeReport } from "../../results/huge.js";

/** A row for each allocator, mode and toucher. */
export const hugeRows = ({ scenario, parameters, results }: HugeReport): CsvRow[] =>
  results.map(({ notes: _, allocator, options, ...figures }) => ({
    ...{ scenario, allocator, options, ...parameters, ...figures },
  }));
