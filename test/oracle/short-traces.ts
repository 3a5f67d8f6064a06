/** Every short sequence of calls, for what happens only in the first few of a process. */

interface Sequence {
  lines: string[];
  live: number[];
  made: number;
}

const ALLOCATIONS = ["a # 8", "a # 3000", "a # 0", "c # 1 8", "c # 1 140000", "m # 32 8", "m # 4096 100"];
const SIZES = [0, 25, 5000, 200_000];

/** All traces of so many calls, in our text form: any allocation, a realloc of the newest block, a free of either end. */
export function shortTraces(length: number): string[] {
  let sequences: Sequence[] = [{ lines: [], live: [], made: 0 }];
  for (let i = 0; i < length; i++) sequences = sequences.flatMap(continuations);
  return sequences.map(({ lines }) => lines.join("\n"));
}

function continuations({ lines, live, made }: Sequence): Sequence[] {
  const newest = live.at(-1);
  const ends = [...new Set([live[0], newest])].filter((key) => key !== undefined);
  const resized = newest === undefined ? [] : SIZES.map((bytes) => `r ${newest} ${bytes}`);
  return [
    ...ALLOCATIONS.map((line) => ({
      lines: [...lines, line.replace("#", `${made}`)],
      live: [...live, made],
      made: made + 1,
    })),
    ...resized.map((line) => ({ lines: [...lines, line], live, made })),
    ...ends.map((key) => ({ lines: [...lines, `f ${key}`], live: live.filter((one) => one !== key), made })),
  ];
}
