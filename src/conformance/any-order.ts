/** Many blocks of one size, freed in every order and taken again: for what is wrong with the lists that they are in. */
import { numbersFrom } from "../base/random.js";
import type { Case } from "./case.js";
import { everySize, KIB } from "./sizes.js";
import type { Tester } from "./tester.js";

const SEED = 0x0de2;
/** Bytes of the blocks that live at once: more than a few groups, if they are kept in groups of up to 64 KiB. */
const HELD = 200 * KIB;
const LEAST = 12;

/** Gives the place, among so many, of the block that is freed next. */
type Order = (count: number, freed: number) => number;

/** Live blocks of one size. */
class Line {
  readonly #pointers: number[] = [];
  readonly #marks: number[] = [];
  #made = 0;

  constructor(
    private readonly tester: Tester,
    private readonly bytes: number,
  ) {}

  get count(): number {
    return this.#pointers.length;
  }

  take(): void {
    const pointer = this.tester.malloc(this.bytes);
    const mark = 1 + (this.#made++ % 251);
    this.tester.fill(pointer, mark, this.bytes);
    this.#pointers.push(pointer);
    this.#marks.push(mark);
  }

  /** Frees the one at a place. The last comes to its place. */
  free(place: number): void {
    const pointer = this.#pointers[place] as number;
    this.tester.expectFilled(pointer, this.#marks[place] as number, this.bytes);
    this.tester.free(pointer);
    const [last, mark] = [this.#pointers.pop() as number, this.#marks.pop() as number];
    if (place === this.count) return;
    this.#pointers[place] = last;
    this.#marks[place] = mark;
  }

  /** The oldest come first again, whatever was freed. */
  reverse(): void {
    this.#pointers.reverse();
    this.#marks.reverse();
  }
}

const oldest: Order = (count) => count - 1;
const spread: Order = (count, freed) => (7919 * freed) % count;

export const anyOrder: readonly Case[] = [
  {
    name: "any-order",
    promise:
      "many blocks of one size keep their contents while others are freed, in any order, and taken again",
    of: "free",
    run(tester) {
      const below = numbersFrom(SEED);
      // What share is left, too: of the last only a few, each in another group.
      const orders: [Order, number][] = [
        [(count) => below(count), 0.25],
        [oldest, 0.5],
        [spread, 0.02],
      ];
      const sizes = everySize(17 * KIB).filter((bytes, i) =>
        bytes <= KIB ? bytes % 32 === 0 : i % 11 === 0,
      );
      for (const bytes of [1, ...sizes]) {
        const line = new Line(tester, bytes);
        const count = Math.max(LEAST, Math.ceil(HELD / Math.max(24, bytes)));
        for (const [order, share] of orders) {
          while (line.count < count) line.take();
          if (order === oldest) line.reverse();
          const left = Math.floor(share * count);
          for (let freed = 0; line.count > left; freed++) line.free(order(line.count, freed));
        }
        while (line.count > 0) line.free(below(line.count));
      }
    },
  },
];
