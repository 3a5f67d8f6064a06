import { numbersOf } from "../../base/random.js";
import type { TraceEncoder } from "../../trace/encode.js";
import { madeTrace } from "../../trace/made.js";
import type { Trace } from "../../trace/trace.js";
import { checkPattern, type Pattern } from "./pattern.js";
import { type Place, sizesOf } from "./sizes.js";

/** The moments of a pattern, which are the marks of its trace, in their order. A trace has those that it comes by. */
export const MOMENTS = {
  halfWay: "half-way",
  peak: "peak",
  freed: "freed",
  freedTrimmed: "freed and trimmed",
  ended: "ended",
  endedTrimmed: "ended and trimmed",
} as const;

/** The trace of a pattern, made as its chunks are asked for. It can be read again. @throws UsageError for a pattern that cannot be. */
export function patternTrace(pattern: Pattern): Trace {
  checkPattern(pattern);
  return madeTrace((encoder) => new Program(pattern, encoder).operations());
}

/** Comes before each operation, so that there is room for it. */
type Operations = Generator<void, void, void>;

/** The number of the first thread of the process. */
const FIRST = 1;

/** The program that a pattern stands for. */
class Program {
  readonly #draw: (limit: number) => number;
  readonly #size: (place: Place) => number;
  /** The blocks that each thread has and will free, the oldest first. */
  readonly #held: number[][];
  #made = 0;
  #running = FIRST;

  constructor(
    private readonly pattern: Pattern,
    private readonly encoder: TraceEncoder,
  ) {
    this.#draw = numbersOf(pattern.seed);
    this.#size = sizesOf(pattern, this.#draw);
    this.#held = Array.from({ length: Math.max(1, pattern.threads) }, () => []);
  }

  *operations(): Operations {
    const { rounds } = this.pattern;
    for (let round = 0; round < rounds; round++) yield* this.#round(round);
    yield* this.#leave();
  }

  *#round(round: number): Operations {
    const { blocks, rounds, live, trim } = this.pattern;
    const last = this.#held.length - 1;
    for (const worker of this.#held.keys()) {
      const isLast = worker === last && round === rounds - 1;
      for (let block = 0; block < blocks; block++) {
        yield* this.#allocate(worker, { block, thread: worker + 1, round });
        if (isLast && block + 1 === blocks) yield* this.#mark(MOMENTS.peak);
        if (live > 0 && this.#heldBy(worker).length >= live) yield* this.#drain(worker);
        if (isLast && live > 0 && block + 1 === Math.floor(blocks / 2)) yield* this.#mark(MOMENTS.halfWay);
      }
    }
    for (const worker of this.#held.keys()) yield* this.#freeAll(worker);
    if (trim === "rounds" && round < rounds - 1) yield* this.#trim();
  }

  *#allocate(worker: number, place: Place): Operations {
    const { by, written, keep } = this.pattern;
    yield* this.#switchTo(this.#numberOf(worker));
    const block = this.#made++;
    const bytes = this.#size(place);
    yield;
    if (by === "calloc") this.encoder.calloc(block, 1, bytes);
    else this.encoder.malloc(block, bytes);
    const touched = Math.floor(bytes * written);
    if (touched > 0) {
      yield;
      this.encoder.write(block, 0, touched);
    }
    const isKept = keep > 0 && (place.block + 1) % keep === 0;
    if (!isKept) this.#heldBy(worker).push(block);
  }

  *#drain(worker: number): Operations {
    if (this.pattern.drain === "all") yield* this.#freeAll(worker);
    else yield* this.#free(worker, this.#takeOne(this.#heldBy(worker)));
  }

  *#freeAll(worker: number): Operations {
    for (const block of this.#takeAll(this.#heldBy(worker))) yield* this.#free(worker, block);
  }

  /** Frees a block that this worker allocated. */
  *#free(worker: number, block: number): Operations {
    const { freer, threads } = this.pattern;
    const freers = { own: worker, next: (worker + 1) % Math.max(1, threads), consumer: threads + worker };
    yield* this.#switchTo(this.#numberOf(freers[freer]));
    yield;
    this.encoder.free(block);
  }

  /** Takes the block that is freed next out of those that are held. */
  #takeOne(held: number[]): number {
    const { order } = this.pattern;
    if (order === "random") swap(held, this.#draw(held.length), held.length - 1);
    return (order === "first" ? held.shift() : held.pop()) as number;
  }

  /** Takes all blocks out, in the order they are freed in. */
  #takeAll(held: number[]): number[] {
    const { order } = this.pattern;
    const blocks = held.splice(0);
    if (order === "last") blocks.reverse();
    if (order === "random") for (let i = blocks.length - 1; i > 0; i--) swap(blocks, i, this.#draw(i + 1));
    return blocks;
  }

  /** Everybody has freed: the first thread trims, the others end, and it trims again. */
  *#leave(): Operations {
    const { threads, trim } = this.pattern;
    const has = (moment: "freed" | "ended") => trim === moment || trim === "both" || trim === "rounds";
    yield* this.#mark(MOMENTS.freed);
    if (has("freed") || (threads === 0 && has("ended"))) {
      yield* this.#trim();
      yield* this.#mark(MOMENTS.freedTrimmed);
    }
    if (threads === 0) return;
    yield* this.#switchTo(FIRST);
    for (const thread of this.#leaving()) {
      yield;
      this.encoder.exit(thread);
    }
    yield* this.#mark(MOMENTS.ended);
    if (!has("ended")) return;
    yield* this.#trim();
    yield* this.#mark(MOMENTS.endedTrimmed);
  }

  /** The threads in the order they end in: consumers before those they serve. */
  #leaving(): number[] {
    const { threads, freer } = this.pattern;
    const workers = Array.from({ length: threads }, (_, worker) => worker);
    const consumers = freer === "consumer" ? workers.map((worker) => threads + worker) : [];
    return [...consumers, ...workers].map((worker) => this.#numberOf(worker));
  }

  *#trim(): Operations {
    yield* this.#switchTo(FIRST);
    yield;
    this.encoder.trim(0);
  }

  *#mark(name: string): Operations {
    yield;
    this.encoder.mark(name);
  }

  *#switchTo(thread: number): Operations {
    if (thread === this.#running) return;
    yield;
    this.encoder.thread(thread);
    this.#running = thread;
  }

  #heldBy(worker: number): number[] {
    return this.#held[worker] as number[];
  }

  #numberOf(worker: number): number {
    return this.pattern.threads === 0 ? FIRST : FIRST + 1 + worker;
  }
}

function swap(list: number[], one: number, other: number): void {
  [list[one], list[other]] = [list[other] as number, list[one] as number];
}
