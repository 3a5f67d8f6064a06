/** Small programs that guided stories run. */

/** What there is of each number from 1 on. */
const each = <T>(count: number, of: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index + 1));

/** A program, as links have it, after a number of its operations. */
interface Program {
  at(operations: number): string;
  /** After all of them. */
  end: string;
}

function programOf(...parts: readonly (readonly string[])[]): Program {
  const lines = parts.flat();
  const text = encodeURIComponent(`${lines.join("\n")}\n`);
  const at = (operations: number) => `program=${text}&at=${operations}`;
  return { at, end: at(lines.length) };
}

// ---- Threads ----

/** Blocks of each thread, too small to be mapped by themselves. */
const BLOCKS = 24;
const BLOCK_BYTES = 120_000;

const gets = (count: number, from: number) => each(count, (i) => `a ${from + i} ${BLOCK_BYTES}`);
const frees = (count: number, from: number) => each(count, (i) => `f ${from + i}`);

/** Thread 2 gets blocks, and frees all but the last. Then the main thread gets as many. */
const TWO_THREADS = [["t 2"], gets(BLOCKS, 0), frees(BLOCKS - 1, 0), ["t 1"], gets(BLOCKS, BLOCKS)];

/** Operations of it done when the first block is there, and when all but the last are freed. */
export const AT = { firstBlock: 2, freed: 2 * BLOCKS };

export const THREADS = {
  two: programOf(...TWO_THREADS),
  trimmed: programOf(...TWO_THREADS, ["k"]),
  /** Each of eight gets two blocks, and frees one. */
  eight: programOf(...each(8, (i) => [`t ${i + 1}`, ...gets(2, 2 * i), ...frees(1, 2 * i)])),
};

// ---- Forks ----

const SHARED = 100;
const ofEach = (line: (id: number) => string) => each(SHARED, line);

/** Gets blocks of two pages, writes them, and forks. The child runs on. */
const FORKED = [ofEach((i) => `a ${i} 8000`), ofEach((i) => `w ${i} 0 8000`), ["F 2", "P 2"]];
const writesOne = ofEach((i) => `w ${i} 0 1`);

export const FORKS = {
  idle: programOf(...FORKED),
  freeing: programOf(
    ...FORKED,
    ofEach((i) => `f ${i}`),
  ),
  writing: programOf(...FORKED, writesOne),
  /** The child ends, and the parent writes, too. */
  left: programOf(...FORKED, writesOne, ["X"], writesOne),
};
