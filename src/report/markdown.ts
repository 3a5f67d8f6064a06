import { headerText, type Sheet } from "./sheet.js";

/** A sheet as a GitHub table, and what it means as a list. Ends in a newline. */
export function renderMarkdown({ heading, columns, rows, sentences }: Sheet): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const items = sentences.map((sentence) => `- ${escapeMarkdown(sentence)}`);
  const lines = [
    escapeMarkdown(heading),
    "",
    line(columns.map(headerText)),
    line(columns.map(({ align }) => (align === "left" ? ":--" : "--:"))),
    ...rows.map((row) => line(row.map(({ text }) => escapeMarkdown(text)))),
    ...(items.length > 0 ? ["", ...items] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Keeps file and option names from becoming markup, or from ending a cell. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\|*_<`[\]]/g, "\\$&");
}
