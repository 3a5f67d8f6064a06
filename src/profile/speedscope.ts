/** A profile in the format of speedscope: https://www.speedscope.app/file-format-schema.json. */

import { MEASURES, type Measure } from "./measures.js";
import type { Stack } from "./stacks.js";

/** One measure of all stacks. A sample lists a stack's frames, as indices into the shared ones, outermost first. */
export interface SpeedscopeProfile {
  type: "sampled";
  name: string;
  unit: "nanoseconds" | "bytes" | "none";
  startValue: number;
  endValue: number;
  samples: number[][];
  weights: number[];
}

/** The whole file: a profile for each measure, over frames that they share. */
export interface SpeedscopeFile {
  $schema: "https://www.speedscope.app/file-format-schema.json";
  name: string;
  exporter: string;
  activeProfileIndex: number;
  shared: { frames: { name: string }[] };
  profiles: SpeedscopeProfile[];
}

/** Makes a file with a profile for each measure. speedscope shows the one of time first. */
export function speedscopeFile(stacks: readonly Stack[], name: string): SpeedscopeFile {
  const names = [...new Set(stacks.flatMap(({ frames }) => frames))];
  const indices = new Map(names.map((frame, index) => [frame, index]));
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    name,
    exporter: "zeropage",
    activeProfileIndex: 0,
    shared: { frames: names.map((frame) => ({ name: frame })) },
    profiles: MEASURES.map((measure, which) => profileOf(stacks, measure, which, indices)),
  };
}

function profileOf(
  stacks: readonly Stack[],
  { name, unit }: Measure,
  which: number,
  indices: ReadonlyMap<string, number>,
): SpeedscopeProfile {
  const weighty = stacks.filter(({ values }) => values[which] !== 0);
  const weights = weighty.map(({ values }) => values[which] as number);
  return {
    type: "sampled",
    name,
    unit: unit === "count" ? "none" : unit,
    startValue: 0,
    endValue: weights.reduce((one, other) => one + other, 0),
    samples: weighty.map(({ frames }) => frames.map((frame) => indices.get(frame) as number)),
    weights,
  };
}
