import { sizesOf as drawnSizes } from "../../trace/generate.js";
import type { Pattern } from "./pattern.js";

/** Which block: its number in its round, and the numbers of the round, from 0, and of the thread that allocates it, from 1. */
export interface Place {
  block: number;
  thread: number;
  round: number;
}

/** What gives the size of each block, in bytes. Those that are drawn are so in the order they are asked for. */
export function sizesOf(pattern: Pattern, draw: (limit: number) => number): (place: Place) => number {
  const { min, max, blocks, steps, spread } = pattern;
  switch (spread) {
    case "steps":
      return ({ block, thread, round }) =>
        min + ((steps.block * block + steps.thread * thread + steps.round * round) % (max - min + 1));
    case "growing":
      return ({ block }) => min + Math.floor(((max - min) * block) / Math.max(1, blocks - 1));
    case "doubling":
      return ({ block }) => Math.min(max, min * 2 ** block);
    default:
      return drawnSizes({ sizes: spread, min, max }, draw);
  }
}
