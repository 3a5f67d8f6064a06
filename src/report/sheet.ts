/** What people read, whichever way it is set: as text in a terminal, or as Markdown. */

/** Whether a cell tells of a good thing, a bad one, or neither. */
export type Tone = "good" | "bad" | "plain";

export interface Cell {
  text: string;
  tone: Tone;
}

export interface Column {
  /** One or two lines. */
  header: readonly string[];
  align: "left" | "right";
  /**
   * Its turn to be left out where a table has to be narrower: from 1 on. Those without a turn go after them, from the
   * right; the first two stay.
   */
  spare?: number;
}

/** A column that knows what it says of what a row is about. */
export interface ColumnOf<About extends unknown[]> extends Column {
  text: (...about: About) => string;
  /** Without it all is plain. */
  tone?: (...about: About) => Tone;
}

/** The row about something: a cell for each column. */
export const rowOf = <About extends unknown[]>(
  columns: readonly ColumnOf<About>[],
  ...about: About
): Cell[] => columns.map(({ text, tone }) => ({ text: text(...about), tone: tone?.(...about) ?? "plain" }));

/** The columns of a sheet, of columns that know more. */
export const plainColumns = (columns: readonly Column[]): Column[] =>
  columns.map(({ header, align, spare }) => ({ header, align, ...(spare !== undefined && { spare }) }));

export interface Sheet {
  /** What was done, in one line. */
  heading: string;
  columns: readonly Column[];
  /** A cell for each column. */
  rows: readonly (readonly Cell[])[];
  /** What it means. */
  sentences: readonly string[];
}

/** A header on one line, with a word that is divided between two whole again. */
export function headerText({ header }: Column): string {
  return header
    .filter(Boolean)
    .join(" ")
    .replace(/(?<=\p{Ll})- (?=\p{Ll})/u, "");
}

export const worseIf = (bad: boolean): Tone => (bad ? "bad" : "plain");
