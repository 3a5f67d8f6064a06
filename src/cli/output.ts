import { callocFixesPage } from "../experiments/calloc-fixes/table.js";
import { cliffsPage } from "../experiments/cliffs/table.js";
import { iterContentPage } from "../experiments/iter-content/table.js";
import { csvCallocFixes, csvCliffs, csvIterContent, csvReport } from "../report/csv.js";
import { jsonReport } from "../report/json.js";
import { markdownPage } from "../report/markdown.js";
import type { Page } from "../report/page.js";
import { reportPage } from "../report/rows.js";
import { tablePage } from "../report/table.js";
import type {
  CallocFixesReport,
  CliffsReport,
  IterContentReport,
  OptionValues,
  Report,
} from "../results/results.js";
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
  page(): Page;
  csv(): string;
}

export function printable(report: Report): Printable {
  return { record: report, page: () => reportPage(report), csv: () => csvReport(report) };
}

export function printableCliffs(report: CliffsReport): Printable {
  return { record: report, page: () => cliffsPage(report), csv: () => csvCliffs(report) };
}

export function printableIterContent(report: IterContentReport): Printable {
  return { record: report, page: () => iterContentPage(report), csv: () => csvIterContent(report) };
}

export function printableCallocFixes(report: CallocFixesReport): Printable {
  return { record: report, page: () => callocFixesPage(report), csv: () => csvCallocFixes(report) };
}

const RENDER: Record<Form, (report: Printable, colour: boolean) => string> = {
  table: (report, colour) => tablePage(report.page(), { colour }),
  json: (report) => jsonReport(report.record),
  csv: (report) => report.csv(),
  markdown: (report) => markdownPage(report.page()),
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
