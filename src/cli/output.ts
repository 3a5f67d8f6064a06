import type { ExperimentRecord } from "../experiments/experiment.js";
import { type CsvRow, renderCsv } from "../report/csv.js";
import { jsonReport } from "../report/json.js";
import { renderMarkdown } from "../report/markdown.js";
import type { Sheet } from "../report/sheet.js";
import { renderTable } from "../report/table.js";
import type { Environment } from "./environment.js";
import { tableStyle } from "./terminal.js";

/** A report, from which every output form is made. */
export interface Printable {
  record: ExperimentRecord;
  sheet(): Sheet;
  /** Tables that follow it. */
  more?(): readonly Sheet[];
  rows(): readonly CsvRow[];
}

const sheetsOf = (report: Printable): Sheet[] => [report.sheet(), ...(report.more?.() ?? [])];

/** The output forms that have a flag: its help, and how the form is made. */
export const FORMS = {
  json: {
    help: "print results as JSON",
    render: ({ record }: Printable, version: string) => jsonReport(record, version),
  },
  csv: { help: "print results as CSV", render: (report: Printable) => renderCsv(report.rows()) },
  markdown: {
    help: "print results as a Markdown table",
    render: (report: Printable) => sheetsOf(report).map(renderMarkdown).join("\n"),
  },
} as const;

/** The flags that choose an output form. The parser allows at most one. */
export type FormFlags = { [Form in keyof typeof FORMS]?: boolean };

/** The output forms, with the table for people. */
export type Form = "table" | keyof typeof FORMS;

/** The form that a flag chooses; without one, the table. */
export function chooseForm(flags: FormFlags): Form {
  return (Object.keys(FORMS) as (keyof typeof FORMS)[]).find((form) => flags[form]) ?? "table";
}

/** Prints a report on stdout. */
export function printReport(
  report: Printable,
  form: Form,
  { stdout, env, version }: Pick<Environment, "stdout" | "env" | "version">,
): void {
  const style = tableStyle({ stdout, env });
  const table = () => sheetsOf(report).map((sheet) => renderTable(sheet, style));
  stdout.write(form === "table" ? table().join("\n") : FORMS[form].render(report, version));
}
