import type { TuneReport } from "../results/tune.js";
import { tuneRows } from "../tune/csv.js";
import { proofSheets } from "../tune/proof-sheet.js";
import { tuneSheet, variationSheets } from "../tune/sheet.js";
import type { Environment } from "./environment.js";
import { type Extras, finish } from "./finish.js";
import { chooseForm, type FormFlags } from "./output.js";

/** Prints a report in the form that was asked for, with its notes. Returns the exit code. */
export function printTune(
  report: TuneReport,
  flags: FormFlags,
  environment: Environment,
  extras: Extras = {},
): Promise<number> {
  const printable = {
    record: report,
    sheet: () => tuneSheet(report),
    more: () => [...variationSheets(report), ...proofSheets(report)],
    rows: () => tuneRows(report),
  };
  return finish(printable, chooseForm(flags), [], environment, extras);
}
