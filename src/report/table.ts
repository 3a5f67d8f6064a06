import type { Cell, Column, Sheet, Tone } from "./sheet.js";

const GAP = "  ";
const ANSI: Record<Tone | "bold" | "dim" | "reset", string> = {
  good: "\u001b[32m",
  bad: "\u001b[31m",
  plain: "",
  bold: "\u001b[1m",
  dim: "\u001b[2m",
  reset: "\u001b[0m",
};

/**
 * A sheet as people read it in a terminal: what was run, an aligned table, and what it means.
 * Ends in a newline. Escape sequences only when `colour` says so.
 */
export function renderTable(sheet: Sheet, { colour = false } = {}): string {
  const paint: Paint = (text, style) => (colour && ANSI[style] ? ANSI[style] + text + ANSI.reset : text);
  const { columns, rows } = sheet;
  const widths = columns.map((column, index) =>
    Math.max(...column.header.map((line) => line.length), ...rows.map((row) => row[index]?.text.length ?? 0)),
  );
  const lines = [
    paint(sheet.heading, "bold"),
    "",
    ...headerLines(columns, widths, paint),
    ...rows.map((row) => bodyLine(row, columns, widths, paint)),
    "",
    ...sheet.sentences,
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

type Paint = (text: string, style: keyof typeof ANSI) => string;

/** Headers stand on the rule, so that one-line headers are level with the second line of the others. */
function headerLines(columns: readonly Column[], widths: readonly number[], paint: Paint): string[] {
  const height = Math.max(...columns.map(({ header }) => header.length));
  const lines = Array.from({ length: height }, (_, line) =>
    columns.map(({ header, align }, index) =>
      pad(header[line - height + header.length] ?? "", widths[index] ?? 0, align),
    ),
  );
  const rule = widths.map((width) => "─".repeat(width));
  return [...lines, rule].map((cells) => paint(cells.join(GAP).trimEnd(), "dim"));
}

function bodyLine(row: readonly Cell[], columns: readonly Column[], widths: readonly number[], paint: Paint) {
  const cells = row.map(({ text, tone }, index) => {
    const padded = pad(text, widths[index] ?? 0, columns[index]?.align ?? "left");
    return padded.replace(text, () => paint(text, tone));
  });
  return cells.join(GAP).trimEnd();
}

function pad(text: string, width: number, align: Column["align"]): string {
  return align === "left" ? text.padEnd(width) : text.padStart(width);
}
