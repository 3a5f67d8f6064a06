/** What people read of Benfield's loop. */

import type { Sheet } from "../../report/sheet.js";
import type { Parameters, Report } from "../../results/run.js";
import { sharedParameters } from "../runs/parameters.js";
import { runsSheet } from "../runs/sheet.js";

export function callocLoopSheet(report: Report): Sheet {
  return runsSheet(report, callocLoopHeading(sharedParameters(report)));
}

/** Says in one line what was run. */
export function callocLoopHeading({ count = 1, written = 0 }: Parameters): string {
  const share = Number(written);
  const between = share === 0 ? "nothing" : `${Math.round(share * 1e6) / 1e4}%`;
  return `p = calloc(1, n); free(p), ${Number(count).toLocaleString("en-US")} times, ${between} written between`;
}
