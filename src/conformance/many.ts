/** More blocks, and more calls, than other cases have: for what only happens to the many-thousandth. */
import { numbersFrom } from "../base/random.js";
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { everySize, KIB } from "./sizes.js";
import type { Tester } from "./tester.js";

const SEED = 0xb10c;
const LIVE = 100_000;
/** Blocks that are freed in random order, before the next are. */
const GROUP = 1000;
/** Bytes of the blocks of one size that live at once: more than allocators keep for a size in one group. */
const OF_A_SIZE = 160 * KIB;
/** More than 2^17, so that each power of two up to it is passed. */
const ROUNDS = 135_000;
const DIRT = 0xab;

/** Frees so many of the youngest blocks, each time any of the last thousand. */
function freeYoungest(blocks: Blocks, count: number, below: (limit: number) => number): void {
  for (let i = 0; i < count; i++) blocks.free(blocks.count - 1 - below(Math.min(GROUP, blocks.count)));
}

/** Calls each function once, with one block from each alive at a time. No round finds there what the one before it wrote. */
function callAll(tester: Tester, round: number): void {
  const mark = 1 + (round % 127);
  const first = tester.malloc(24);
  tester.fill(first, mark, 24);
  const zeroed = tester.calloc(8, 4);
  tester.fill(zeroed, DIRT, 32);
  const aligned = tester.aligned(32, 40);
  tester.expect(aligned % 32 === 0, "a block is not aligned to 32");
  tester.fill(aligned, mark + 128, 40);
  tester.expectFilled(first, mark, 24);
  const grown = tester.realloc(first, 72);
  tester.expectFilled(grown, mark, 24);
  tester.fill(grown, mark, 72);
  tester.expectFilled(zeroed, DIRT, 32);
  tester.free(zeroed);
  tester.expectFilled(aligned, mark + 128, 40);
  tester.free(aligned);
  tester.expectFilled(grown, mark, 72);
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
    name: "many-of-a-size",
    promise: "blocks of one size lie apart and keep their contents, however many there are, of every size",
    of: "malloc",
    run(tester) {
      for (const bytes of everySize(33 * KIB).filter((one) => one % 16 === 0)) {
        const blocks = new Blocks(tester);
        for (let taken = 0; taken < OF_A_SIZE; taken += bytes) blocks.add(tester.malloc(bytes), bytes);
        blocks.freeAll();
      }
    },
  },
  {
    name: "many-calls",
    promise: `the ${ROUNDS.toLocaleString("en-US")}th call of each function is as good as the first`,
    of: "malloc",
    run(tester) {
      for (let round = 0; round < ROUNDS; round++) callAll(tester, round);
    },
  },
];
