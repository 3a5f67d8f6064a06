/** What people read of git-cinnabar: a row for each result, and what the figures say. */
import { formatBytes } from "../../base/bytes.js";
import { formatCell, formatShare } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet } from "../../report/sheet.js";
import type { CinnabarMoment, CinnabarReport, CinnabarResult } from "../../results/cinnabar.js";
import { sentencesOf } from "./sentences.js";

type Figure = "live" | "inUse" | "system" | "resident";

/** Bytes of a result at the end of a phase. */
export function at(result: CinnabarResult, name: CinnabarMoment["name"]): CinnabarMoment {
  return result.moments.find((moment) => moment.name === name) as CinnabarMoment;
}

const bytesAt = (
  title: string,
  figure: Figure,
  name: CinnabarMoment["name"],
  spare?: number,
): ColumnOf<[CinnabarResult]> => ({
  ...(spare !== undefined && { spare }),
  header: [title, name],
  align: "right",
  text: (result) => formatCell(at(result, name)[figure]),
});

const COLUMNS: readonly ColumnOf<[CinnabarResult]>[] = [
  { header: ["allocator"], align: "left", text: labelOf },
  bytesAt("live", "live", "phase 2"),
  bytesAt("live", "live", "phase 3", 6),
  bytesAt("resident", "resident", "phase 1"),
  bytesAt("resident", "resident", "phase 2"),
  bytesAt("resident", "resident", "phase 3"),
  bytesAt("resident", "resident", "trimmed", 5),
  bytesAt("system", "system", "phase 2", 3),
  bytesAt("system", "system", "phase 3", 4),
  bytesAt("in use", "inUse", "phase 2", 1),
  bytesAt("in use", "inUse", "phase 3", 2),
];

/** The allocator, and what is left out of the program. */
export function labelOf(result: CinnabarResult): string {
  const left = result.without === "nothing" ? "" : `, without ${result.without}`;
  return `${allocatorLabel(result)}${left}`;
}

export function cinnabarSheet(report: CinnabarReport): Sheet {
  const { results } = report;
  return {
    heading: cinnabarHeading(report),
    columns: plainColumns(COLUMNS),
    rows: results.map((result) => rowOf(COLUMNS, result)),
    sentences: sentencesOf(results),
  };
}

/** Says in one line what was run, and what of it is live. */
export function cinnabarHeading({ results, parameters }: CinnabarReport): string {
  const what = `git-cinnabar: ${Number(parameters.objects).toLocaleString("en-US")} objects, then ${parameters.manifests} manifests`;
  const whole = results.find(({ without }) => without === "nothing");
  if (!whole) return what;
  const [before, after] = [at(whole, "phase 1").live, at(whole, "phase 2").live];
  const change = `${formatShare(Math.abs(before - after), before)} ${after < before ? "less" : "more"}`;
  return `${what}; live ${formatBytes(before)} after phase 1, ${formatBytes(after)} after phase 2 (${change})`;
}
