/**
 * The ways back of a run: moments of its first time through, from which any position can be reached again.
 *
 *      0 ──●─────●─────●─────●────── end        the last one at or before a position is where going there begins
 *             stride
 *
 *      // the first is at 0;  positions ascend;  all but the first are multiples of the stride
 */
import type { WayBack } from "./playable.js";
import type { Library } from "./protocol.js";
import type { AskedBytes } from "./tape.js";

/** Fewest operations between two. They take some milliseconds. */
const LEAST_STRIDE = 1 << 13;
const MOST = 256;
/** Bytes of host memory that they may take. Beyond it, every other one is dropped. */
const BUDGET = 192 * 2 ** 20;
/** Milliseconds of work that one saves at least. It takes some itself, and more where new memory is dear. */
const LEAST_SAVED_MS = 40;

export interface Checkpoint {
  position: number;
  asked: AskedBytes;
  library: Library;
  wayBack: WayBack;
}

export class Checkpoints {
  #all: Checkpoint[] = [];
  #keptAt = Number.NEGATIVE_INFINITY;
  #stride: number;

  /** @param length operations of the run */
  constructor(length: number) {
    this.#stride = Math.max(LEAST_STRIDE, Math.ceil(length / MOST));
  }

  /** The first position behind another one where one may be kept. */
  nextAfter(position: number): number {
    return (Math.floor(position / this.#stride) + 1) * this.#stride;
  }

  /** The last one at or before a position. */
  before(position: number): Checkpoint {
    return this.#all.findLast((one) => one.position <= position) as Checkpoint;
  }

  /** Keeps what `make` returns, if it saves enough; `hostBytes` is what each takes. A module has none after its start. */
  keep(make: () => Checkpoint | undefined, hostBytes: number): void {
    if (performance.now() - this.#keptAt < LEAST_SAVED_MS) return;
    const made = make();
    if (!made) return;
    this.#keptAt = performance.now();
    this.#all.push(made);
    if (this.#all.length * hostBytes < BUDGET) return;
    this.#stride *= 2;
    this.#all = this.#all.filter(({ position }) => position % this.#stride === 0);
  }
}
