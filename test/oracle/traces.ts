/** The traces that the model is compared on. */
import { readFile } from "node:fs/promises";
import { collectTrace } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";
import { GOLDEN_TOUCHES } from "./golden.js";
import type { GlibcOptions } from "./model.js";
import { randomThreads } from "./random-threads.js";
import { randomTrace } from "./random-trace.js";
import { shortTraces } from "./short-traces.js";
import { textTrace } from "./text-trace.js";
import { THREAD_TRACES } from "./thread-traces.js";

export interface NamedTrace {
  name: string;
  records: Uint8Array;
  /** Operations between checkpoints: live, and in golden files. */
  interval: number;
  goldenInterval: number;
  /** Parameters that it is run with, by the model's names. */
  options?: GlibcOptions;
}

/** The two real ones. */
export const REAL_TRACES = ["cc1", "git-log"] as const;

export async function realTrace(name: (typeof REAL_TRACES)[number]): Promise<NamedTrace> {
  const file = await readFile(new URL(`../../bench/traces/${name}.txt.gz`, import.meta.url));
  const { records } = await collectTrace(await readTrace(file));
  return { name, records, interval: 1024, goldenInterval: 4096 };
}

/** One of the random ones, by its seed. */
export function seededTrace(seed: number): NamedTrace {
  const { profile, records } = randomTrace(seed);
  return { name: `seed ${seed} (${profile})`, records, interval: 64, goldenInterval: 512 };
}

/** Of each set of parameters so many, and over all sets every profile alike. */
const EACH = 2;
const PROFILES = 12;

/** The random traces that are compared under the set of parameters of that index. */
export function parameterTraces(set: number): NamedTrace[] {
  return Array.from({ length: EACH }, (_, i) => seededTrace(1000 + ((set * EACH + i) % PROFILES)));
}

/** Loops of calloc and free at the edges of what the releases do with it. */
const CALLOC_LOOPS = [
  131_048, 131_049, 134_472, 135_128, 135_129, 135_144, 135_145, 1_048_536, 1_048_537, 1_048_552, 1_048_553,
  33_546_200, 33_546_201, 33_546_216, 33_546_217, 33_550_296, 33_550_297, 33_550_312, 33_550_313, 33_554_392,
  33_554_393, 33_554_408,
];

/** What random traces reach seldom, in our text form. */
const SHORT: Record<string, string[]> = {
  "aligned allocation first": ["m 0 64 100", "r 0 104", "a 1 24", "f 0", "f 1", "m 2 64 100", "c 3 1 24"],
  "a large chunk freed, then taken whole": [
    "a 0 2000",
    "a 1 24",
    "f 0",
    "a 0 2000",
    "a 2 40",
    "f 1",
    "a 3 24",
  ],
  "small chunks past the cache, then taken": [
    ...Array.from({ length: 20 }, (_, i) => `a ${2 * i} 600\na ${2 * i + 1} 200`),
    ...Array.from({ length: 20 }, (_, i) => `f ${2 * i}`),
    ...Array.from({ length: 20 }, (_, i) => `c ${50 + i} 1 600`),
    ...Array.from({ length: 20 }, (_, i) => `f ${2 * i + 1}`),
    ...Array.from({ length: 20 }, (_, i) => `a ${80 + i} 200`),
  ],
  "a mapped block up, down and freed": ["a 0 300000", "r 0 600000", "r 0 300000", "f 0", "a 1 300000"],
  "a mapped block, resized within its pages": [
    "a 0 300000",
    ...[303_088, 303_087, 303_081, 303_080, 303_079, 303_073, 298_992, 298_984, 298_976].map(
      (n) => `r 0 ${n}`,
    ),
    "f 0",
  ],
  "mapped blocks, aligned": [32, 64, 4096].flatMap((align, i) => [`m ${i} ${align} 200000`, `r ${i} 500000`]),
};

/** Every sequence of so many calls. */
export function sequenceTraces(calls: number): Promise<NamedTrace[]> {
  const named = shortTraces(calls).map(async (text) => {
    const records = await textTrace(text);
    return { name: text.replaceAll("\n", "; "), records, interval: 1, goldenInterval: 1 };
  });
  return Promise.all(named);
}

/** The short traces whose golden runs are kept. */
export function shortNamedTraces(): Promise<NamedTrace[]> {
  const loops = CALLOC_LOOPS.map((n) => [`a loop of ${n}`, Array(5).fill(`c 0 1 ${n}\nf 0`)] as const);
  const named = [...Object.entries(SHORT), ...loops].map(async ([name, lines]) => {
    const records = await textTrace(lines.join("\n"));
    return { name, records, interval: 1, goldenInterval: 1 };
  });
  return Promise.all(named);
}

/** The traces of several threads in which something surprises. */
export function surprisingTraces(): Promise<NamedTrace[]> {
  const named = Object.entries(THREAD_TRACES).map(async ([name, { lines, options }]) => {
    const records = await textTrace(lines.join("\n"));
    return { name, records, interval: 1, goldenInterval: 16, ...(options && { options }) };
  });
  return Promise.all(named);
}

/** Random ones whose golden runs are kept, with so many arenas at most as two CPUs have. */
async function randomThreadTraces(): Promise<NamedTrace[]> {
  const all = await Promise.all(Array.from({ length: 30 }, (_, seed) => randomThreads(seed)));
  return all
    .filter(({ touches }) => GOLDEN_TOUCHES.every((touch) => touches.includes(touch)))
    .map(({ seed, profile, records, options: { cpus: _, ...options } }) => ({
      ...{ name: `seed ${seed} (${profile})`, records, interval: 8, goldenInterval: 128 },
      options: { arenaMax: 16, ...options },
    }));
}

/** The traces of several threads whose golden runs are kept. */
export async function threadNamedTraces(): Promise<NamedTrace[]> {
  return [...(await surprisingTraces()), ...(await randomThreadTraces())];
}

/** The releases whose golden runs are kept. */
export const GOLDEN_VERSIONS = ["2.36", "2.41", "2.43"] as const;

/** Seeds whose golden runs are kept: every profile ten times. */
export const GOLDEN_SEEDS: readonly number[] = Array.from({ length: 120 }, (_, seed) => seed);
