import type { CsvRow } from "../../report/csv.js";
import type { ForkReport } from "../../results/fork.js";
import { childOf, parentOf } from "./sheet.js";

/** A row for each result. Of the children it has one: all have done the same. */
export const forkRows = ({ scenario, results }: ForkReport): CsvRow[] =>
  results.map((result) => {
    const { notes: _, processes: __, together, separate, saved, simulated, loading, ...rest } = result;
    const sizes = { parent: parentOf(result), child: childOf(result) };
    return { scenario, ...rest, ...sizes, together, separate, saved, simulated, loading };
  });
