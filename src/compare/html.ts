/** A benchmark record as one HTML file that needs nothing else: charts as SVG, and the table. */
import { formatCount } from "../base/bytes.js";
import { plainTicks } from "../report/axis.js";
import { barChart, type Segment } from "../report/bar-chart.js";
import { COLOURS } from "../report/colours.js";
import { headerText, type Sheet } from "../report/sheet.js";
import { escaped } from "../report/svg.js";
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

/** The bars of a figure as an SVG document, a panel for each trace. */
export function benchChart(record: BenchRecord, figure: Figure): string {
  const bars = benchBars(record, figure);
  const ends = [0, Math.max(...bars.map(({ value, high }) => Math.max(value, high)), 1e-9)] as const;
  const names = record.subjects.map(({ name }) => name);
  return barChart({
    title: TITLES[figure],
    x: { ends, ticks: plainTicks(ends) },
    panels: [...new Set(bars.map(({ trace }) => trace))].map((name) => ({
      name,
      rows: bars
        .filter(({ trace }) => trace === name)
        .sort((one, other) => names.indexOf(one.allocator) - names.indexOf(other.allocator))
        .map(({ allocator, value, low, high }) => ({
          name: allocator,
          bars: [{ segments: [segmentOf(allocator, value)], spread: [low, high] }],
        })),
    })),
    ...{ width: 560, thickness: 16, gap: 6 },
  });
}

const segmentOf = (allocator: string, value: number): Segment => ({
  ...{ value, colour: COLOURS.blue },
  told: `${allocator}: ${formatCount(Math.round(value * 100) / 100)}`,
});

const STYLE = `:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: 0.2em 0.7em; border-bottom: 1px solid #8886; text-align: left; }
.right { text-align: right; } .bad { color: #b00; } .good { color: #070; } svg { max-width: 100%; height: auto; }`;

/** The whole document. Ends in a newline. */
export function benchHtml(record: BenchRecord): string {
  const figures = (Object.keys(TITLES) as Figure[]).filter((figure) => benchBars(record, figure).length > 0);
  const charts = [...figures.map((figure) => benchChart(record, figure)), latencyChart(record) ?? []].flat();
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
  const head = columns.map((column) => `<th class="${column.align}">${escaped(headerText(column))}</th>`);
  const body = rows.map((row) => {
    const cells = row.map(
      ({ text, tone }, i) => `<td class="${columns[i]?.align} ${tone}">${escaped(text)}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<p>${escaped(heading)}</p>
<table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
${sentences.map((sentence) => `<p>${escaped(sentence)}</p>`).join("\n")}`;
}
