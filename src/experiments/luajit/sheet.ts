/** What people read of low memory: a row for each allocator and amount loaded. */

import { formatBytes } from "../../base/bytes.js";
import { formatCell, formatShare, formatSize, joinWords } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet, type Tone } from "../../report/sheet.js";
import type { LuajitPoint, LuajitReport, LuajitResult } from "../../results/luajit.js";

/** What MAP_32BIT gives at most. */
export const WINDOW = 2 ** 30;

const COLUMNS: readonly ColumnOf<[LuajitPoint, LuajitResult]>[] = [
  { header: ["allocator"], align: "left", text: (_, result) => allocatorLabel(result) },
  { header: ["loaded"], align: "right", text: ({ loaded }) => formatSize(loaded) },
  { header: ["taken below", "2 GiB"], align: "right", spare: 1, text: ({ taken }) => formatCell(taken) },
  { header: ["left for", "MAP_32BIT"], align: "right", text: ({ low }) => formatCell(low), tone: toneOf },
  { header: ["of 1 GiB"], align: "right", text: ({ low }) => formatShare(low, WINDOW), tone: toneOf },
  { header: ["then at", "hints"], align: "right", spare: 2, text: ({ hinted }) => formatCell(hinted) },
];

function toneOf({ low }: LuajitPoint): Tone {
  if (low < WINDOW / 2) return "bad";
  return low === WINDOW ? "good" : "plain";
}

/** A row for each allocator and amount, in order. */
export function luajitSheet({ results, parameters }: LuajitReport): Sheet {
  return {
    heading: luajitHeading(parameters),
    columns: plainColumns(COLUMNS),
    rows: results.flatMap((result) => result.points.map((point) => rowOf(COLUMNS, point, result))),
    sentences: [
      ...results.map(sentence),
      "LuaJIT without GC64 holds addresses below 2 GiB alone, and gets them by MAP_32BIT, of which Linux has 1 GiB. A heap that brk grows from 4 MiB on grows into it; memory from mmap lies far above. With GC64 it takes any below 128 TiB.",
    ],
  };
}

/** Says in one line what was run. */
export const luajitHeading = ({ block, piece }: LuajitReport["parameters"]) =>
  `low memory left to LuaJIT once its host has loaded blocks of ${formatSize(block)}, in pieces of ${formatSize(piece)}`;

function sentence(result: LuajitResult): string {
  const less = result.points.filter(({ low }) => low < WINDOW);
  const name = allocatorLabel(result);
  if (less.length === 0) return `${name}: leaves all of it, whatever is loaded.`;
  const told = less.map(
    ({ low, loaded }) =>
      `${low === 0 ? "nothing" : formatBytes(low)} of 1 GiB with ${formatSize(loaded)} loaded`,
  );
  return `${name}: leaves ${joinWords(told)}.`;
}
