import { formatSize } from "../base/numbers.js";

/** Okabe & Ito 2008: told apart with every common kind of colour blindness, and on white and on black. */
export const COLOURS = { blue: "#0072B2", green: "#009E73", vermilion: "#D55E00", grey: "#767676" } as const;

/** For lines that stand for nothing but themselves, in the order they are taken. The same palette, but for the grey. */
export const LINE_COLOURS = [
  COLOURS.vermilion,
  COLOURS.green,
  COLOURS.blue,
  "#E69F00",
  "#CC79A7",
  "#56B4E9",
  COLOURS.grey,
  "#000000",
] as const;

/** Text and lines of every chart, on a background of its own so that it reads the same on a dark page. */
export const CHART_CONFIG = {
  font: "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "#333",
    titleColor: "#333",
    gridColor: "#e4e4e4",
    domainColor: "#888",
    tickColor: "#888",
  },
  header: { labelColor: "#111", labelFontSize: 12, labelFontWeight: "bold" },
  legend: { labelColor: "#333", titleColor: "#333", labelFontSize: 11 },
  title: { color: "#111", subtitleColor: "#444", anchor: "start", fontSize: 15, subtitleFontSize: 12 },
} as const;

/** The name of a panel: above it, at its left. */
export const PANEL_HEADER = {
  labelAngle: 0,
  labelOrient: "top",
  labelAnchor: "start",
  labelPadding: 2,
} as const;

/**
 * Where an axis of bytes from 0 to `highest` has its ticks: at most `most` steps of a power of two.
 * The last tick is at or above `highest`.
 */
export function binaryTicks(highest: number, most = 6): number[] {
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, highest) / most)));
  const steps = Math.max(1, Math.ceil(highest / step));
  return Array.from({ length: steps + 1 }, (_, index) => index * step);
}

/** A Vega expression that labels such ticks: all of them in the unit of the step, 0 bare. */
export function binaryLabelExpression(ticks: readonly number[]): string {
  const step = ticks[1] ?? 1;
  const [number, unit] = formatSize(step)
    .replace(/ byte$/, " bytes")
    .split(" ");
  return `datum.value === 0 ? '0' : format(datum.value / ${step / Number(number)}, ',') + ' ${unit}'`;
}

/** Where a logarithmic axis of bytes has its ticks: powers of two from `low` to `high`, at most `most` of them. */
export function logTicks(low: number, high: number, most = 11): number[] {
  const [first, last] = [Math.ceil(Math.log2(low)), Math.floor(Math.log2(high))];
  const step = Math.max(1, Math.ceil((last - first) / (most - 1)));
  const exponents = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  return exponents.filter((exponent) => exponent % step === 0).map((exponent) => 2 ** exponent);
}

/** A Vega expression that labels such ticks, each in its own unit; `zero` is the one that stands for 0. */
export function logLabelExpression(ticks: readonly number[], zero?: number): string {
  const labels = ticks.map((tick) => [
    tick,
    tick === zero ? "0" : formatSize(tick).replace(/ bytes?$/, " B"),
  ]);
  return `${JSON.stringify(Object.fromEntries(labels))}[datum.value]`;
}
