/** The picture of copies on sockets: nanoseconds of an access against copies, a panel for each size, a line for each load. */
import { formatCount } from "../../base/bytes.js";
import { formatShare, formatSize } from "../../base/numbers.js";
import { plainTicks } from "../../report/axis.js";
import { lineColour } from "../../report/colours.js";
import { type LinePanel, lineChart } from "../../report/line-chart.js";
import type { LineStyle } from "../../report/picture.js";
import type { SocketsLoad, SocketsReport, SocketsResult } from "../../results/sockets.js";
import { BASIS, lineLabel, socketsHeading } from "./words.js";

const nameOf = ({ written, line }: Pick<SocketsLoad, "written" | "line">) =>
  `${formatShare(written, 1)} written, ${lineLabel({ line })}`;

const copiesIn = ({ points }: SocketsResult) =>
  points.filter(({ copied }) => copied === undefined).sort((one, other) => one.copies - other.copies);

/** A colour for each share that is written; dashed where bandwidth has no limit. */
function stylesOf({ results }: SocketsReport): Map<string, LineStyle> {
  const shares = [...new Set(results.map(({ written }) => written))];
  return new Map(
    results.map((result) => [
      nameOf(result),
      {
        colour: lineColour(shares.indexOf(result.written)),
        ...(result.line === 0 && { dash: [5, 4] }),
      },
    ]),
  );
}

/** A panel for each size of data. */
export function socketsPanels(report: SocketsReport): LinePanel[] {
  const styles = stylesOf(report);
  return [...new Set(report.results.map(({ data }) => data))].map((data) => ({
    name: formatSize(data),
    lines: report.results
      .filter((result) => result.data === data)
      .map((result) => ({
        name: nameOf(result),
        points: copiesIn(result).map(({ copies, ns }) => ({ x: copies, y: ns })),
        style: styles.get(nameOf(result)) as LineStyle,
      })),
  }));
}

/** The chart as an SVG document. */
export function socketsChart(report: SocketsReport): string {
  const points = report.results.flatMap(copiesIn);
  const copies = [...new Set(points.map((point) => point.copies))].sort((one, other) => one - other);
  const highest = Math.max(...points.map(({ ns }) => ns), 1);
  return lineChart({
    title: "What an access costs, by copies of the data",
    subtitle: `${socketsHeading(report.parameters)}. ${BASIS}`,
    legend: [...stylesOf(report)].map(([name, style]) => ({ name, style })),
    x: {
      title: "copies",
      ends: [copies[0] ?? 1, Math.max(copies.at(-1) ?? 1, 2 * (copies[0] ?? 1))],
      isLogarithmic: true,
      ticks: copies.map((at) => ({ at, label: formatCount(at) })),
    },
    y: { title: "ns an access", ends: [0, highest], ticks: plainTicks([0, highest]) },
    panels: socketsPanels(report),
    shape: "straight",
    hasDots: true,
    width: 480,
    height: 200,
  });
}
