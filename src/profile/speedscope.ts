/** A profile in the format of speedscope: https://www.speedscope.app/file-format-schema.json. */

import { MEASURES, type SampleType } from "./measures.js";
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

/** Makes a file with a profile for each of the stacks' values. speedscope shows the one numbered `main` first. */
export function speedscopeFile(
  stacks: readonly Stack[],
  name: string,
  types: readonly SampleType[] = MEASURES,
  main = 0,
): SpeedscopeFile {
  const names = [...new Set(stacks.flatMap(({ frames }) => frames))];
  const indices = new Map(names.map((frame, index) => [frame, index]));
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    name,
    exporter: "zeropage",
    activeProfileIndex: main,
    shared: { frames: names.map((frame) => ({ name: frame })) },
    profiles: types.map((type, which) => profileOf(stacks, type, which, indices)),
  };
}

function profileOf(
  stacks: readonly Stack[],
  { name, unit }: SampleType,
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
