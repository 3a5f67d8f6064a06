/** The traces that the model is compared on. */
import { readFile } from "node:fs/promises";
import { collectTrace } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";
import { randomTrace } from "./random-trace.js";

export interface NamedTrace {
  name: string;
  records: Uint8Array;
  /** Operations between checkpoints: live, and in golden files. */
  interval: number;
  goldenInterval: number;
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

/** Seeds whose golden runs are kept: every profile ten times. */
export const GOLDEN_SEEDS: readonly number[] = Array.from({ length: 120 }, (_, seed) => seed);
