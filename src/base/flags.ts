/** Parsers of command line values. Each takes the text and the name of its flag. @throws UsageError naming the flag. */

import { parseBytes } from "./bytes.js";
import { UsageError } from "./errors.js";
import { formatSize } from "./numbers.js";

/** Bytes of the machine's address space: no block can be larger. */
const ADDRESS_SPACE = 2 ** 47;
/** Most repetitions of anything. */
const MOST = 2 ** 47;

/** Reads `100MiB,1000MiB`: sizes of blocks in bytes, at least one, in the order given and without repetition. */
export function parseSizes(text: string, flag: string): number[] {
  return [...new Set(text.split(",").map((size) => parseSize(size, flag)))];
}

/** Reads the size of a block, in bytes. */
export function parseSize(text: string, flag: string): number {
  let bytes: number;
  try {
    bytes = parseBytes(text);
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
  if (bytes < 1 || bytes > ADDRESS_SPACE) {
    throw new UsageError(`${flag}: "${text}" is not between 1 byte and 128TiB, the machine's address space`);
  }
  return bytes;
}

/** A parser of sizes from `least` to `most`, in bytes. */
export const sizeWithin =
  (least: number, most = ADDRESS_SPACE) =>
  (text: string, flag: string): number => {
    const bytes = parseSize(text, flag);
    if (bytes >= least && bytes <= most) return bytes;
    throw new UsageError(`${flag}: "${text}" is not between ${formatSize(least)} and ${formatSize(most)}`);
  };

/** Reads `25%` as 0.25. Only 0 needs no sign: 1 could mean 1% or 100%. */
export function parsePercent(text: string, flag: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text.trim() === "0" ? "0%" : text);
  const percent = Number(match?.[1] ?? Number.NaN);
  if (!(percent >= 0 && percent <= 100)) {
    throw new UsageError(`${flag}: "${text}" is not a share: write 0% to 100%, such as 25%`);
  }
  return percent / 100;
}

/** Reads `0%,10%,100%`: shares in ascending order, each once. */
export function parseShares(text: string, flag: string): number[] {
  const shares = new Set(text.split(",").map((share) => parsePercent(share, flag)));
  return [...shares].sort((one, other) => one - other);
}

/** Reads a number of repetitions: a whole number, at least 1. */
export function parseCount(text: string, flag: string): number {
  const count = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1 && Number.isSafeInteger(count))) {
    throw new UsageError(`${flag}: "${text}" is not a count: write a whole number from 1, such as 10000`);
  }
  if (count > MOST) throw new UsageError(`${flag}: "${text}" is more than 2^47, the most there is`);
  return count;
}

/** Reads one of the given words. */
export function parseWord<Word extends string>(text: string, flag: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw new UsageError(`${flag}: "${text}" is not one of ${words.join(", ")}`);
  return word;
}

/** Reads `10s`, `1.5min`, `500ms`, or a plain number of seconds, in seconds. */
export function parseTime(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?$/.exec(text.trim());
  const unit = (match?.[2] ?? "s") as keyof typeof SECONDS;
  const seconds = Number(match?.[1]) * SECONDS[unit];
  if (seconds > 0 && seconds <= 24 * SECONDS.h) return seconds;
  throw new UsageError(`${flag}: "${text}" is not a time of at most a day: write 500ms, 10s or 2min`);
}

const SECONDS = { ms: 0.001, s: 1, min: 60, m: 60, h: 3600 };
