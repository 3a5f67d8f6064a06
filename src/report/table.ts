/** A sheet as text for a terminal. */
import { joinWords } from "../base/numbers.js";
import { wrapWords } from "./fit-text.js";
import { type Cell, type Column, headerText, type Sheet, type Tone } from "./sheet.js";

const GAP = "  ";
const ANSI: Record<Tone | "bold" | "dim" | "reset", string> = {
  good: "\u001b[32m",
  bad: "\u001b[31m",
  plain: "",
  bold: "\u001b[1m",
  dim: "\u001b[2m",
  reset: "\u001b[0m",
};

export interface TableStyle {
  /** Whether escape sequences colour it. */
  colour?: boolean;
  /** Characters of a line, at least 20; without it lines are as long as they need. */
  width?: number;
}

/**
 * A sheet as people read it in a terminal: what was run, an aligned table, and what it means. Ends in a newline.
 *
 * A table too wide for its lines has names on lines of their own if they take more than half of one, and then leaves out
 * columns in the order that `Column.spare` says. What is left out is told. Prose is broken between words.
 */
export function renderTable(
  sheet: Sheet,
  { colour = false, width = Number.POSITIVE_INFINITY }: TableStyle = {},
): string {
  const paint: Paint = (text, style) => (colour && ANSI[style] ? ANSI[style] + text + ANSI.reset : text);
  const { shown, leftOut, namesApart } = fitted(sheet, width);
  const { columns, rows } = shown;
  const widths = widthsOf(shown, namesApart);
  const lines = [
    ...wrapLine(sheet.heading, width).map((line) => paint(line, "bold")),
    "",
    ...headerLines(columns, widths, paint),
    ...rows.flatMap((row) => bodyLines(row, columns, widths, paint, namesApart)),
    "",
    ...[...leftOutLine(leftOut, width), ...sheet.sentences].flatMap((sentence) => wrapLine(sentence, width)),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

type Paint = (text: string, style: keyof typeof ANSI) => string;

/** The lines of one, broken between words. Those after the first are indented as it is, and two more. */
export function wrapLine(line: string, width = Number.POSITIVE_INFINITY): string[] {
  if (line.length <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? "";
  const [first = "", ...others] = wrapWords(line, (text) => `${indent}  ${text}`.length <= width);
  return [indent + first, ...others.map((text) => `${indent}  ${text}`)];
}

// ---- What fits ----

interface Fitted {
  shown: Sheet;
  leftOut: Column[];
  /** Whether the first column of a row is on a line of its own. */
  namesApart: boolean;
}

/** Below this a column of names has its place in the table. */
const NAME_SHARE = 0.5;

function fitted(sheet: Sheet, width: number): Fitted {
  const all = sheet.columns.map((_, index) => index);
  const names = widthsOf(sheet, false)[0] ?? 0;
  const fits = (kept: readonly number[], apart: boolean) =>
    lineLength(widthsOf(keep(sheet, kept), apart)) <= width;
  if (fits(all, false)) return { shown: sheet, leftOut: [], namesApart: false };
  const namesApart = names > width * NAME_SHARE;
  let kept = all;
  for (const next of leavingOrder(sheet.columns)) {
    if (fits(kept, namesApart)) break;
    kept = kept.filter((index) => index !== next);
  }
  const leftOut = sheet.columns.filter((_, index) => !kept.includes(index));
  return { shown: keep(sheet, kept), leftOut, namesApart };
}

/** The places of columns in the order in which they are left out. */
function leavingOrder(columns: readonly Column[]): number[] {
  const turn = (index: number) => columns[index]?.spare ?? columns.length + 100 - index;
  const places = columns.map((_, index) => index).filter((index) => index > 1 || columns[index]?.spare);
  return places.sort((one, other) => turn(one) - turn(other));
}

function keep(sheet: Sheet, kept: readonly number[]): Sheet {
  const choose = <T>(cells: readonly T[]): T[] => kept.map((index) => cells[index] as T);
  return { ...sheet, columns: choose(sheet.columns), rows: sheet.rows.map(choose) };
}

/** @param namesApart the first column is as wide as its header. */
function widthsOf({ columns, rows }: Sheet, namesApart: boolean): number[] {
  return columns.map(({ header }, index) => {
    const cells = namesApart && index === 0 ? [] : rows.map((row) => row[index]?.text.length ?? 0);
    return Math.max(...header.map((line) => line.length), ...cells);
  });
}

const lineLength = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);

function leftOutLine(columns: readonly Column[], width: number): string[] {
  if (columns.length === 0) return [];
  const names = joinWords(columns.map(headerText));
  return [
    `Left out, as a line has ${width} characters: ${names}. A wider terminal, a pipe and --json have them.`,
  ];
}

// ---- Lines ----

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

function bodyLines(
  row: readonly Cell[],
  columns: readonly Column[],
  widths: readonly number[],
  paint: Paint,
  namesApart: boolean,
): string[] {
  const cells = row.map(({ text, tone }, index) => {
    const shown = namesApart && index === 0 ? "" : text;
    const padded = pad(shown, widths[index] ?? 0, columns[index]?.align ?? "left");
    return padded.replace(shown, () => paint(shown, tone));
  });
  const line = cells.join(GAP).trimEnd();
  const [name] = row;
  return namesApart && name?.text ? [paint(name.text, name.tone), line] : [line];
}

function pad(text: string, width: number, align: Column["align"]): string {
  return align === "left" ? text.padEnd(width) : text.padStart(width);
}
