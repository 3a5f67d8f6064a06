/** Debian's tcmalloc, which the model of it is compared with. */
import type { Options } from "../../src/allocator/choice.js";
import { findModel } from "../../src/sandbox/options.js";
import type { ChosenRun, Library } from "./preloaded.js";
import { classWaves, randomTcmalloc, releasedSpans } from "./random-tcmalloc.js";
import { textTrace } from "./text-trace.js";

/** The model's options as the library has them: in its environment, but for where the heap starts. */
function environmentOf(options: Options): Record<string, string> {
  const { options: known } = findModel("tcmalloc");
  const variables = Object.entries(options).map(([name, value]) => [
    known.find((option) => option.name === name)?.real?.[0],
    `${value}`,
  ]);
  return Object.fromEntries(variables.filter(([name]) => name !== undefined));
}

/**
 * Waves in which the turn that classes take places by goes around more than once; spans of both kinds to choose from; and a
 * heap that at first ends where a leaf of the page map does.
 */
async function chosen(): Promise<ChosenRun[]> {
  const waves = [3, 6].map(async (seed) => {
    return { name: `waves ${seed}`, records: await classWaves(seed), interval: 16_384 };
  });
  const spans = [1, 2].map(async (seed) => {
    const options = { releaseRate: 2000 };
    return { name: `released ${seed}`, records: await releasedSpans(seed), interval: 64, options };
  });
  const leaf = { name: "next to a leaf", interval: 1, options: { heapStart: 0x555580000000 - 9 * 2 ** 20 } };
  return [
    ...(await Promise.all([...waves, ...spans])),
    { ...leaf, records: await textTrace("a 0 1\na 1 3000000") },
  ];
}

export const tcmalloc: Library = {
  name: "tcmalloc",
  subject: "tcmalloc 2.10",
  file: "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4",
  package: "libtcmalloc-minimal4",
  environmentOf,
  seededBy: () => ({}),
  // The model has more of them.
  steady: (statistics) => statistics.slice(0, 6),
  tellsStats: true,
  random: randomTcmalloc,
  chosen,
  settingsOfReal: 2,
  settings: [
    {},
    { options: { aggressiveDecommit: "1" } },
    { options: { releaseRate: 0 } },
    { options: { releaseRate: 10 } },
    { options: { skipSbrk: "1" } },
    { options: { skipMmap: "1", disableMemoryRelease: "1" } },
    { options: { heapLimitMb: 120 } },
    { options: { transferNumObj: 128 } },
    { options: { maxTotalThreadCacheBytes: 600_000 } },
    { options: { heapStart: 0x5555d5550000 + 0x1000 } },
  ],
};
