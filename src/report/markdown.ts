import { heading } from "./label.js";
import type { Report } from "./results.js";
import { tableRows } from "./rows.js";
import { verdict } from "./verdict.js";

/** The same rows as the plain table, as a GitHub table, and what they mean as a list. Ends in a newline. */
export function markdownReport(report: Report): string {
  const { columns, rows } = tableRows(report);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const sentences = verdict(report).map((sentence) => `- ${escapeMarkdown(sentence)}`);
  const lines = [
    escapeMarkdown(heading(report)),
    "",
    line(columns.map(({ header }) => header.join(" "))),
    line(columns.map(({ align }) => (align === "left" ? ":--" : "--:"))),
    ...rows.map((row) => line(row.map(({ text }) => escapeMarkdown(text)))),
    ...(sentences.length > 0 ? ["", ...sentences] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Keeps file and option names from becoming markup, or from ending a cell. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\|*_<`[\]]/g, "\\$&");
}
