import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { headOf } from "../../src/trace/format.js";
import { traceFormats } from "../../src/trace/formats.js";
import type { ReadTraceOptions } from "../../src/trace/read.js";
import { byteByByte, bytesOf, cutAt, fileBytes, operations, operationsOf, read } from "./helpers.js";

const textOf = async (name: string) => new TextDecoder().decode(await fileBytes(`./logs/${name}`));

/** What is read of a log, and what is noted beside what every log of the format lacks. */
async function readLog(name: string, options?: ReadTraceOptions) {
  const { notes, ...records } = await read(await fileBytes(`./logs/${name}`), options);
  return {
    format: notes.format,
    operations: operationsOf({ ...records, notes }),
    losses: notes.losses.filter((loss) => !/^this (format|log) /.test(loss)),
    lacks: notes.losses.filter((loss) => /^this (format|log) /.test(loss)),
  };
}

/** What calls.c does, in the operations that are read of a trace that says it. */
async function program(edit: (text: string) => string = (text) => text): Promise<string[]> {
  return operations(edit(await textOf("calls.txt")));
}

/** Operations without times and sites. */
const bare = (lines: readonly string[]) => lines.filter((line) => !/^[@s] /.test(line));
const sitesOf = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("s ")).map((line) => line.slice(2));
const timesOf = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("@ ")).map((line) => Number(line.slice(2)));

const withoutThreads = (text: string) => text.replace(/^t .*\n/gm, "");
/** The object of a number is not known. */
const without = (text: string, ...ids: number[]) =>
  text.replace(new RegExp(`^. (${ids.join("|")})\\b.*\n`, "gm"), "");

describe("what calls.c does is what is read of", () => {
  it("glibc's mtrace, but for calloc and alignment", async () => {
    const log = await readLog("calls-mtrace.log");
    const plain = await program((text) =>
      withoutThreads(text)
        .replace("c 2 10 20", "a 2 200")
        .replace("c 8 3 7", "a 8 21")
        .replace(/^m (\d+) \d+/gm, "a $1")
        .replace("a 7 300", "a 20 288\na 7 300") // the C library's, for the thread
        .replace(/$/, "f 20\n"),
    );
    expect(log.format).toBe("mtrace");
    expect(bare(log.operations)).toEqual(plain);
    expect(log.losses).toEqual(["left out: allocations that failed (2)"]);
    expect(log.operations.slice(0, 6)).toEqual([
      "s main",
      "a 0 100",
      "a 1 200",
      "s calls+0x1258",
      "r 0 5000",
      "s main",
    ]);
    expect(sitesOf(log.operations)).toContain("__strdup");
  });

  it("ltrace, but for the address that posix_memalign gives", async () => {
    const log = await readLog("calls-ltrace.log");
    expect(log.format).toBe("ltrace");
    // Without -f it shows one thread: the object that it frees of the other is not known.
    expect(log.operations).toEqual(await program((text) => without(withoutThreads(text), 4, 7, 8)));
    expect(log.losses).toEqual([
      "left out: allocations that failed (2)",
      "left out: allocations whose result the log does not give (1)",
      "left out: free(NULL) (1)",
      "left out: frees of addresses that the log does not allocate (2)",
    ]);
  });

  it("ltrace with -f, -tt and -i, whose threads, times and sites it has", async () => {
    const log = await readLog("calls-ltrace-f-tt-i.log");
    expect(bare(log.operations)).toEqual(
      await program((text) => without(text, 4).replace("f 7", "f 7\nx 2")),
    );
    const times = timesOf(log.operations);
    expect(times).toHaveLength(new Set(times).size);
    expect(times.every((time, index) => time % 1000 === 0 && time > (times[index - 1] ?? 0))).toBe(true);
    expect(sitesOf(log.operations)[0]).toMatch(/^0x5[0-9a-f]{11}$/);
  });

  it("ltrace with -x, where calls contain each other, and -r, whose times are differences", async () => {
    const log = await readLog("calls-ltrace-f-r-x.log");
    const shown = await program((text) =>
      without(text, 4)
        .replace("t 2", "c 20 17 16\nt 2") // the C library's, for the thread
        .replace("f 7", "f 7\nx 2"),
    );
    expect(bare(log.operations)).toEqual(shown);
    expect(timesOf(log.operations).length).toBeGreaterThan(15);
  });

  it("babeltrace 1, of LTTng without contexts, and with seconds since 1970", async () => {
    const log = await readLog("calls-babeltrace.log");
    expect(log.format).toBe("lttng");
    expect(bare(log.operations)).toEqual(await program((text) => withoutThreads(lttng(text))));
    expect(log.lacks).toEqual([
      "this format does not record aligned_alloc",
      "this format does not record what the program touched",
      "this log does not record which thread calls",
    ]);
    expect(log.losses.slice(0, 2)).toEqual([
      "left out: allocations that failed (2)",
      "left out: free(NULL) (3)",
    ]);
  });

  it("babeltrace 2, of LTTng with vpid and vtid", async () => {
    const log = await readLog("calls-babeltrace2.log");
    expect(bare(log.operations)).toEqual(await program(lttng));
    const times = timesOf(log.operations);
    expect(times[0]).toBe(7622);
    expect(times.every((time, index) => time > (times[index - 1] ?? 0))).toBe(true);
  });

  it.each(["calls-uftrace.log", "calls-uftrace-time.log"])(
    "%s, but for what posix_memalign and strdup give",
    async (name) => {
      const log = await readLog(name);
      expect(log.format).toBe("uftrace");
      expect(bare(log.operations)).toEqual(await program((text) => without(text, 4, 6, 10)));
      expect(timesOf(log.operations).length > 0).toBe(name.includes("time"));
      expect(new Set(sitesOf(log.operations))).toEqual(new Set(["main", "main;grow", "second", "unknown"]));
    },
  );

  it("perf script of probes of the C library, but for the address that posix_memalign gives", async () => {
    const log = await readLog("calls-perf.log");
    expect(log.format).toBe("perf");
    const plain = await program((text) => without(text, 4).replace("t 2", "c 20 17 16\nt 2")); // the C library's, for the thread
    expect(bare(log.operations)).toEqual(plain);
    expect(timesOf(log.operations).slice(0, 2)).toEqual([24_000, 29_000]);
    expect(log.losses.slice(0, 2)).toEqual([
      "left out: allocations that failed (2)",
      "left out: allocations whose result the log does not give (1)",
    ]);
  });

  it("perf script of probes, not where returns have none", async () => {
    const log = (await textOf("calls-perf.log")).replace(/^.*__return.*\n/gm, "");
    await expect(operations(log)).rejects.toThrow("no probe at a return was hit: add them, as by perf probe");
  });

  it("perf script of probes with call stacks, whose sites it has", async () => {
    const { operations: lines } = await readLog("perf-g.log");
    expect(sitesOf(lines)).toEqual(["__libc_start_call_main;main", "__libc_start_call_main;main;grow"]);
  });
});

/** What LTTng's library sees of the program: not aligned_alloc, but what the C library and it itself allocate. */
function lttng(text: string): string {
  return without(text, 3)
    .replace(/^(?=a 1 )/m, "c 31 100 1\nc 32 48 1\nc 33 116 1\nc 34 48 1\n")
    .replace("t 2", "c 20 21 16\nt 2")
    .replace(/$/, "f 33\nf 31\n");
}

describe("a log", () => {
  it.each([
    [
      "android.log",
      "aosp",
      ["a 0 48", "t 2", "c 1 32 8", "t 3", "a 2 150", "t 4", "m 3 16 104"],
      [
        "left out: frees of addresses that the log does not allocate (1)",
        "read as malloc: reallocs of addresses that the log does not allocate (1)",
      ],
    ],
    ["ltrace.log", "ltrace", ["a 0 29", "f 0", "a 0 1", "a 1 5", "a 2 3", "f 2", "a 2 4"], []],
    ["babeltrace.log", "lttng", ["a 0 4", "@ 2902", "f 0"], []],
    [
      "mtrace.log",
      "mtrace",
      ["s log_init", "a 0 16", "s __strdup", "a 1 15", "s libc.so.6+0x3a32666e8b", "a 2 568"],
      [],
    ],
    [
      "riot.log",
      "log",
      ["s 0x8001737", "c 0 1 36", "c 1 1 36", "c 2 1 36", "c 3 1 36", "s 0x80017fd", "f 3"],
      ["left out: free(NULL) (1)"],
    ],
    [
      "uftrace-script.log",
      "uftrace",
      ["a 0 80", "@ 6603", "f 0", "@ 42900", "a 0 240", "@ 44606", "f 0", "@ 57620", "a 0 248"],
      [],
    ],
    [
      "android-times.log",
      "aosp",
      [
        ...[
          "a 0 48",
          "@ 300",
          "c 1 32 8",
          "t 2",
          "@ 350",
          "a 2 100",
          "t 1",
          "@ 1000",
          "r 0 150",
          "t 2",
          "@ 1200",
        ],
        ...[
          "m 3 16 104",
          "@ 1400",
          "f 2",
          "@ 1500",
          "x 2",
          "t 1",
          "@ 1600",
          "f 1",
          "t 3",
          "@ 2000",
          "c 1 1 16",
        ],
      ],
      ["left out: allocations that failed (1)", "left out: free(NULL) (1)"],
    ],
    [
      "logalloc-munged.log",
      "logalloc",
      ["c 0 1 148", "a 1 42", "t 2", "r 0 64", "t 1", "f 1", "t 2", "m 1 256 10", "t 1", "f 0"],
      [],
    ],
    [
      "kdump.log",
      "kdump",
      ["a 0 26", "r 0 17", "a 1 32", "f 0"],
      ["left out: free(NULL) (1)", "left out: frees of addresses that the log does not allocate (1)"],
    ],
    [
      "calls-printed.log",
      "log",
      ["a 0 5", "c 1 2 8", "r 0 50", "m 2 32 64", "f 1", "a 1 24", "a 3 4"],
      [
        "left out: allocations that failed (1)",
        "left out: allocations whose result the log does not give (1)",
      ],
    ],
  ])("such as %s is told to be one of %s, and read", async (name, format, expected, losses) => {
    const log = await readLog(name);
    expect(log.format).toBe(format);
    expect(log.operations).toEqual(expected);
    expect(log.losses).toEqual(losses);
  });

  it("such as a journal has sizes, addresses, threads and times", async () => {
    const log = await readLog("journal.txt");
    expect(log.format).toBe("journal");
    expect(log.operations.slice(0, 8)).toEqual([
      ...["a 0 2048", "@ 555900", "a 1 1280", "@ 588300", "a 2 2560", "@ 599800", "f 1", "@ 604700"],
    ]);
    expect(bare(log.operations)).toHaveLength(11);
  });

  it("of several processes is read of the one that is chosen", async () => {
    const logs = {
      "logalloc.log": {
        13663: ["a 0 42", "a 1 24", "t 2", "m 2 64 128", "t 1", "r 0 64", "f 1"],
        13680: ["c 0 1 148", "a 1 64", "f 0", "m 0 16 20"],
      },
      "kdump-H-T.log": {
        61039: ["a 0 26", "@ 200000", "a 1 32", "t 2", "@ 1000000", "f 0"],
        61040: ["@ 1596000", "a 0 8"],
      },
      "forks-ltrace-f.log": {
        10846: ["a 0 100", "a 1 300", "f 1", "f 0"],
        10847: ["a 0 200", "f 0"],
      },
    };
    for (const [name, processes] of Object.entries(logs)) {
      const [first, second] = Object.keys(processes) as [string, string];
      const both = new RegExp(
        `several processes: (${first}|${second}) .* and (${first}|${second}) .*Choose one`,
      );
      await expect(readLog(name)).rejects.toThrow(both);
      for (const [process, expected] of Object.entries(processes)) {
        const log = await readLog(name, { process: Number(process) });
        expect(log.operations, `${name} of ${process}`).toEqual(expected);
        expect(log.losses.join()).toContain("left out: calls of other processes");
      }
    }
  });

  it("is not read as another without a word", async () => {
    const { operations, losses } = await readLog("logalloc.log", { format: "mtrace" });
    expect(operations).toEqual([]);
    expect(losses).toContain("no line is a call in the format mtrace");
    const right = await readLog("kdump.log");
    expect(right.losses.join()).not.toContain("no line");
  });

  it("has no process where the format tells none", async () => {
    for (const name of ["mtrace.log", "android.log", "journal.txt"]) {
      await expect(readLog(name, { process: 1 })).rejects.toThrow("does not tell processes apart");
    }
    await expect(readLog("ltrace.log", { process: 1 })).rejects.toThrow("leave out --process");
    await expect(readLog("ltrace.log", { process: -1 })).rejects.toThrow(RangeError);
  });
});

const names = (await readdir(fileURLToPath(new URL("./logs", import.meta.url)))).filter((name) =>
  /\.(log|txt|rep)$/.test(name),
);

it.each([
  "allocate.log",
  "operators.log",
  "git-version.log",
  "two-processes.log",
  "sites.txt",
  "threads.txt",
])("%s looks like one format alone", async (name) => {
  const head = headOf(await fileBytes(`./${name}`));
  expect(traceFormats.filter((format) => format.looksLike(head))).toHaveLength(1);
});

/** Formats of files, not of what stands in the output of a program. */
const WHOLE = ["text", "rep", "journal", "wee-alloc", "heaptrack"];

describe.each(names)("%s", (name) => {
  it("looks like one format alone", async () => {
    const head = headOf(await fileBytes(`./logs/${name}`));
    expect(traceFormats.filter((format) => format.looksLike(head))).toHaveLength(1);
  });

  it("is told also where other output stands before and between", async () => {
    const text = await textOf(name);
    const { format } = await readLog(name, await processOf(name));
    if (WHOLE.includes(format)) return;
    const noisy = text.replaceAll(/^/gm, "words (of the program) = 3\n\n").replace(/$/, "the end\n");
    const trace = await read(noisy, await processOf(name));
    expect(trace.notes.format).toBe(format);
    expect(operationsOf(trace)).toEqual((await readLog(name, await processOf(name))).operations);
  });

  it("is read the same wherever a chunk is cut, and with \\r\\n", async () => {
    const options = await processOf(name);
    const { operations: expected } = await readLog(name, options);
    const bytes = bytesOf((await textOf(name)).replaceAll("\n", "\r\n"));
    for (const offset of [1, 7, 100, 101, 333, bytes.length >> 1, bytes.length - 3]) {
      expect(await operations(cutAt(bytes, offset), options), `cut at ${offset}`).toEqual(expected);
    }
    expect(await operations(byteByByte(bytes), options)).toEqual(expected);
  });
});

/** The first process of a log that has several. */
async function processOf(name: string): Promise<ReadTraceOptions> {
  const error = await readLog(name).catch((caught: Error) => caught);
  const process = error instanceof Error ? /processes: (\d+)/.exec(error.message)?.[1] : undefined;
  return process === undefined ? {} : { process: Number(process) };
}
