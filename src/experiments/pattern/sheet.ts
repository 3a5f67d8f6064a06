/** What people read of a pattern: a row for each moment of each allocator. */

import type { Counters } from "../../allocator/counters.js";
import { ONE_CACHE } from "../../allocator/threads.js";
import { formatCount } from "../../base/bytes.js";
import { formatCell, formatSeconds, formatShare, formatSize, orDash } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet } from "../../report/sheet.js";
import type { ComparedFigures, PatternReport } from "../../results/pattern.js";
import type { Parameters, Result } from "../../results/run.js";
import { costsNote } from "../costs-note.js";
import { faultCount } from "../runs/verdict.js";

/** A moment of a result: what there was, and what had been counted by then. */
interface Moment {
  /** Its allocator, or what else is to be said of it. */
  about: string;
  name: string;
  counters: Counters;
  /** Of the whole, and so at its last moment only. */
  simulated: string;
}

const COLUMNS: readonly ColumnOf<[Moment]>[] = [
  { header: ["allocator"], align: "left", text: ({ about }) => about },
  { header: ["moment"], align: "left", text: ({ name }) => name },
  bytesColumn("in use", ({ inUse }) => inUse),
  bytesColumn("system", ({ system }) => system),
  bytesColumn("resident", ({ resident }) => resident),
  bytesColumn("virtual", ({ virtual }) => virtual),
  {
    header: ["faults", "so far"],
    spare: 2,
    align: "right",
    text: ({ counters }) => orDash(faultCount(counters), formatCount),
  },
  {
    header: ["zeroed by", "kernel"],
    spare: 3,
    align: "right",
    text: ({ counters }) => formatFigure(counters.zeroed.kernel),
  },
  {
    header: ["zeroed by", "allocator"],
    spare: 4,
    align: "right",
    text: ({ counters }) => formatFigure(counters.zeroed.allocator),
  },
  { header: ["simulated", "time"], spare: 1, align: "right", text: ({ simulated }) => simulated },
];

function bytesColumn(name: string, of: (bytes: Counters["bytes"]) => number): ColumnOf<[Moment]> {
  return { header: [name], align: "right", text: ({ counters }) => formatFigure(of(counters.bytes)) };
}

const formatFigure = (bytes: number) => orDash(bytes, formatCell);

export function patternSheet(report: PatternReport): Sheet {
  const { results, parameters, compared } = report;
  return {
    heading: patternHeading(parameters),
    columns: plainColumns(COLUMNS),
    rows: results.flatMap(momentsOf).map((moment) => rowOf(COLUMNS, moment)),
    sentences: [
      ...(compared ? comparisons(compared) : []),
      ...costsNote(
        results.map((result) => ({ allocator: allocatorLabel(result), costs: result.simulated?.costs })),
      ),
    ],
  };
}

function momentsOf(result: Result): Moment[] {
  const { counters, marks = [], simulated } = result;
  const moments = marks.length > 0 ? marks : [{ name: "end", counters }];
  const abouts = [allocatorLabel(result), ...(sharesCaches(result) ? [ONE_CACHE] : [])];
  return moments.map((moment, i) => ({
    ...moment,
    about: abouts[i] ?? "",
    simulated: i === moments.length - 1 && simulated ? formatSeconds(simulated.seconds) : "",
  }));
}

const sharesCaches = ({ notes = [] }: Result) => notes.some((note) => note.startsWith(ONE_CACHE));

function comparisons({ source, figure, rows }: ComparedFigures): string[] {
  return [
    `${source} (${figure}):`,
    ...rows.map(({ allocator, published, here }) => `${allocator}: ${published}; here ${here}.`),
  ];
}

/** Says in one line what was run. */
export function patternHeading(parameters: Parameters): string {
  const rest = ["live", "drain", "order", "keep", "freer", "trim", "seed"]
    .filter((name) => parameters[name] !== 0 && (name !== "drain" || parameters.live !== 0))
    .map((name) => `${name} ${parameters[name]}`);
  const share = formatShare(Number(parameters.written), 1);
  return `${patternTitle(parameters)}, ${share} written; ${rest.join(", ")}`;
}

/** The same in few words. */
export function patternTitle(parameters: Parameters): string {
  const { preset, threads, rounds, blocks, by } = parameters;
  const who = threads === 0 ? "1 thread" : counted(threads, "thread");
  const what = `${counted(blocks, "block")} of ${sizesText(parameters)} by ${by}`;
  return `pattern ${preset}: ${who}, ${counted(rounds, "round")} of ${what}`;
}

function counted(count: number | string | undefined, what: string): string {
  return `${formatCount(Number(count))} ${what}${count === 1 ? "" : "s"}`;
}

function sizesText({ min, max, spread }: Parameters): string {
  if (min === max) return formatSize(Number(max));
  return `${formatCount(Number(min))} to ${formatCount(Number(max))} bytes (${spread})`;
}
