/**
 * Hostile traces: lines of every format with something wrong in them, and gzipped ones with bytes that are others. A trace is
 * read to its end, or there is a TraceError; what is read replays on an allocator that verifies it.
 */
import { strict as assert } from "node:assert";
import { gzipSync } from "node:zlib";
import { readTrace, TraceError } from "../../src/index.js";
import { Random } from "../random.js";

/** What was read. */
export interface TraceCounts {
  traces: number;
  /** Lines given, and operations that came of them. */
  lines: number;
  operations: number;
  /** Traces that were refused by a typed error. */
  refused: number;
}

const LINES = 400;

/** Lines that make sense by themselves, of each format; `#` becomes a number. */
const TEMPLATES: readonly (readonly string[])[] = [
  [
    "a # #",
    "c # # #",
    "m # # #",
    "r # #",
    "f #",
    "w # # #",
    "l # # #",
    "s main;f#",
    "p mark#",
    "t #",
    "x #",
    "k #",
    "@ #",
  ],
  ["@ prog:(f+0x#)[0x#] + 0x# 0x#", "@ prog:[0x#] - 0x#", "@ x < 0x#", "@ x > 0x# 0x#", "= Start", "= End"],
  ["malloc(#) = 0x#", "free(0x#)", "calloc(#, #) = 0x#", "realloc(0x#, #) = 0x#", "[pid #] malloc(#) = 0x#"],
  ["--#-- malloc(#) = 0x#", "--#-- free(0x#)", "--#-- realloc(0x#,#)malloc(#) = 0x#"],
  ["a # #", "r # #", "f #", "#"],
  ["#: malloc #", "# # malloc(#) = #", "+ # #", "- #", "v 10500 3", "t # #", "i # #"],
];
const SPOILED = [
  "",
  " ",
  "-1",
  "1e9",
  "NaN",
  "0x",
  "18446744073709551616",
  "99999999999999999999",
  "\u0000",
  "é",
  "9007199254740993",
];

/** The text of a hostile trace. */
export function hostileText(random: Random): string {
  const templates = random.pick(TEMPLATES);
  const spoils = random.pick([0, 0, 2, 20, 200]);
  const most = random.pick([4, 40, 1000, 2 ** 32]);
  return Array.from({ length: LINES }, () => {
    const line = random.pick(templates).replace(/#/g, () => {
      return spoils > 0 && random.below(spoils) === 0 ? random.pick(SPOILED) : String(random.below(most));
    });
    return spoils > 0 && random.below(4 * spoils) === 0 ? line.slice(0, random.below(line.length)) : line;
  }).join("\n");
}

/** Reads a hostile trace, now and then packed and damaged. */
export async function hostileTrace(seed: number): Promise<TraceCounts> {
  const random = new Random(seed);
  const counts: TraceCounts = { traces: 1, lines: LINES, operations: 0, refused: 0 };
  let bytes: Uint8Array = new TextEncoder().encode(hostileText(random));
  const kind = random.below(4);
  if (kind === 0) {
    bytes = Uint8Array.from(gzipSync(bytes));
    for (let i = random.below(3); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
  }
  try {
    const trace = await readTrace(bytes);
    for await (const chunk of trace) {
      assert.ok(Number.isInteger(chunk.count) && chunk.count >= 0, `seed ${seed}: a chunk has operations`);
      counts.operations += chunk.count;
    }
  } catch (error) {
    assert.ok(
      error instanceof TraceError,
      `seed ${seed}: a TraceError, not ${(error as Error)?.stack ?? error}`,
    );
    counts.refused++;
  }
  return counts;
}
