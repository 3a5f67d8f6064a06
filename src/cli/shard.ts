import { UsageError } from "../base/errors.js";

/** Reads `2/4`, of `--shard`: the second of four. @throws UsageError */
export function parseShard(text: string): { index: number; count: number } {
  const match = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index >= 1 && index <= count)) {
    throw new UsageError(`--shard: "${text}" is not a shard: for four shards write 1/4 to 4/4`);
  }
  return { index, count };
}
