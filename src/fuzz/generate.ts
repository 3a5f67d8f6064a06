/**
 * Makes random programs, in whole numbers only, so that a seed gives the same one on every host. A program has phases; each
 * has sizes, an order of frees and a mix of steps of its own, and objects of all earlier ones may live on.
 */
import { checkRange } from "../base/arguments.js";
import { numbersOf } from "../base/random.js";
import { bytesTaken, type Program, type Step, type Taking } from "./program.js";
import { type Draw, hugeSize, overflowing, sizesOfPhase } from "./sizes.js";

/** What random programs are for. */
export interface ProgramOptions {
  /** Most steps of a program, about. Default 2000; one in 32 programs has many times as many, of small objects. */
  steps?: number;
  /** Size of an address: 32 for wasm, the default; 64 for models. */
  addressBits?: 32 | 64;
  /** Memory that the allocator has, in bytes: what programs ask for to come to its end. Default 32 MiB. */
  memoryBytes?: number;
  /** Whether programs ask for more than there is, and for products that overflow. Default true, unless the allocator may trap then. */
  endsMemory?: boolean;
  /** Whether they ask for aligned objects. Default true. */
  aligned?: boolean;
  /**
   * Whether half of them grow the memory for themselves now and then, as a wasm program may. Default false; of `fuzzModule`
   * true, unless the module's `sbrk` is Emscripten's, which takes all memory for its own.
   */
  growsMemory?: boolean;
}

/** Default of `memoryBytes`. */
export const FUZZ_MEMORY = 32 * 2 ** 20;

/** Shares of sixteen that a phase has of steps that take, free, resize and use objects. */
const MIXES = [
  [12, 2, 1, 1],
  [3, 10, 2, 1],
  [6, 6, 2, 2],
  [4, 4, 7, 1],
  [5, 4, 3, 4],
] as const;
const MOST_PHASES = 8;
const MOST_LIVE = 1500;
/** Of a program of many small objects. */
const MANY = 20_000;

/**
 * The program of a seed, any whole number from 0 to 2^32 - 1: the same for the same options, on every host.
 * @throws RangeError for a number that is none
 */
export function randomProgram(seed: number, options: ProgramOptions = {}): Program {
  checkRange("seed", seed, 0, 2 ** 32 - 1);
  checkRange("steps", options.steps ?? 1, 1, 2 ** 32);
  checkRange("memoryBytes", options.memoryBytes ?? 1, 1, Number.MAX_SAFE_INTEGER);
  const program = new Maker(numbersOf(seed), options).program();
  return options.growsMemory ? withGrowth(program, numbersOf(~seed >>> 0)) : program;
}

/** Growths of a program, at most, and pages of each. */
const GROWTHS = 8;
const MOST_PAGES = 4;

/** Half of the programs with some growths between their steps, which are the same without. */
function withGrowth(program: Program, draw: Draw): Program {
  const steps = [...program];
  if (draw(2) === 0) return steps;
  for (let i = 1 + draw(GROWTHS); i > 0; i--)
    steps.splice(draw(steps.length + 1), 0, { do: "grow", pages: 1 + draw(MOST_PAGES) });
  return steps;
}

interface Held {
  object: number;
  /** The least that it was since it was taken: a realloc may have failed. */
  least: number;
}

type Order = (count: number) => number;

class Maker {
  readonly #steps: Step[] = [];
  readonly #live: Held[] = [];
  readonly #options: Required<Omit<ProgramOptions, "growsMemory">>;
  #made = 0;
  /** Bytes that the program may still ask for: all of them are filled, and looked at. */
  #allowance: number;

  constructor(
    private readonly draw: Draw,
    options: ProgramOptions,
  ) {
    const { steps = 2000, addressBits = 32, memoryBytes = FUZZ_MEMORY, ...more } = options;
    const { endsMemory = true, aligned = true } = more;
    this.#options = { steps, addressBits, memoryBytes, endsMemory, aligned };
    this.#allowance = Math.min(memoryBytes / 2, 2 ** (16 + draw(10)));
  }

  program(): Program {
    const { draw } = this;
    const { steps, endsMemory } = this.#options;
    const most = 8 + draw(2 ** (3 + draw(Math.max(1, Math.floor(Math.log2(steps)) - 2))));
    if (draw(32) === 0) this.#burst(MANY >> draw(4), () => 8 * (1 + draw(4)));
    for (let phase = 1 + draw(MOST_PHASES); phase > 0 && this.#mayGoOn(most); phase--) {
      const kind = draw(16);
      if (kind === 0 && endsMemory && draw(3) === 0) this.#exhaust();
      else if (kind < 3 && endsMemory) this.#extremes(1 + draw(8));
      else if (kind === 3) this.#burst(1 + draw(Math.min(most, 300)), sizesOfPhase(draw));
      else this.#mixed(1 + draw(most), most);
    }
    this.#free(this.#live.length, this.#order());
    return this.#steps;
  }

  #mayGoOn(most: number): boolean {
    return this.#steps.length < most && this.#allowance > 0;
  }

  /** Steps of a phase. */
  #mixed(count: number, most: number): void {
    const { draw } = this;
    const [takes, frees, resizes] = MIXES[draw(MIXES.length)] as (typeof MIXES)[number];
    const [size, order] = [sizesOfPhase(draw), this.#order()];
    for (let step = 0; step < count && this.#mayGoOn(most); step++) {
      const share = draw(16);
      const isFull = this.#live.length >= MOST_LIVE;
      if (this.#live.length === 0 || (share < takes && !isFull)) this.#take(size());
      else if (share < takes + frees || isFull) this.#free(1, order);
      else if (share < takes + frees + resizes) this.#resize(size());
      else this.#use();
    }
  }

  /** Takes many objects, and frees them all, or all but some. */
  #burst(count: number, size: () => number): void {
    const before = this.#live.length;
    for (let i = 0; i < count && this.#allowance > 0; i++) this.#take(size());
    const made = this.#live.splice(before);
    const kept = this.draw(3) === 0 ? 1 + this.draw(8) : 0;
    const order = this.draw(4);
    if (order === 0) made.reverse();
    else if (order > 1) shuffle(made, this.draw);
    made.forEach((held, i) => {
      if (kept > 0 && i % (kept + 1) === 0) this.#live.push(held);
      else this.#steps.push({ do: "free", object: held.object });
    });
  }

  /** Asks for more than there is, in equal parts, frees some of them, and asks again. */
  #exhaust(): void {
    const { draw } = this;
    const parts = 4 << draw(6);
    const bytes = Math.floor(this.#options.memoryBytes / parts) - draw(64);
    const order = this.#order();
    for (let i = 0; i < parts + parts / 4; i++) this.#take(bytes);
    for (let i = draw(4); i > 0; i--) this.#resize(2 * bytes);
    this.#free(draw(this.#live.length), order);
    for (let i = draw(parts); i > 0; i--) this.#take(1 + draw(bytes));
    this.#free(this.#live.length, order);
  }

  /** Asks for what there cannot be, and for nothing. */
  #extremes(count: number): void {
    const { draw } = this;
    const { addressBits, memoryBytes, aligned } = this.#options;
    for (let i = 0; i < count; i++) {
      const [object, bytes] = [this.#made, hugeSize(draw, addressBits, memoryBytes)];
      const [product, size] = overflowing(draw, addressBits);
      const align = 16 << draw(13);
      const takings: Taking[] = [
        { do: "malloc", object, bytes },
        { do: "calloc", object, count: 1, bytes },
        { do: "calloc", object, count: bytes, bytes: 1 },
        { do: "calloc", object, count: product, bytes: size },
        { do: "calloc", object, count: product, bytes: size },
        { do: "malloc", object, bytes: 0 },
        { do: "calloc", object, count: draw(2) * draw(100), bytes: 0 },
        aligned ? { do: "aligned", object, align, bytes } : { do: "malloc", object, bytes },
      ];
      const kind = draw(takings.length + 2);
      if (kind < takings.length) this.#took(takings[kind] as Taking);
      else this.#resize(draw(4) === 0 ? 0 : bytes);
      if (draw(2) === 0) this.#take(1 + draw(200));
    }
  }

  #take(bytes: number): void {
    const { draw } = this;
    const object = this.#made;
    const kind = draw(16);
    if (kind < 5) this.#took({ do: "calloc", object, ...this.#factors(bytes) });
    else if (kind === 5 && this.#options.aligned)
      this.#took({ do: "aligned", object, align: 8 << draw(draw(4) === 0 ? 14 : 6), bytes });
    else this.#took({ do: "malloc", object, bytes });
  }

  #took(step: Taking): void {
    const bytes = bytesTaken(step);
    this.#steps.push(step);
    this.#live.push({ object: step.object, least: bytes });
    this.#made++;
    this.#spend(bytes);
  }

  /** What there is no memory for is not filled. */
  #spend(bytes: number): void {
    if (bytes <= this.#options.memoryBytes) this.#allowance -= bytes;
  }

  /** Half of the time both above 1, about. */
  #factors(bytes: number): { count: number; bytes: number } {
    const { draw } = this;
    if (draw(2) === 0 || bytes < 4) return { count: 1, bytes };
    const size = draw(2) === 0 ? 2 ** (1 + draw(5)) : 1 + draw(Math.min(bytes, 100));
    return { count: Math.ceil(bytes / size), bytes: size };
  }

  #free(count: number, order: Order): void {
    for (let i = Math.min(count, this.#live.length); i > 0; i--) {
      const [held] = this.#live.splice(order(this.#live.length), 1);
      if (held) this.#steps.push({ do: "free", object: held.object });
    }
  }

  #resize(bytes: number): void {
    const held = this.#any();
    if (!held) return;
    this.#steps.push({ do: "realloc", object: held.object, bytes });
    held.least = Math.min(held.least, bytes);
    this.#spend(bytes);
  }

  #use(): void {
    const held = this.#any();
    if (!held || held.least === 0) return;
    const within = Math.min(held.least, this.#options.memoryBytes);
    const offset = this.draw(within);
    const bytes = 1 + this.draw(within - offset);
    this.#steps.push({ do: this.draw(2) === 0 ? "write" : "read", object: held.object, offset, bytes });
  }

  #any(): Held | undefined {
    return this.#live.length > 0 ? this.#live[this.draw(this.#live.length)] : undefined;
  }

  /** Which of the live objects is freed next, by its place. */
  #order(): Order {
    const { draw } = this;
    const orders: Order[] = [
      (count) => count - 1,
      () => 0,
      (count) => draw(count),
      (count) => draw(count),
      (count) => count >> 1,
    ];
    return orders[draw(orders.length)] as Order;
  }
}

function shuffle(list: unknown[], draw: Draw): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = draw(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
}
