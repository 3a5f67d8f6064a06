/** Programs of public reports, by name: the presets of `run pattern`, and git-cinnabar's, which needs Python. */
import { cinnabarTrace } from "../experiments/cinnabar/trace.js";
import { cinnabarWorkload } from "../experiments/cinnabar/workload.js";
import { type PublishedFigures, patternPresets } from "../experiments/pattern/presets.js";
import { patternTrace } from "../experiments/pattern/trace.js";
import type { Trace } from "../trace/trace.js";

/** A program that has a name. */
export interface TunePreset {
  name: string;
  trace(): Trace;
  /** What its reporters found, in a sentence. */
  published: string;
  /** Those to try if none is named and it is run alone, as the command line takes them. */
  allocators?: string;
}

/** The shape is a published one (M. Hommey, https://glandium.org/blog/?p=3698), scaled down. */
const CINNABAR: TunePreset = {
  name: "git-cinnabar",
  trace: () => cinnabarTrace(cinnabarWorkload),
  published:
    "2 GB of the system for 600 MB in use, on glibc, of a larger run (glandium.org/blog/?p=3698); which setting mended it is not known here",
  allocators: "pymalloc/glibc,pymalloc/jemalloc,pymalloc/tcmalloc",
};

/** All presets of a tune. */
export const tunePresets: readonly TunePreset[] = [
  ...patternPresets.map(({ name, pattern, published }) => ({
    ...{ name, trace: () => patternTrace(pattern), published: inWords(published) },
  })),
  CINNABAR,
];

function inWords(published: PublishedFigures | undefined): string {
  if (!published) return "no figure that was published is known here: it is the shape alone";
  const rows = Object.entries(published.rows).map(([allocator, figure]) => `${allocator} ${figure}`);
  return `${published.figure}: ${rows.join("; ")} (${published.source})`;
}
