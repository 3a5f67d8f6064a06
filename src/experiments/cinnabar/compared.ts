/** What is compared if nobody says what. */
import { CINNABAR_CHANGES, type CinnabarChange } from "../../results/cinnabar.js";

/** Points of the chart, which are in JSON too. */
export const CHART_POINTS = 250;

/** The Python of the figures that tests hold these to. */
const PYTHON = "pymalloc/glibc:python=3.9";
const ON_JEMALLOC = "pymalloc/jemalloc:python=3.9";
const ON_TCMALLOC = "pymalloc/tcmalloc:python=3.9";
const FIXED = "trimThreshold=128KiB";

/**
 * Arenas by mmap, by malloc, none; each with thresholds that adapt and that do not; and what people ask about: another
 * threshold, no mappings, no tcache; jemalloc, whose clock stands still, goes on 100 µs an operation, or does not matter;
 * and tcmalloc.
 */
export const COMPARED: readonly string[] = [
  ...["", FIXED].flatMap((fixed) =>
    ["", "arenas=malloc", "arenas=none"].map((arenas) => [PYTHON, arenas, fixed].filter(Boolean).join(":")),
  ),
  ...["mmapThreshold=128KiB", "mmapMax=0", "tcacheCount=0"].map((option) => `${PYTHON}:${option}`),
  ...["", ":clock=100000", ":dirty_decay_ms=0"].map((option) => `${ON_JEMALLOC}${option}`),
  ON_TCMALLOC,
];

/** What is left out of the program in turn, on the allocator of a number: what is no cause is shown of the first. */
export const changesOf = (number: number): readonly CinnabarChange[] =>
  CINNABAR_CHANGES.slice(0, number === 0 ? undefined : 1);
