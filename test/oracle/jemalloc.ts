/** Debian's jemalloc, which the model of it is compared with. */
import type { ChosenRun, Library, Setting } from "./preloaded.js";
import { randomJemalloc, slabWaves } from "./random-jemalloc.js";
import { textTrace } from "./text-trace.js";

const GIB = 2 ** 30;

/** A random trace with a setting out of turn. */
function chosenSeed(seed: number, setting: Setting): ChosenRun {
  const { profile, records } = randomJemalloc(seed);
  return { name: `seed ${seed} (${profile})`, records, interval: 64, ...setting };
}

/** What the others reach seldom: the order of slabs in their heap, jitter, the largest classes; and settings that few use. */
async function chosen(): Promise<ChosenRun[]> {
  const waves = [77, 95, 97, 173].map(async (seed) => {
    const records = await slabWaves(seed);
    return { name: `waves ${seed}`, records, interval: 512, options: { tcache: "false" } };
  });
  const largest = await textTrace(`a 0 ${GIB}\na 1 ${GIB - 1}\nf 0\nf 1\na 2 ${2 * GIB}`);
  return [
    ...(await Promise.all(waves)),
    { name: "blocks of a GiB", records: largest, interval: 1 },
    chosenSeed(13, { clock: 1_000_000 }),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((seed) =>
      ([{}, { dirty_decay_ms: 0 }] as const).map((options) =>
        chosenSeed(seed, { options: { retain: "false", ...options } }),
      ),
    ),
    ...[2, 3, 7].map((seed) => chosenSeed(seed, { options: { thp: "never" } })),
  ];
}

export const jemalloc: Library = {
  name: "jemalloc",
  subject: "jemalloc 5.3.0",
  file: "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
  package: "libjemalloc2",
  environmentOf: (options) => {
    const parameters = Object.entries(options).map(([name, value]) => `${name}:${value}`);
    return parameters.length > 0 ? { MALLOC_CONF: parameters.join(",") } : {};
  },
  // The address of its thread's state.
  seededBy: ({ seed, space }) => ({ seed, mapTop: space.mapTop }),
  steady: ([allocated = 0, active = 0, , , mapped = 0, retained = 0]) => [
    allocated,
    active,
    mapped,
    retained,
  ],
  random: randomJemalloc,
  chosen,
  settings: [
    {},
    { options: { dirty_decay_ms: -1 } },
    { options: { dirty_decay_ms: 0 } },
    { options: { tcache: "false" } },
    { clock: 1_000_000 },
    { clock: 10_000_000, options: { dirty_decay_ms: 1000 } },
  ],
};
