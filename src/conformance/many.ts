/** More blocks, and more calls, than other cases have: for what only happens to the many-thousandth. */
import { numbersFrom } from "../base/random.js";
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import type { Tester } from "./tester.js";

const SEED = 0xb10c;
const LIVE = 100_000;
/** Blocks that are freed in random order, before the next are. */
const GROUP = 1000;
/** More than 2^17, so that each power of two up to it is passed. */
const ROUNDS = 135_000;
const DIRT = 0xab;

/** Frees so many of the youngest blocks, each time any of the last thousand. */
function freeYoungest(blocks: Blocks, count: number, below: (limit: number) => number): void {
  for (let i = 0; i < count; i++) blocks.free(blocks.count - 1 - below(Math.min(GROUP, blocks.count)));
}

/** Calls each function once, with one block from each alive at a time. */
function callAll(tester: Tester): void {
  const first = tester.malloc(24);
  tester.fill(first, 1, 24);
  const zeroed = tester.calloc(8, 4);
  tester.fill(zeroed, DIRT, 32);
  const aligned = tester.aligned(32, 40);
  tester.expect(aligned % 32 === 0, "a block is not aligned to 32");
  tester.fill(aligned, 3, 40);
  const grown = tester.realloc(first, 72);
  tester.expectFilled(grown, 1, 24);
  tester.fill(grown, 1, 72);
  tester.expectFilled(zeroed, DIRT, 32);
  tester.free(zeroed);
  tester.expectFilled(aligned, 3, 40);
  tester.free(aligned);
  tester.expectFilled(grown, 1, 72);
  tester.free(grown);
}

export const many: readonly Case[] = [
  {
    name: "many-blocks",
    promise: `${LIVE.toLocaleString("en-US")} blocks that live at once lie apart and keep their contents`,
    of: "malloc",
    run(tester) {
      const blocks = new Blocks(tester);
      const below = numbersFrom(SEED);
      const take = () => {
        const bytes = 8 + below(40);
        blocks.add(below(8) === 0 ? tester.calloc(bytes) : tester.malloc(bytes), bytes);
      };
      while (blocks.count < LIVE) take();
      freeYoungest(blocks, 5 * GROUP, below);
      while (blocks.count < LIVE) take();
      freeYoungest(blocks, LIVE, below);
    },
  },
  {
    name: "many-calls",
    promise: `the ${ROUNDS.toLocaleString("en-US")}th call of each function is as good as the first`,
    of: "malloc",
    run(tester) {
      for (let round = 0; round < ROUNDS; round++) callAll(tester);
    },
  },
];
