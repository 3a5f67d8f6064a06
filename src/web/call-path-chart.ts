/** Flame graphs of the call paths of both sides, by any measure, or of what either has more of than the other. */
import { formatSeconds } from "../base/numbers.js";
import { formatBytes, formatCount, type Stack } from "../index.js";
import type { WeightedStack } from "../profile/call-graph.js";
import { stacksBeyond } from "../profile/excess.js";
import { MEASURES } from "../profile/measures.js";
import { flameGraph, flameText } from "../report/flame-graph.js";
import { LIVE_MEASURES } from "./live-paths.js";

/** A picture, as an SVG document, and its contents in words. */
export interface Picture {
  svg: string;
  text: string;
}

export interface CallPaths {
  name: string;
  /** Name of the cost profile of the time in them. */
  costs: string | undefined;
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
export function callPathPicture(paths: CallPaths, weight: number, subtitle: string): Picture {
  return flame(
    weighted(paths, weight),
    weight,
    `${paths.name}: ${measured(paths, weight)} by call path`,
    subtitle,
  );
}

/** What one side has more of than the other, on each call path. */
export function excessPicture(one: CallPaths, other: CallPaths, weight: number, subtitle: string): Picture {
  return flame(
    stacksBeyond(weighted(one, weight), weighted(other, weight)),
    weight,
    `${one.name}: more ${measured(one, weight)} than ${other.name}, by call path`,
    subtitle,
  );
}

function measured({ costs }: CallPaths, weight: number): string {
  const { name = "", unit = "count" } = ALL_MEASURES[weight] ?? {};
  return unit === "nanoseconds" ? `${name} (${costs})` : name;
}

const weighted = ({ stacks }: CallPaths, weight: number): WeightedStack[] =>
  stacks.map(({ frames, values }) => ({ frames, value: figureOf(values, weight) }));

const figureOf = (values: readonly number[], weight: number): number =>
  values[weight < MEASURES.length ? weight : weight - MEASURES.length] ?? 0;

function flame(stacks: readonly WeightedStack[], weight: number, title: string, subtitle: string): Picture {
  const format = FORMATS[ALL_MEASURES[weight]?.unit ?? "count"];
  return {
    svg: flameGraph({ title, subtitle, stacks: stacks.filter(({ value }) => value > 0), format }),
    text: flameText({ title, stacks, format }),
  };
}
