/** What people read of a replay. */

import type { Sheet } from "../../report/sheet.js";
import type { Parameters, Report } from "../../results/run.js";
import { runsHeading, sharedParameters } from "../runs/parameters.js";
import { runsSheet } from "../runs/sheet.js";

export function replaySheet(report: Report): Sheet {
  return runsSheet(report, replayHeading(sharedParameters(report)));
}

/** Says in one line what was run. */
export const replayHeading = (parameters: Parameters): string => runsHeading("replay", parameters);
