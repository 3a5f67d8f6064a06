import type { CsvRow } from "../../report/csv.js";
import type { CinnabarReport } from "../../results/cinnabar.js";

/** A row for each moment and each point of each result, in the order of operations. */
export function cinnabarRows({ scenario, results }: CinnabarReport): CsvRow[] {
  return results.flatMap(({ allocator, options, without, moments, course }) => {
    const of = { scenario, allocator, options, without };
    const rows = [...course.map((point) => ({ moment: "", ...point })), ...moments.map(asRow)];
    return rows.sort((one, other) => one.operation - other.operation).map((row) => ({ ...of, ...row }));
  });
}

const asRow = ({ name, ...bytes }: CinnabarReport["results"][number]["moments"][number]) => ({
  moment: name,
  ...bytes,
});
