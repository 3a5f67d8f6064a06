/** The text that mi_stats_print of mimalloc would print. */
import { Column, Row } from "#shared/mimalloc";
import { namesOf } from "../base/enums.js";
import type { Sandbox } from "./sandbox.js";

/** Rows of bytes are measured in these; a row of counts says which power alone. */
const POWERS = ["Ki", "Mi", "Gi"] as const;
const BASE = 1024;
const ROWS = namesOf(Row);
const COLUMNS = namesOf(Column);

/** Measured: what is left of the decimal place is the floor of a tenth of the power. */
function amount(value: number, unit: "B" | ""): string {
  const size = Math.abs(value);
  if (size < BASE) return `${String(value).padStart(7)} ${value && unit ? unit.padEnd(3) : "   "}`;
  const power = size < BASE ** 2 ? 0 : size < BASE ** 3 ? 1 : 2;
  const tens = Math.trunc(size / Math.floor(BASE ** (power + 1) / 10));
  const number = `${value < 0 ? "-" : ""}${Math.trunc(tens / 10)}.${tens % 10}`;
  return `${number.padStart(7)} ${`${POWERS[power]}${unit}`.padEnd(3)}`;
}

const nothing = [0, 0, 0, 0] as const;

/** A row: its figures, and what is said of what is left. Of memory that is mapped, nothing is said. */
function row(name: string, figures: readonly number[], unit: "B" | "" = "", isMapped = false): string {
  const current = figures.at(-1) as number;
  const verdict = current <= 0 ? "ok" : isMapped ? "" : "not all freed!";
  const cells = figures.map((figure) => amount(figure, unit)).join("");
  return `${name.padStart(10)}:${cells}${" ".repeat(24)}${verdict}\n`;
}

const count = (name: string, value: number): string => `${name.padStart(10)}:${amount(value, "")}\n`;

/**
 * What mi_stats_print would print, for a sandbox of the model `mimalloc`; without its last lines, which are about time and
 * the process. Rows that Debian's build does not count are zero.
 */
export function mimallocStats(sandbox: Sandbox): string {
  const statistics = sandbox.statistics();
  const figures = (name: (typeof ROWS)[number]) =>
    COLUMNS.map((column) => statistics[`${name}.${column}`] as number);
  return [
    "heap stats:    peak      total      freed    current       unit      count   \n",
    row("reserved", figures("reserved"), "B", true),
    row("committed", figures("committed"), "B", true),
    row("reset", figures("reset"), "B"),
    row("touched", figures("touched"), "B"),
    row("segments", figures("segments")),
    row("-abandoned", nothing),
    row("-cached", nothing),
    row("pages", figures("pages")),
    row("-abandoned", nothing),
    ...["-extended", "-noretire", "mmaps"].map((name) => count(name, 0)),
    count("commits", statistics.commits as number),
    row("threads", nothing),
    "  searches:     0.0 avg\nnuma nodes:       1\n",
  ].join("");
}
