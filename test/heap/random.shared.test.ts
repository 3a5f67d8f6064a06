/** A random program against its shadow (random.ts): a million operations. `npm run heap:fuzz` runs more. */
import { describe, expect, it } from "vitest";
import { BUILDS, openHeap } from "./heap.js";
import { Program } from "./random.js";

const SEEDS = [1, 2, 3];

describe.each(BUILDS)("%s", (build) => {
  it.each(SEEDS)("keeps what a random program stores, from blocks of every size: seed %i", async (seed) => {
    const program = new Program(await openHeap(build), seed, 14);
    expect(() => program.run(60_000)).not.toThrow();
  });

  it.each(SEEDS)("keeps what a random program stores, from small blocks: seed %i", async (seed) => {
    const program = new Program(await openHeap(build), seed, 9);
    expect(() => program.run(110_000)).not.toThrow();
  });
});
