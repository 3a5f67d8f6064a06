/**
 * `npm run heap:fuzz [-- --operations 100000000 --seed 1]`: random programs against their shadows, a million operations
 * each, on both builds in turn.
 */
import { parseArgs } from "node:util";
import { BUILDS, openHeap } from "./heap.js";
import { Program } from "./random.js";

const EACH = 1_000_000;
const { values } = parseArgs({
  options: { operations: { type: "string", default: "100000000" }, seed: { type: "string", default: "1" } },
});

const first = Number(values.seed);
const programs = Math.ceil(Number(values.operations) / EACH);
for (let i = 0; i < programs; i++) {
  const build = BUILDS[i % BUILDS.length] as (typeof BUILDS)[number];
  // From small blocks alone to blocks of 256 KiB.
  const doublings = 8 + ((i >> 1) % 11);
  new Program(await openHeap(build), first + i, doublings).run(EACH);
  console.log(`${build}: seed ${first + i}, sizes below ${2 ** doublings}, ${(i + 1) * EACH} operations`);
}
