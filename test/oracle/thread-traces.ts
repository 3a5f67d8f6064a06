/** Traces of several threads in our text form: one for each rule of glibc's that surprises. */
import type { GlibcOptions } from "./model.js";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export interface ThreadTrace {
  lines: string[];
  options?: GlibcOptions;
}

/** So many lines, each of its number. */
const times = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i));

/** More than a heap holds. The block of `left` bytes is free when the next heap is made. */
const outgrow = (left: number) => ({
  lines: [
    ...["t 2", "a 0 24"],
    ...times(8, (i) => `a ${1 + i} 8000000`),
    ...[`a 9 ${left}`, "f 9", "a 9 8000000", "a 10 8000000", "f 10", "f 9"],
  ],
  options: { mmapThreshold: 8 * MIB },
});

export const THREAD_TRACES: Record<string, ThreadTrace> = {
  "a thread that only frees has an arena": {
    lines: ["a 0 24", "t 2", "f 0", "a 1 24", "t 3", "f 1", "x 3", "x 2"],
  },
  "what is freed goes to the cache of whoever frees it, and what is too much to its owner": {
    lines: [
      ...["t 2", ...times(20, (i) => `a ${i} 100`), ...times(20, (i) => `a ${20 + i} 600`)],
      ...["t 3", ...times(40, (i) => `f ${i}`), ...times(12, (i) => `a ${40 + i} ${i % 2 ? 100 : 600}`)],
      ...["t 2", ...times(12, (i) => `a ${60 + i} ${i % 2 ? 100 : 600}`), "x 3", "a 80 600", "a 81 100"],
    ],
  },
  "the top of an arena stays": {
    lines: [
      ...["t 2", ...times(200, (i) => `a ${i} 3000`), ...times(200, (i) => `f ${i}`)],
      ...["t 1", "k 0", "a 0 100000", "f 0", "k 0", "x 2", "k 0"],
    ],
  },
  "calloc in a thread clears what was given back": {
    lines: ["t 2", ...times(3, () => "c 0 1 300000\nf 0"), "t 1", ...times(3, () => "c 0 1 300000\nf 0")],
    options: { mmapThreshold: 32 * MIB },
  },
  "a new heap destroys itself": outgrow(70_000),
  "a new heap stays": outgrow(60_000),
  "an arena has three heaps": {
    // So little is left in each that to free it does not give up the next.
    lines: ["t 2", ...times(3, (i) => `a ${2 * i} 40000000\na ${2 * i + 1} 27070000`)],
    options: { mmapThreshold: GIB },
  },
  "an arena grows by pages, and keeps what it may write": {
    lines: [
      ...["t 2", ...times(60, (i) => `a ${i} 5000`), ...times(60, (i) => `f ${59 - i}`)],
      ...[...times(40, (i) => `c ${i} 1 9000`), ...times(40, (i) => `f ${i}`), "a 0 120000", "c 1 1 120000"],
    ],
    options: { trimThreshold: 65_536 },
  },
  "the tcache of a thread that frees takes the free chunk before the block": {
    lines: ["t 2", "a 0 1037", "x 2", "t 3", "f 0", "a 0 24"],
    options: { topPad: 100_000, trimThreshold: 4096 },
  },
  "arenas of threads that ended are taken again, the last one first": {
    lines: [
      ...[2, 3, 4].flatMap((thread) => [`t ${thread}`, ...times(9, (i) => `a ${10 * thread + i} 40`)]),
      ...[2, 3, 4].flatMap((thread) => [`t ${thread}`, ...times(9, (i) => `f ${10 * thread + i}`)]),
      ...["x 2", "x 3", "x 4", ...[5, 6, 7, 8].flatMap((thread) => [`t ${thread}`, `a ${thread} 40`])],
    ],
  },
  "threads beyond the limit share arenas in turns": {
    lines: times(12, (i) => `t ${i + 2}\na ${i} 100\na ${20 + i} 2000`),
    options: { arenaMax: 3 },
  },
  "all threads share one arena": {
    lines: [
      ...times(6, (i) => `t ${i + 2}\n${times(20, (k) => `a ${20 * i + k} ${100 * k}`).join("\n")}`),
      ...times(6, (i) => `t ${7 - i}\n${times(20, (k) => `f ${20 * i + k}`).join("\n")}`),
      ...times(6, (i) => `x ${i + 2}`),
      "t 1",
      "k 0",
    ],
    options: { arenaMax: 1 },
  },
  "an aligned block that comes first decides how large the heap is": {
    lines: [
      "t 2",
      "m 0 64 30000000",
      "a 1 24",
      "t 3",
      "m 2 64 70000000",
      "a 3 24",
      "m 4 4096 10000",
      "f 4",
      "f 0",
    ],
  },
  "realloc in the owner's arena, whoever asks": {
    lines: [
      ...[
        "t 2",
        "a 0 1000",
        "a 1 1000",
        "a 2 300000",
        "t 3",
        "a 3 1000",
        "r 0 5000",
        "r 1 100",
        "r 2 600000",
      ],
      ...[
        "r 3 200000",
        "t 1",
        "r 0 60000",
        "r 1 3000",
        "r 2 100",
        "f 0",
        "f 1",
        "t 2",
        "a 4 5000",
        "r 3 90",
        "f 3",
      ],
    ],
  },
  "what no heap holds is mapped, whatever the limit of mappings": {
    lines: ["t 2", "a 0 24", "a 1 70000000", "a 2 300000", "f 1", "f 2", "r 0 70000000", "f 0"],
    options: { mmapMax: 0 },
  },
  "heaps grow, shrink and go": {
    lines: [
      ...["t 2", ...times(14, (i) => `a ${i} ${(i + 1) * MIB}`), ...times(7, (i) => `f ${13 - i}`)],
      ...[...times(5, (i) => `c ${20 + i} 1 ${12 * MIB}`), "t 3", ...times(7, (i) => `f ${i}`)],
      ...[
        ...times(5, (i) => `f ${20 + i}`),
        "x 2",
        "t 4",
        ...times(3, (i) => `c ${i} 1 ${20 * MIB}`),
        "k 0",
        "x 3",
      ],
    ],
    options: { mmapThreshold: GIB, topPad: 100_000 },
  },
  "a trim gives back pages in every arena": {
    lines: [
      ...[1, 2, 3].flatMap((t) => [`t ${t}`, ...times(30, (i) => `a ${100 * t + i} ${3000 + 500 * i}`)]),
      ...[3, 2, 1].flatMap((t) => [`t ${t}`, ...times(15, (i) => `f ${100 * t + 2 * i}`)]),
      ...[
        "t 2",
        "k 0",
        "x 3",
        "k 65536",
        ...times(15, (i) => `f ${100 + 2 * i + 1}`),
        "t 1",
        "k 100000",
        "k 0",
      ],
    ],
  },
};
