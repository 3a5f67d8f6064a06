import { formatBytes } from "./bytes.js";

/**
 * Writes a part as a share of a whole. Only nothing is "0%" and only everything is "100%": what would
 * round to either is "<0.1%" or ">99.9%". A share of nothing is "-".
 */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "-";
  if (part === 0) return "0%";
  if (part === whole) return "100%";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  if (percent > 99.9 && percent < 100) return ">99.9%";
  return `${Math.round(percent * 10) / 10}%`;
}

/** Writes a figure as `format` does, or "-" for NaN, which stands for no figure. */
export function orDash(value: number, format: (value: number) => string): string {
  return Number.isNaN(value) ? "-" : format(value);
}

/** Writes a duration for people, to three digits: 45 µs, 1.23 ms, 12.3 s. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995e-3) return `${threeDigits(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${threeDigits(seconds * 1e3)} ms`;
  return `${threeDigits(seconds)} s`;
}

function threeDigits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

/** Writes bytes for a table, where a bare 0 is easier to see than "0 bytes". */
export function formatCell(bytes: number): string {
  return bytes === 0 ? "0" : formatBytes(bytes);
}

const COMPACT: readonly (readonly [string, number])[] = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
];

/** Writes bytes exactly, as a size is typed: the largest unit that divides them, or plain bytes. Not for fractions. */
export function exactBytes(bytes: number): string {
  const unit = COMPACT.find(([, size]) => bytes >= size && bytes % size === 0);
  return unit ? `${bytes / unit[1]}${unit[0]}` : String(bytes);
}

/** Writes a size someone chose, exactly, for people: 100 MiB, but 131,068 KiB for one page less than 128 MiB. */
export function formatSize(bytes: number): string {
  const [, number, unit] = /^(\d+)(\D*)$/.exec(exactBytes(bytes)) ?? [];
  return `${Number(number).toLocaleString("en-US")} ${unit || (bytes === 1 ? "byte" : "bytes")}`;
}

/** Joins words as a sentence does: "a", "a and b", "a, b and c". */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
