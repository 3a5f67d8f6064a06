/** Makes the trace of a workload, in whole numbers only, so that it is the same on every host. */
import { checkNumbers } from "../base/arguments.js";
import { numbersOf } from "../base/random.js";
import { TraceEncoder } from "./encode.js";
import type { Trace, TraceChunk } from "./trace.js";
import type { Workload } from "./workload.js";

/** A whole number below a limit. */
type Draw = (limit: number) => number;

/**
 * The trace of a workload, made as its chunks are asked for. Objects stay alive at its end. It can be read again.
 * @throws RangeError for a number of the workload that is none
 */
export function generateTrace(workload: Workload): Trace {
  checkNumbers(workload);
  return {
    notes: { format: "text", losses: [] },
    async *[Symbol.asyncIterator]() {
      yield* workloadChunks(workload);
    },
  };
}

/** The chunks of the same trace, for those who do not wait. Each is valid until the next. */
export function* workloadChunks(workload: Workload): Generator<TraceChunk> {
  const encoder = new TraceEncoder();
  const program = new Program(workload, encoder);
  for (let done = 0; done < workload.ops; done++) {
    if (encoder.full) yield encoder.take();
    program.step();
  }
  yield encoder.take();
}

/** The program that the workload stands for: each step is one operation. */
class Program {
  readonly #draw: Draw;
  readonly #size: () => number;
  readonly #live = new Live();
  #isEmptying = false;
  #made = 0;

  constructor(
    private readonly workload: Workload,
    private readonly encoder: TraceEncoder,
  ) {
    this.#draw = numbersOf(workload.seed);
    this.#size = sizesOf(workload, this.#draw);
  }

  step(): void {
    const { realloc } = this.workload;
    if (this.#live.count > 0 && this.#percent(realloc)) this.#resize();
    else if (this.#live.count > 0 && this.#isFull()) this.#free();
    else this.#allocate();
  }

  /** True in so many of a hundred. */
  #percent(share: number): boolean {
    return share > 0 && this.#draw(100) < share;
  }

  /** Whether it is time to free: the likelier the more objects are alive, as often as not where those are wanted. */
  #isFull(): boolean {
    const { live, life } = this.workload;
    const { count } = this.#live;
    if (life === "fifo") return count >= live;
    if (life !== "bursts") return this.#draw(2 * live) < count;
    if (this.#isEmptying) this.#isEmptying = count > live / 16;
    else this.#isEmptying = count >= live;
    return this.#isEmptying;
  }

  #allocate(): void {
    const { calloc, aligned } = this.workload;
    const [object, bytes, kind] = [this.#made++, this.#size(), this.#draw(100)];
    if (kind < calloc) this.encoder.calloc(object, 1, bytes);
    else if (kind < calloc + aligned) this.encoder.aligned(object, 16 << this.#draw(5), bytes);
    else this.encoder.malloc(object, bytes);
    this.#live.add(object, bytes);
  }

  #free(): void {
    const { life } = this.workload;
    const { count } = this.#live;
    if (life === "fifo") this.encoder.free(this.#live.takeOldest());
    else if (life === "lifo" || (life === "young" && this.#draw(2) === 0))
      this.encoder.free(this.#live.takeNewest());
    else this.encoder.free(this.#live.take(this.#draw(count)));
  }

  /** Resizes any object. One that cannot grow any more is freed: buffers begin small. */
  #resize(): void {
    const { resize, max } = this.workload;
    const at = this.#draw(this.#live.count);
    const bytes = resize === "any" ? this.#size() : grown(this.#live.bytesAt(at));
    if (bytes > max) this.encoder.free(this.#live.take(at));
    else this.encoder.realloc(this.#live.resize(at, bytes), bytes);
  }
}

const grown = (bytes: number): number => bytes + Math.max(1, Math.floor(bytes / 2));

/** The objects alive, by the order they were made in as long as none is taken from the middle. */
class Live {
  readonly #objects: number[] = [];
  readonly #bytes: number[] = [];
  /** Where the oldest is. */
  #first = 0;

  get count(): number {
    return this.#objects.length - this.#first;
  }

  add(object: number, bytes: number): void {
    this.#objects.push(object);
    this.#bytes.push(bytes);
  }

  bytesAt(at: number): number {
    return this.#bytes[this.#first + at] as number;
  }

  /** Returns the object. */
  resize(at: number, bytes: number): number {
    this.#bytes[this.#first + at] = bytes;
    return this.#objects[this.#first + at] as number;
  }

  /** Takes one out; the newest takes its place. */
  take(at: number): number {
    const place = this.#first + at;
    const object = this.#objects[place] as number;
    this.#objects[place] = this.#objects.at(-1) as number;
    this.#bytes[place] = this.#bytes.at(-1) as number;
    this.takeNewest();
    return object;
  }

  takeNewest(): number {
    this.#bytes.pop();
    return this.#objects.pop() as number;
  }

  takeOldest(): number {
    const object = this.#objects[this.#first++] as number;
    // What was taken goes at times, so that the lists stay as long as the objects are many.
    if (2 * this.#first > this.#objects.length) {
      this.#objects.splice(0, this.#first);
      this.#bytes.splice(0, this.#first);
      this.#first = 0;
    }
    return object;
  }
}

/** What gives the sizes of new objects. */
export function sizesOf(
  { sizes, min, max }: Pick<Workload, "sizes" | "min" | "max">,
  draw: Draw,
): () => number {
  if (sizes === "uniform") return () => min + draw(max - min + 1);
  if (sizes === "zipf") return zipfOf(ladder(min, max), draw);
  const doublings = Math.max(1, 32 - Math.clz32(Math.floor((max - 1) / min)));
  return () => {
    const low = min * 2 ** draw(doublings);
    return Math.min(max, low + draw(low));
  };
}

/** Sizes from the least to the largest, four in each doubling, each once. */
function ladder(min: number, max: number): number[] {
  const sizes = new Set<number>();
  for (let low = min; low <= max; low *= 2) {
    for (const quarters of [4, 5, 6, 7]) sizes.add(Math.min(max, Math.floor((low * quarters) / 4)));
  }
  return [...sizes];
}

/** Draws sizes of which the k-th comes 1/k as often as the first (Zipf's law). */
function zipfOf(sizes: readonly number[], draw: Draw): () => number {
  let total = 0;
  const ends = sizes.map((_, k) => {
    total += Math.floor(2 ** 24 / (k + 1));
    return total;
  });
  return () => {
    const drawn = draw(total);
    return sizes[ends.findIndex((end) => drawn < end)] as number;
  };
}
