/** What people read of copies on sockets: a row for each load, a column for each number of copies. */
import { formatShare, formatSize } from "../../base/numbers.js";
import type { Cell, Column, Sheet, Tone } from "../../report/sheet.js";
import type { SocketsPoint, SocketsReport, SocketsResult } from "../../results/sockets.js";
import { balancingSentences, copiesSentences } from "./sentences.js";
import { BASIS, copiesLabel, formatNs, socketsHeading } from "./words.js";

const LOAD: readonly Column[] = [
  { header: ["data"], align: "right" },
  { header: ["written"], align: "right" },
  { header: ["ns a", "line"], align: "right" },
];

/** One row per load, in order. */
export function socketsSheet(report: SocketsReport): Sheet {
  const { results, parameters } = report;
  return {
    heading: socketsHeading(parameters),
    columns: [...LOAD, ...(results[0]?.points ?? []).map(columnOf)],
    rows: results.map(rowOf),
    sentences: [...copiesSentences(report), ...balancingSentences(report), BASIS],
  };
}

const columnOf = ({ copies, copied }: SocketsPoint): Column => ({
  header: copied === undefined ? [copiesLabel(copies)] : ["forked,", `${formatShare(copied, 1)} copied`],
  align: "right",
  ...(copied !== undefined && { spare: 1 }),
});

function rowOf({ data, written, line, points }: SocketsResult): Cell[] {
  const copies = points.filter(({ copied }) => copied === undefined).map(({ ns }) => ns);
  const [least, most] = [Math.min(...copies), Math.max(...copies)];
  const toneOf = ({ ns, copied }: SocketsPoint): Tone => {
    if (copied !== undefined || least === most) return "plain";
    if (ns === least) return "good";
    return ns === most ? "bad" : "plain";
  };
  const load = [formatSize(data), formatShare(written, 1), String(line)];
  return [
    ...load.map((text): Cell => ({ text, tone: "plain" })),
    ...points.map((point) => ({ text: formatNs(point.ns), tone: toneOf(point) })),
  ];
}
