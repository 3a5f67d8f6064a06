/** Flame graphs of the call paths of both sides, by any measure, or of what either has more of than the other. */
import { formatSeconds } from "../base/numbers.js";
import { formatBytes, formatCount, type Stack } from "../index.js";
import { MEASURES } from "../profile/measures.js";
import { flameGraph } from "../report/flame-graph.js";
import { LIVE_MEASURES } from "./live-paths.js";

/** A picture, as an SVG document, and its contents in words. */
export interface Picture {
  svg: string;
  text: string;
}

export interface CallPaths {
  name: string;
  stacks: readonly Stack[];
}

const FORMATS = {
  nanoseconds: (ns: number) => formatSeconds(ns / 1e9),
  bytes: formatBytes,
  count: formatCount,
};

/** All that a box may be as wide as: of the whole run, and of what is live. */
const ALL_MEASURES = [...MEASURES, ...LIVE_MEASURES];

/** Their names, each by its place. */
export const WEIGHTS: Readonly<Record<string, string>> = Object.fromEntries(
  ALL_MEASURES.map(({ name }, i) => [String(i), name]),
);

/** What stacks have the values of a measure. */
export const formOf = (weight: number) => (weight < MEASURES.length ? "stacks" : "live");

/** @param subtitle what was run. */
export function callPathPicture({ name, stacks }: CallPaths, weight: number, subtitle: string): Picture {
  return flame(
    stacks.map(({ frames, values }) => ({ frames, value: figureOf(values, weight) })),
    weight,
    `${name}: ${ALL_MEASURES[weight]?.name} by call path`,
    subtitle,
  );
}

/** What one side has more of than the other, on each call path. */
export function excessPicture(one: CallPaths, other: CallPaths, weight: number, subtitle: string): Picture {
  const others = new Map(
    other.stacks.map(({ frames, values }) => [frames.join(";"), figureOf(values, weight)]),
  );
  const stacks = one.stacks.map(({ frames, values }) => ({
    frames,
    value: Math.max(0, figureOf(values, weight) - (others.get(frames.join(";")) ?? 0)),
  }));
  return flame(
    stacks,
    weight,
    `${one.name}: more ${ALL_MEASURES[weight]?.name} than ${other.name}, by call path`,
    subtitle,
  );
}

const figureOf = (values: readonly number[], weight: number): number =>
  values[weight < MEASURES.length ? weight : weight - MEASURES.length] ?? 0;

function flame(
  stacks: readonly { frames: readonly string[]; value: number }[],
  weight: number,
  title: string,
  subtitle: string,
): Picture {
  const format = FORMATS[ALL_MEASURES[weight]?.unit ?? "count"];
  const all = stacks.reduce((sum, { value }) => sum + value, 0);
  const [widest] = [...stacks].sort((one, other) => other.value - one.value);
  const most = widest && all > 0 ? `, most of it in ${widest.frames.at(-1)}: ${format(widest.value)}` : "";
  return {
    svg: flameGraph({ title, subtitle, stacks: stacks.filter(({ value }) => value > 0), format }),
    text: `${title}: ${format(all)} in all${most}.`,
  };
}
