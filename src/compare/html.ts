/** A benchmark record as one HTML file that needs nothing else: charts as SVG, and the table. */
import type { TopLevelSpec } from "vega-lite";
import { CHART_CONFIG, COLOURS, PANEL_HEADER } from "../report/axis.js";
import { headerText, type Sheet } from "../report/sheet.js";
import { renderSvg } from "../report/svg.js";
import { latencyChart, latencySheet } from "./latency-table.js";
import { type BenchRecord, judgedTimes } from "./record.js";
import { benchSheet } from "./table.js";

/** One bar. */
export interface BenchBar {
  allocator: string;
  trace: string;
  value: number;
  /** Ends of the line that shows the spread: half the distance between the quartiles to each side. */
  low: number;
  high: number;
}

type Figure = "time" | "memory" | "zeroed";

const TITLES: Record<Figure, string> = {
  time: "Nanoseconds of CPU time per operation, steady state, and quartiles",
  memory: "MiB of memory at its peak",
  zeroed: "KiB set to zero in the first pass",
};

/** The bars of a figure. What was not measured has none. */
export function benchBars({ results }: BenchRecord, figure: Figure): BenchBar[] {
  return results.flatMap(({ subject: allocator, trace, outcome }) => {
    if (outcome.state !== "done") return [];
    const { counts } = outcome;
    const { steady } = judgedTimes(outcome);
    if (figure === "time") {
      const [value, half] = [steady.median, steady.median * steady.spread];
      return [{ allocator, trace, value, low: value - half, high: value + half }];
    }
    const bytes = figure === "memory" ? counts.memory.peak / 1024 : counts.metered?.zeroed.bytes;
    if (bytes === undefined) return [];
    const value = bytes / 1024;
    return [{ allocator, trace, value, low: value, high: value }];
  });
}

export function benchChart(record: BenchRecord, figure: Figure): TopLevelSpec {
  const names = record.subjects.map(({ name }) => name);
  const y = { field: "allocator", type: "nominal", title: null, sort: names } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: { text: TITLES[figure], offset: 8 },
    data: { values: benchBars(record, figure) },
    facet: { row: { field: "trace", type: "nominal", title: null, header: PANEL_HEADER } },
    spec: {
      width: 560,
      height: { step: 22 },
      layer: [
        {
          mark: { type: "bar", color: COLOURS.blue },
          encoding: { y, x: { field: "value", type: "quantitative", title: null } },
        },
        {
          mark: { type: "rule", color: COLOURS.vermilion, strokeWidth: 2 },
          encoding: { y, x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
        },
      ],
    },
    config: CHART_CONFIG,
  };
}

const STYLE = `body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: 0.2em 0.7em; border-bottom: 1px solid #ddd; text-align: left; }
.right { text-align: right; } .bad { color: #b00; } .good { color: #070; } svg { max-width: 100%; height: auto; }`;

/** The whole document. Ends in a newline. */
export async function benchHtml(record: BenchRecord): Promise<string> {
  const figures = (Object.keys(TITLES) as Figure[]).filter((figure) => benchBars(record, figure).length > 0);
  const specs = [...figures.map((figure) => benchChart(record, figure)), latencyChart(record) ?? []].flat();
  const charts: string[] = [];
  for (const spec of specs) charts.push(await renderSvg(spec));
  const sheets = [benchSheet(record), latencySheet(record) ?? []].flat();
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>zeropage bench</title><style>
${STYLE}
</style></head>
<body>
<h1>zeropage bench</h1>
${sheets.map(sheetHtml).join("\n")}
${charts.join("\n")}</body>
</html>
`;
}

function sheetHtml({ heading, columns, rows, sentences }: Sheet): string {
  const head = columns.map((column) => `<th class="${column.align}">${escapeHtml(headerText(column))}</th>`);
  const body = rows.map((row) => {
    const cells = row.map(
      ({ text, tone }, i) => `<td class="${columns[i]?.align} ${tone}">${escapeHtml(text)}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<p>${escapeHtml(heading)}</p>
<table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
${sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("\n")}`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string);
}
