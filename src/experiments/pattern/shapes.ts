/**
 * Shapes of programs with threads that people ask about, as the lines of traces in our text form. Thread 1 is the
 * process's first: it allocates nothing, and trims at the end. Sizes follow from numbers alone, so that a shape is the
 * same everywhere. Programs write their blocks whole: replay with touch `object`.
 */
const LEAST_BYTES = 16;
/** A prime, so that the sizes of blocks in a row are spread evenly. */
const STEP = 1103;

/** Every thread fills a working set and drops it again, round by round. */
export interface Burst {
  threads: number;
  rounds: number;
  /** Of each thread in each round. */
  blocks: number;
  /** Different sizes, from 16 bytes on. */
  spread: number;
}

/** Marks: `allocated R` for each round from 0 on, `freed`, `trimmed`, `ended`, `trimmed again`. */
export function* burst({ threads, rounds, blocks, spread }: Burst): Generator<string> {
  const numbers = Array.from({ length: threads }, (_, i) => i + 1);
  const idOf = (thread: number, block: number) => thread * blocks + block;
  for (let round = 0; round < rounds; round++) {
    for (const thread of numbers) {
      yield `t ${thread + 1}`;
      for (let block = 0; block < blocks; block++) {
        const bytes = LEAST_BYTES + ((STEP * block + 331 * thread + 77 * round) % spread);
        yield `a ${idOf(thread, block)} ${bytes}`;
      }
    }
    yield `p allocated ${round}`;
    for (const thread of numbers) {
      yield `t ${thread + 1}`;
      for (let block = 0; block < blocks; block++) yield `f ${idOf(thread, block)}`;
    }
  }
  yield "p freed";
  yield* leave(numbers);
}

/** One thread allocates what another frees, some messages later. */
export interface Queue {
  /** Messages under way at most. */
  depth: number;
  messages: number;
  /** Different sizes, from 16 bytes on. */
  spread: number;
  /** The consumer takes all that there is each time the queue is full, instead of the oldest. */
  batch?: boolean;
}

/** Marks: `half-way` through the messages, `drained`, `trimmed`, `ended`, `trimmed again`. */
export function* queue({ depth, messages, spread, batch = false }: Queue): Generator<string> {
  const [producer, consumer] = [1, 2];
  let oldest = 0;
  for (let message = 0; message < messages; message++) {
    yield `t ${producer + 1}`;
    yield `a ${message} ${LEAST_BYTES + ((STEP * message) % spread)}`;
    if (message + 1 - oldest === depth) {
      yield `t ${consumer + 1}`;
      const end = batch ? message + 1 : oldest + 1;
      while (oldest < end) yield `f ${oldest++}`;
    }
    if (message + 1 === messages / 2) yield "p half-way";
  }
  yield `t ${consumer + 1}`;
  while (oldest < messages) yield `f ${oldest++}`;
  yield "p drained";
  yield* leave([consumer, producer]);
}

/** The first thread trims, the others end in that order, and it trims again. */
function* leave(threads: number[]): Generator<string> {
  yield "t 1";
  yield "k 0";
  yield "p trimmed";
  for (const thread of threads) yield `x ${thread + 1}`;
  yield "p ended";
  yield "k 0";
  yield "p trimmed again";
}
