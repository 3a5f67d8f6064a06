/**
 * The picture of what calloc costs on wasm allocators, drawn from the published table. A panel for a program that writes
 * nothing, and one for one that writes to every page; a bar for each of three rounds.
 */
import type { TopLevelSpec } from "vega-lite";
import { CHART_CONFIG, COLOURS, PANEL_HEADER } from "../src/report/axis.js";

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

/** The Vega-Lite specification of the chart. */
export function callocChart(times: readonly CallocTime[]): TopLevelSpec {
  const y = {
    field: "allocator",
    type: "nominal",
    sort: null,
    title: null,
    axis: { labelLimit: 0 },
  } as const;
  const x = { field: "ms", type: "quantitative", title: "milliseconds of CPU time", stack: null } as const;
  const yOffset = { field: "round", type: "nominal", sort: [...ROUNDS] } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: "What calloc costs on wasm allocators",
      subtitle: "p = calloc(1, 100 MiB); free(p), with the host's page faults",
      offset: 8,
    },
    data: { values: [...times] },
    facet: {
      row: { field: "written", type: "nominal", sort: [...WRITTEN], title: null, header: PANEL_HEADER },
    },
    spacing: 16,
    spec: {
      width: 480,
      height: { step: 11, for: "offset" },
      encoding: { y, yOffset, x },
      layer: [
        {
          mark: { type: "bar" },
          encoding: {
            color: {
              field: "round",
              type: "nominal",
              title: "round",
              scale: { domain: [...ROUNDS], range: [COLOURS.vermilion, COLOURS.blue, COLOURS.green] },
              legend: { orient: "top" },
            },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 4, fontSize: 9, color: "#222" },
          encoding: { text: { field: "ms", type: "quantitative", format: ".1f" } },
        },
      ],
    },
    config: CHART_CONFIG,
  };
}
