import type { CsvRow } from "../report/csv.js";
import type { TuneReport } from "../results/tune.js";

/** A row for each trace of each candidate, in the order of trying; of one that did not come through, one with its state. */
export function tuneRows({
  scenario,
  parameters,
  traces,
  results,
  front,
  recommendation,
}: TuneReport): CsvRow[] {
  return results.flatMap(({ allocator, options, outcome, unsure }, place): CsvRow[] => {
    const run = {
      ...{ scenario, allocator, options, parameters, state: outcome.state },
      ...{ front: front.includes(place) ? 1 : 0, recommended: recommendation?.result === place ? 1 : 0 },
      unsure: unsure ? 1 : 0,
    };
    if (outcome.state !== "done") return [{ ...run, message: outcome.message }];
    return outcome.figures.map((figures, trace) => ({
      ...{ ...run, trace: traces[trace]?.name, ...figures, ratios: outcome.ratios },
    }));
  });
}
