/** Measuring on a noisy machine: rounds of everything in turn, medians, and ratios within one run. */

/** Milliseconds of one call. */
export function time(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Half the spread between the first and third quartile, as a part of the median. */
function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] as number;
  return (at(0.75) - at(0.25)) / 2 / median(values);
}

export interface Measured {
  median: number;
  spread: number;
}

/** Runs every subject once a round, in turn, after one round that does not count. Each gives its own figure. */
export async function interleave<Name extends string>(
  subjects: Record<Name, () => number | Promise<number>>,
  rounds: number,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(subjects) as Name[];
  const figures = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const figure = await subjects[name]();
      if (round >= 0) figures.get(name)?.push(figure);
    }
  }
  const entries = names.map((name) => {
    const values = figures.get(name) as number[];
    return [name, { median: median(values), spread: spread(values) }];
  });
  return Object.fromEntries(entries) as Record<Name, Measured>;
}
