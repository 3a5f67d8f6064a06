/** The traces that a layer, pymalloc, is compared on. */
import { randomObjects } from "./random-objects.js";
import { textTrace } from "./text-trace.js";
import { type NamedTrace, REAL_TRACES, realTrace, seededTrace } from "./traces.js";

export const ARENAS = ["mmap", "malloc", "none"] as const;
export type ArenasOption = (typeof ARENAS)[number];

/** Odd seeds are traces of small objects, every tenth of them a larger one; even ones are of blocks of all sizes. */
export function randomLayerTrace(seed: number): NamedTrace {
  if (seed % 2 === 0) return withArenas(seededTrace(seed / 2), seed);
  const { profile, records } = randomObjects(seed, seed % 20 === 1 ? 10 : 1);
  const trace = { name: `seed ${seed} (${profile})`, records, interval: 1024, goldenInterval: 4096 };
  return withArenas(trace, seed);
}

/** Arenas by mmap most often, as Python has them. */
function withArenas(trace: NamedTrace, seed: number): NamedTrace {
  const arenas = ARENAS[[0, 0, 1, 0, 2][Math.floor(seed / 2) % 5] as number] as ArenasOption;
  return { ...trace, name: `${trace.name}, arenas ${arenas}`, options: { arenas } };
}

/** What random traces reach seldom. */
const SHORT: Record<string, string[]> = {
  "nothing asked for": ["a 0 0", "c 1 0 8", "r 0 0", "a 2 8", "r 2 0", "f 0", "f 1", "f 2"],
  "realloc at its edges": [512, 511, 385, 384, 383, 513, 512, 1, 512, 4000, 20].map((n, i) =>
    i ? `r 0 ${n}` : `a 0 ${n}`,
  ),
  "a pool of each class": Array.from({ length: 33 }, (_, i) => `a ${i} ${16 * i}`),
  "a pool that has another class the second time": [
    ...Array.from({ length: 40 }, (_, i) => `a ${i} 512`),
    ...Array.from({ length: 40 }, (_, i) => `f ${i}`),
    ...Array.from({ length: 40 }, (_, i) => `c ${40 + i} 1 33`),
    ...Array.from({ length: 40 }, (_, i) => `a ${80 + i} 512`),
  ],
};

export async function shortLayerTraces(): Promise<NamedTrace[]> {
  const all = Object.entries(SHORT).flatMap(([name, lines]) =>
    ARENAS.map((arenas) => ({ name, lines, arenas })),
  );
  return Promise.all(
    all.map(async ({ name, lines, arenas }) => {
      const records = await textTrace(lines.join("\n"));
      return {
        name: `${name}, arenas ${arenas}`,
        records,
        interval: 1,
        goldenInterval: 1,
        options: { arenas },
      };
    }),
  );
}

/** Fills so many arenas of 1 MiB with blocks of 512 bytes, frees them in three interleaved passes, and fills half again. */
export function manyArenas(arenas: number): Promise<Uint8Array> {
  const blocks = 31 * 63 * arenas;
  const all = Array.from({ length: blocks }, (_, i) => i);
  const lines = [
    ...all.map((i) => `a ${i} 512`),
    ...[2, 0, 1].flatMap((rest) => all.filter((i) => i % 3 === rest).map((i) => `f ${i}`)),
    ...all.filter((i) => i % 2).map((i) => `a ${blocks + i} 512`),
  ];
  return textTrace(lines.join("\n"));
}

export async function realLayerTraces(arenas: ArenasOption): Promise<NamedTrace[]> {
  const all = await Promise.all(REAL_TRACES.map(realTrace));
  return all.map((trace) => ({ ...trace, options: { arenas } }));
}

/** Seeds whose golden runs are kept. */
export const GOLDEN_LAYER_SEEDS: readonly number[] = Array.from({ length: 60 }, (_, seed) => seed);
