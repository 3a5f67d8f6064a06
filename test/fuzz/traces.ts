/**
 * Hostile traces: lines of every format with something wrong in them, and gzipped ones with bytes that are others. A trace is
 * read to its end, or there is a TraceError. A part of a case is a line.
 */
import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { readTrace, TraceError } from "../../src/index.js";
import { Random } from "../random.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";

/** How the lines are packed. */
export interface Packing {
  gzip: boolean;
  /** Bytes of what is packed that are others: where, as a share of all, and what is put there. */
  damage: [at: number, byte: number][];
}

/** Lines of a trace, and traces of a seed. */
const LINES = 400;
const TRACES = 40;

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

/** Where real logs are, both from here and from where the fuzzers are bundled (build/fuzz/). */
const LOGS = new URL("../../test/trace/logs/", import.meta.url);

/** Real logs of each format, which hold together: those that begin with one are read far. */
export function realLogs(): Buffer[] {
  const names = readdirSync(LOGS).filter((name) => !name.endsWith(".c"));
  return names.sort().map((name) => readFileSync(new URL(name, LOGS)));
}

let logs: string[][] | undefined;

function linesOfLogs(): string[][] {
  logs ??= realLogs().map((log) => log.toString("latin1").split("\n"));
  return logs;
}

/** One number in so many is spoiled, and one line; of 0 none. */
const SPOILS = [0, 0, 20, 200, 2000];

/** The lines of a hostile trace: of templates, or of a real log that is repeated. */
function hostileLines(random: Random): string[] {
  const spoils = random.pick(SPOILS);
  if (random.below(2) === 0) {
    const lines = random.pick(linesOfLogs());
    const first = random.below(4) === 0 ? random.below(lines.length) : 0;
    return Array.from({ length: LINES }, (_, i) => {
      return spoiled(lines[(first + i) % lines.length] as string, spoils, random, (number) => number);
    });
  }
  const templates = random.pick(TEMPLATES);
  const most = random.pick([4, 40, 1000, 2 ** 32]);
  return Array.from({ length: LINES }, () =>
    spoiled(random.pick(templates), spoils, random, () => String(random.below(most))),
  );
}

/** A line with numbers for its own, or for each `#`; some are none, and now and then it is cut, gone, or has a word twice. */
function spoiled(line: string, spoils: number, random: Random, number: (old: string) => string): string {
  const isSpoiled = (of: number) => spoils > 0 && random.below(of * spoils) === 0;
  const put = line.replace(/#|0x[0-9a-f]+|\d+/g, (old) =>
    isSpoiled(1) ? random.pick(SPOILED) : number(old),
  );
  if (!isSpoiled(1)) return put;
  const at = random.below(put.length);
  return random.pick([put.slice(0, at), put.slice(at), put + put.slice(at), ""]);
}

export const hostileTraces: Fuzzer<string, Packing> = {
  *cases(seed) {
    const random = new Random(seed);
    for (let i = 0; i < TRACES; i++) {
      const gzip = random.below(8) === 0;
      const damaged = gzip ? random.below(3) : 0;
      const damage = Array.from({ length: damaged }, (): [number, number] => [
        random.below(1000),
        random.below(256),
      ]);
      yield { setting: { gzip, damage }, parts: hostileLines(random) };
    }
  },

  async run({ setting, parts }: Case<string, Packing>): Promise<Counts> {
    const counts = { traces: 1, lines: parts.length, operations: 0, refused: 0 };
    try {
      for await (const chunk of await readTrace(packed(parts, setting))) {
        assert.ok(Number.isInteger(chunk.count) && chunk.count >= 0, "a chunk has operations");
        counts.operations += chunk.count;
      }
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      counts.refused++;
    }
    return counts;
  },

  simpler: (line) => {
    const words = line.split(" ");
    const halves = [line.slice(0, line.length >> 1), line.slice(line.length >> 1)];
    const without = words.map((_, at) => words.filter((_, other) => other !== at).join(" "));
    return [...new Set([...halves, ...without])].filter(({ length }) => length < line.length);
  },
};

function packed(lines: readonly string[], { gzip, damage }: Packing): Uint8Array {
  const text = new TextEncoder().encode(lines.join("\n"));
  if (!gzip) return text;
  const bytes = Uint8Array.from(gzipSync(text, { level: 1 }));
  for (const [at, byte] of damage) bytes[Math.floor((at / 1000) * bytes.length)] = byte;
  return bytes;
}
