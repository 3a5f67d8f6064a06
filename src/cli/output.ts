import { callocFixesRows } from "../experiments/calloc-fixes/csv.js";
import { callocFixesSheet } from "../experiments/calloc-fixes/sheet.js";
import { callocLoopSheet } from "../experiments/calloc-loop/sheet.js";
import { cliffsRows } from "../experiments/cliffs/csv.js";
import { cliffsSheet } from "../experiments/cliffs/sheet.js";
import { iterContentRows } from "../experiments/iter-content/csv.js";
import { iterContentSheet } from "../experiments/iter-content/sheet.js";
import { replaySheet } from "../experiments/replay/sheet.js";
import { runsRows } from "../experiments/runs/csv.js";
import { renderCsv } from "../report/csv.js";
import { jsonReport } from "../report/json.js";
import { renderMarkdown } from "../report/markdown.js";
import type { Sheet } from "../report/sheet.js";
import { renderTable } from "../report/table.js";
import type { CallocFixesReport } from "../results/calloc-fixes.js";
import type { CliffsReport } from "../results/cliffs.js";
import type { IterContentReport } from "../results/iter-content.js";
import type { OptionValues, Report } from "../results/run.js";
import type { Host } from "./host.js";

/** The flags that choose a form. The parser lets at most one of them through. */
export interface FormFlags {
  json?: boolean;
  csv?: boolean;
  markdown?: boolean;
}

export type Form = "table" | keyof FormFlags;

/** What every result has. */
interface Printed {
  allocator: string;
  options: OptionValues;
  notes?: string[];
}

/** A report in all its forms. */
export interface Printable {
  record: { results: readonly Printed[] };
  sheet(): Sheet;
  csv(): string;
}

export function printable(report: Report): Printable {
  return {
    record: report,
    sheet: () => (report.scenario === "replay" ? replaySheet(report) : callocLoopSheet(report)),
    csv: () => renderCsv(runsRows(report)),
  };
}

export function printableCliffs(report: CliffsReport): Printable {
  return { record: report, sheet: () => cliffsSheet(report), csv: () => renderCsv(cliffsRows(report)) };
}

export function printableIterContent(report: IterContentReport): Printable {
  return {
    record: report,
    sheet: () => iterContentSheet(report),
    csv: () => renderCsv(iterContentRows(report)),
  };
}

export function printableCallocFixes(report: CallocFixesReport): Printable {
  return {
    record: report,
    sheet: () => callocFixesSheet(report),
    csv: () => renderCsv(callocFixesRows(report)),
  };
}

const RENDER: Record<Form, (report: Printable, colour: boolean) => string> = {
  table: (report, colour) => renderTable(report.sheet(), { colour }),
  json: (report) => jsonReport(report.record),
  csv: (report) => report.csv(),
  markdown: (report) => renderMarkdown(report.sheet()),
};

/** The form asked for: a table for people unless a flag says otherwise. */
export function chooseForm(flags: FormFlags): Form {
  const forms = ["json", "csv", "markdown"] as const;
  return forms.find((form) => flags[form]) ?? "table";
}

/** Prints a report on stdout, in colour where that is wanted. */
export function printReport(
  report: Printable,
  form: Form,
  { stdout, env }: Pick<Host, "stdout" | "env">,
): void {
  stdout.write(RENDER[form](report, wantsColour(env, stdout.isTTY)));
}

/** NO_COLOR (no-color.org) beats FORCE_COLOR, which beats whether this is a terminal; as in commander's help. */
export function wantsColour(env: Host["env"], isTTY = false): boolean {
  if (env.NO_COLOR || env.FORCE_COLOR === "0" || env.FORCE_COLOR === "false") return false;
  return Boolean(env.FORCE_COLOR) || (isTTY && env.TERM !== "dumb");
}
