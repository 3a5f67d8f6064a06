/**
 * The picture of what calloc costs on wasm allocators, drawn from the published table. A panel for a program that writes
 * nothing, and one for one that writes to every page; a bar for each of three rounds.
 */
import { plainTicks } from "../src/report/axis.js";
import { barChart } from "../src/report/bar-chart.js";
import { COLOURS } from "../src/report/colours.js";

const WRITTEN = ["nothing written", "every page written"] as const;
const ROUNDS = ["first", "second", "third"] as const;

/** The columns of the table. */
export const LOOPS = WRITTEN.flatMap((written) => ROUNDS.map((round) => ({ written, round })));
/** What the table begins with. */
const HEADING = "p = calloc(1, 100 MiB); free(p), ms";
export const HEADER = [HEADING, ...LOOPS.map(({ written, round }) => `${written}: ${round}`)];

/** A cell of the table. */
export interface CallocTime {
  allocator: string;
  written: string;
  round: string;
  ms: number;
}

/** Finds the table in a Markdown document. @throws Error if it is not there, or has other columns. */
export function readTimes(markdown: string): CallocTime[] {
  const lines = markdown.split("\n");
  const at = lines.indexOf(row(HEADER));
  if (at < 0) throw new Error(`there is no table that begins with ${row(HEADER)}`);
  const end = lines.findIndex((line, i) => i > at && !line.startsWith("|"));
  return lines.slice(at + 2, end).flatMap((line) => {
    const [allocator = "", ...cells] = line.slice(2, -2).split(" | ");
    return LOOPS.map((loop, i) => ({ allocator, ...loop, ms: Number(cells[i]) }));
  });
}

/** A row of a Markdown table. */
export const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

const ROUND_COLOURS = { first: COLOURS.vermilion, second: COLOURS.blue, third: COLOURS.green } as const;

/** The chart as an SVG document. */
export function callocChart(times: readonly CallocTime[]): string {
  const ends = [0, Math.max(...times.map(({ ms }) => ms))] as const;
  const names = [...new Set(times.map(({ allocator }) => allocator))];
  const barOf = (allocator: string, written: string, round: (typeof ROUNDS)[number]) => {
    const isIt = (time: CallocTime) =>
      time.allocator === allocator && time.written === written && time.round === round;
    const ms = times.find(isIt)?.ms ?? 0;
    const note = ms.toFixed(1);
    return { segments: [{ value: ms, colour: ROUND_COLOURS[round], told: `${round}: ${note} ms` }], note };
  };
  return barChart({
    title: "What calloc costs on wasm allocators",
    subtitle: "p = calloc(1, 100 MiB); free(p), with the host's page faults",
    legend: ROUNDS.map((round) => ({ name: `${round} round`, style: { fill: ROUND_COLOURS[round] } })),
    x: { title: "milliseconds of CPU time", ends, ticks: plainTicks(ends) },
    panels: WRITTEN.map((written) => ({
      name: written,
      rows: names.map((name) => ({ name, bars: ROUNDS.map((round) => barOf(name, written, round)) })),
    })),
    ...{ width: 480, thickness: 12, gap: 8 },
  });
}
