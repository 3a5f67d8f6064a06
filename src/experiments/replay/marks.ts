/** The marks of a replay as people read them: a column for each, in which allocators compare. */
import { formatCount } from "../../base/bytes.js";
import { formatCell, orDash } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import type { Cell, Sheet } from "../../report/sheet.js";
import type { Report, Result } from "../../results/run.js";
import { faultCount } from "../runs/verdict.js";

/** Columns beyond which a table is divided. */
const MOST_COLUMNS = 6;

type Counters = Result["counters"];

const FIGURES: readonly { name: string; text: (counters: Counters) => string }[] = [
  { name: "in use", text: ({ bytes }) => formatCell(bytes.inUse) },
  { name: "system", text: ({ bytes }) => formatCell(bytes.system) },
  { name: "resident", text: ({ bytes }) => formatCell(bytes.resident) },
  { name: "faults", text: (counters) => orDash(faultCount(counters), formatCount) },
];

/** Tables of what there was at the marks; none without marks. */
export function markSheets({ results }: Report): Sheet[] {
  const names = [...new Set(results.flatMap(({ marks = [] }) => marks.map(({ name }) => name)))];
  const sheets = Math.ceil(names.length / MOST_COLUMNS);
  return Array.from({ length: sheets }, (_, i) =>
    markSheet(results, names.slice(MOST_COLUMNS * i, MOST_COLUMNS * (i + 1))),
  );
}

function markSheet(results: readonly Result[], names: readonly string[]): Sheet {
  return {
    heading: "at the marks",
    columns: [
      { header: ["allocator"], align: "left" },
      { header: [""], align: "left" },
      ...names.map((name) => ({ header: [name], align: "right" as const })),
    ],
    rows: results.flatMap((result) => rowsOf(result, names)),
    sentences: [],
  };
}

function rowsOf(result: Result, names: readonly string[]): Cell[][] {
  const found = names.map((name) => result.marks?.find((mark) => mark.name === name));
  return FIGURES.map(({ name, text }, i) => [
    plain(i === 0 ? allocatorLabel(result) : ""),
    plain(name),
    ...found.map((mark) => plain(mark ? text(mark.counters) : "-")),
  ]);
}

const plain = (text: string): Cell => ({ text, tone: "plain" });
