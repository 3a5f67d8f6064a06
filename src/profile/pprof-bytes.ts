/** A profile in the format of pprof: protocol buffers, with a sample for each stack. It is a file when it is gzipped. */

import { Profile, StringTable } from "../libraries/pprof-format.js";
import { MEASURES, type SampleType } from "./measures.js";
import type { Stack } from "./stacks.js";

/**
 * Makes the buffer. `comment` becomes a part of it: what was run, and with which cost profile. `types` are those of the
 * stacks' values; pprof shows the one numbered `main` if nobody says which.
 */
export function pprofBytes(
  stacks: readonly Stack[],
  comment: string,
  types: readonly SampleType[] = MEASURES,
  main = 0,
): Uint8Array {
  const strings = new StringTable();
  const names = [...new Set(stacks.flatMap(({ frames }) => frames))];
  // Ids begin at 1. Every function has one location.
  const ids = new Map(names.map((name, index) => [name, index + 1]));
  const idOf = (name: string) => ids.get(name) as number;
  const profile = new Profile({
    sampleType: types.map(({ name, unit }) => ({ type: strings.dedup(name), unit: strings.dedup(unit) })),
    sample: stacks.map(({ frames, values }) => ({
      // The innermost comes first.
      locationId: frames.map(idOf).reverse(),
      value: [...values],
    })),
    location: names.map((name) => ({ id: idOf(name), line: [{ functionId: idOf(name) }] })),
    function: names.map((name) => ({ id: idOf(name), name: strings.dedup(name) })),
    defaultSampleType: strings.dedup(types[main]?.name ?? ""),
    comment: [strings.dedup(comment)],
    stringTable: strings,
  });
  return profile.encode();
}
