/** Measuring on a noisy host: rounds that do every task in turn, medians, and ratios within one run. */

import { median, spread } from "../src/base/statistics.js";

/** Milliseconds of one call. */
export function time(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** Milliseconds of CPU time of one call, in all threads. */
export async function cpuTime(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

export const lowerQuartile = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 2] as number;

export interface Measured {
  median: number;
  spread: number;
}

/** Runs every task once per round, after one round that does not count. Each task returns its figure. */
export async function interleave<Name extends string>(
  tasks: Record<Name, () => number | Promise<number>>,
  rounds: number,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(tasks) as Name[];
  const figures = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const figure = await tasks[name]();
      if (round >= 0) figures.get(name)?.push(figure);
    }
  }
  const entries = names.map((name) => {
    const values = figures.get(name) as number[];
    return [name, { median: median(values), spread: spread(values) }];
  });
  return Object.fromEntries(entries) as Record<Name, Measured>;
}
