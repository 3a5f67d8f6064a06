/** Blocks that were cut off larger ones, and programs with large blocks, of which only the ends are looked at. */
import { numbersOf } from "../base/random.js";
import type { Case } from "./case.js";
import { Shadow } from "./shadow.js";
import { KIB, MIB } from "./sizes.js";
import type { Tester } from "./tester.js";

/** Bytes at each end of a block that are filled and looked at. */
const END = 64;
const SIZES = [300, 2000, 9000, 40 * KIB, 150 * KIB, 600 * KIB, 1.5 * MIB, 2 * MIB, 5 * MIB, 11 * MIB];
const PARTS = [0.05, 0.3, 0.5, 0.8, 0.95];

const STEPS = 2500;
const MOST_HELD = 40 * MIB;
const MOST_LIVE = 30;
/** Most bytes of a calloc, all of which are looked at. */
const MOST_CLEARED = 2 * MIB;

/** Cuts a block, or takes a smaller one instead of it; lets others have the rest; then frees it, and takes it again. */
function cutOne(tester: Tester, bytes: number, part: number, frees: boolean): void {
  const shadow = new Shadow(tester, END);
  const kept = Math.floor(bytes * part);
  const rest = bytes - kept;
  shadow.take(0, "malloc", bytes);
  shadow.take(1, "malloc", 40);
  if (frees) {
    shadow.free(0);
    shadow.take(0, "malloc", kept);
  } else shadow.resize(0, kept);
  for (const [i, share] of [0.6, 0.3, 0.05].entries())
    shadow.take(2 + i, "malloc", Math.max(1, Math.floor(rest * share)));
  shadow.free(0);
  for (const [i, size] of [bytes, kept, rest].entries()) shadow.take(5 + i, "malloc", size);
  for (const key of [3, 6, 2]) shadow.free(key);
  shadow.take(8, "malloc", bytes + 100);
  shadow.freeAll();
}

/** A size of 4 KiB to 8 MiB, each doubling as likely as the others. */
function largeSize(below: (limit: number) => number): number {
  const half = 2 ** (12 + below(11));
  return half + below(half);
}

function takeLarge(shadow: Shadow, key: number, below: (limit: number) => number): void {
  const [kind, bytes] = [below(8), largeSize(below)];
  if (kind === 0) shadow.take(key, { align: 32 << below(14) }, bytes);
  else if (kind < 3) shadow.take(key, "calloc", Math.min(bytes, MOST_CLEARED));
  else shadow.take(key, "malloc", bytes);
}

export const cut: readonly Case[] = [
  {
    name: "cut-blocks",
    promise:
      "a block that was cut off a larger one, by realloc or when that was free, ends where its rest begins",
    of: "realloc",
    run(tester) {
      for (const bytes of SIZES)
        for (const part of PARTS) for (const frees of [false, true]) cutOne(tester, bytes, part, frees);
    },
  },
  {
    name: "large-program",
    promise: "whatever a program does with blocks of 4 KiB to 8 MiB, they lie apart and keep their ends",
    of: "malloc",
    run(tester) {
      const below = numbersOf(tester.seed);
      const shadow = new Shadow(tester, END);
      const keys: number[] = [];
      for (let made = 0; made < STEPS; made++) {
        const kind = below(5);
        if (keys.length > 0 && kind === 0)
          shadow.resize(keys[below(keys.length)] as number, largeSize(below));
        else if (keys.length >= MOST_LIVE || (keys.length > 0 && kind < 3))
          shadow.free(keys.splice(below(keys.length), 1)[0] as number);
        else {
          takeLarge(shadow, made, below);
          keys.push(made);
        }
        while (shadow.bytes > MOST_HELD) shadow.free(keys.splice(below(keys.length), 1)[0] as number);
      }
      shadow.freeAll();
    },
  },
];
