import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import {
  byteByByte,
  bytesOf,
  countByLetter,
  cutAt,
  fileBytes,
  operations,
  operationsOf,
  read,
} from "./helpers.js";

const LOSSES = [
  "this format does not record what the program touched",
  "this format does not record which thread calls",
];

/** A log of process 9; each line gets its prefix unless it has one. */
const log = (...lines: string[]) =>
  lines.map((line) => (/^(.*--|==)\d+(--|==) /.test(line) ? line : `--9-- ${line}`)).join("\n");

const SAMPLE = log(
  "==9== Memcheck, a memory error detector",
  "malloc(100) = 0x4A40040",
  "calloc(10,20) = 0x4A400F0",
  "realloc(0x4A40040,5000) = 0x4A40200",
  "prögram😀--9-- memalign(al 4096, size 8192) = 0x4A42000",
  "malloc_usable_size(0x4A400F0) = 200",
  "realloc(0x0,7)malloc(7) = 0x4A43790",
  "free(0x4A400F0)",
  "free(0x0)",
);
const SAMPLE_OPERATIONS = ["a 0 100", "c 1 10 20", "r 0 5000", "m 2 4096 8192", "a 3 7", "f 1"];

/** What valgrind says at exit about a process: `total heap usage: 1,016 allocs, 890 frees, …`. */
function heapUsage(text: string, pid: string): { allocs: number; frees: number } {
  const match = new RegExp(`==${pid}==   total heap usage: ([0-9,]+) allocs, ([0-9,]+) frees`).exec(text);
  const [allocs, frees] = [match?.[1], match?.[2]].map((number) => Number(number?.replaceAll(",", "")));
  return { allocs: allocs as number, frees: frees as number };
}

/** Reads the first process of a log. */
async function readLog(name: string) {
  const bytes = await fileBytes(`./${name}`);
  const text = new TextDecoder().decode(bytes);
  const process = Number(/^--(\d+)-- /m.exec(text)?.[1]);
  const trace = await read(bytes, { process });
  return { text, trace, counts: countByLetter(operationsOf(trace)) };
}

describe("a log of valgrind", () => {
  it("is read, and says what it loses", async () => {
    const trace = await read(SAMPLE);
    expect(operationsOf(trace)).toEqual(SAMPLE_OPERATIONS);
    expect(trace.notes).toEqual({ format: "valgrind", losses: [...LOSSES, "left out: free(NULL) (1)"] });
  });

  it("is read the same wherever a chunk is cut", async () => {
    const bytes = bytesOf(`${SAMPLE.replaceAll("\n", "\r\n")}`);
    for (let offset = 0; offset <= bytes.length; offset++) {
      expect(await operations(cutAt(bytes, offset)), `cut at ${offset}`).toEqual(SAMPLE_OPERATIONS);
    }
    expect(await operations(byteByByte(bytes))).toEqual(SAMPLE_OPERATIONS);
  });

  it.each(["allocate.log", "operators.log", "git-version.log", "two-processes.log"])(
    "%s has as many allocations and frees as valgrind counted",
    async (name) => {
      const { text, trace, counts } = await readLog(name);
      const { a = 0, c = 0, m = 0, r = 0, f = 0 } = counts;
      const pid = /^--(\d+)-- /m.exec(text)?.[1] as string;
      // Valgrind counts a realloc as one of each.
      expect({ allocs: a + c + m + r, frees: f + r }).toEqual(heapUsage(text, pid));
      expect(trace.notes.losses.join()).not.toContain("does not allocate");
      expect(text, "no path of the machine it was made on").not.toMatch(/\/(work|root|tmp|home)\b/);
    },
  );

  it("reads what allocate.c does", async () => {
    const { trace } = await readLog("allocate.log");
    const lines = operationsOf(trace);
    expect(lines.slice(0, 31)).toEqual([
      ...["a 0 100", "c 1 10 20", "a 2 0", "a 3 4096", "f 0", "f 2", "f 1"], // 4096: stdout's buffer
      ...["a 1 50", "r 1 5000", "r 1 20", "a 2 24", "f 1", "a 1 7", "r 1 15", "f 1", "f 2"],
      ...["m 2 64 10", "f 2", "m 2 4096 8192", "f 2", "m 2 256 1024", "m 1 64 100", "f 2", "f 1"],
      ...["c 1 3 4"],
      ...["a 2 1", "f 2"],
      ...["a 2 0", "a 0 16", "f 0", "a 0 32"],
    ]);
    expect(trace.notes.losses).toEqual([
      ...LOSSES,
      "left out: calls of other processes (1)",
      "left out: allocations that failed (2)",
      "left out: allocations whose result the log does not give (1)",
      expect.stringMatching(/^left out: free\(NULL\) \(\d+\)$/),
    ]);
  });

  it("reads the operators of C++", async () => {
    const { trace, counts } = await readLog("operators.log");
    const lines = operationsOf(trace);
    expect(counts).toEqual({ all: 25, a: 8, m: 5, f: 12 });
    expect(lines.filter((line) => line.startsWith("m"))).toEqual([
      "m 1 64 128",
      "m 1 64 384",
      "m 1 64 128",
      "m 1 64 384",
      "m 1 32 48",
    ]);
    expect(lines.slice(0, 7)).toEqual(["a 0 72704", "a 1 4", "f 1", "a 1 40", "f 1", "a 1 4", "f 1"]);
    expect(lines.at(-2)).toBe("a 1 1000");
  });

  it("reads the first process of two, and counts what the other did", async () => {
    const { text, trace } = await readLog("two-processes.log");
    const [first, second] = new Set(Array.from(text.matchAll(/^--(\d+)-- /gm), ([, pid]) => pid as string));
    const others = text.match(new RegExp(`^--${second}-- (malloc|realloc|free)\\(`, "gm"))?.length;
    expect(heapUsage(text, first as string)).toEqual({ allocs: 48, frees: 3 });
    expect(trace.notes.losses).toContain(`left out: calls of other processes (${others})`);
    await expect(read(text)).rejects.toThrow(
      `this trace has several processes: ${second} (${others} calls) and ${first} (126 calls). Choose one`,
    );
    const child = await read(text, { process: Number(second) });
    expect(child.notes.losses).toContain("left out: calls of other processes (126)");
    await expect(read(text, { process: 1 })).rejects.toThrow(
      /there is no process 1 in this trace: there are/,
    );
  });
});

describe("in a log of valgrind,", () => {
  it("a process that goes on as another program is read up to there", async () => {
    const trace = await read(
      log(
        "==9== Command: env true",
        "malloc(1) = 0x10",
        "==8== Command: other",
        "malloc(2) = 0x20",
        "==9== Command: true",
        "malloc(3) = 0x10",
        "free(0x10)",
      ),
    );
    expect(operationsOf(trace)).toEqual(["a 0 1", "a 1 2"]);
    expect(trace.notes.losses.at(-1)).toBe("left out: calls of the program that the process went on as (2)");
  });

  it("allocations that failed are left out, and a realloc that failed changes nothing", async () => {
    const trace = await read(
      log(
        "malloc(7) = 0x10",
        "realloc(0x10,70368744177664) = 0x0",
        "memalign(al 64, size 70368744177664) = 0x0",
        "calloc(18446744073709551615,18446744073709551615) = 0x0",
        "malloc(18446744073709551611)Argument 'size' of function malloc has a fishy (possibly negative) value: -5",
        "==9==    at 0x48417B4: malloc (in vgpreload_memcheck-amd64-linux.so)",
        "--8--  = 0x50",
        "--9--  = 0x0",
        "free(0x10)",
      ),
    );
    expect(operationsOf(trace)).toEqual(["a 0 7", "f 0"]);
    expect(trace.notes.losses.slice(2)).toEqual(["left out: allocations that failed (4)"]);
  });

  it("a result may stand on the next line", async () => {
    expect(await operations(log("calloc(3,4)", "==9== a remark", "--9--  = 0x10", "free(0x10)"))).toEqual([
      "c 0 3 4",
      "f 0",
    ]);
  });

  it("allocations without a result are left out and noted, and so are their frees", async () => {
    const trace = await read(
      log(
        "posix_memalign(al 64, size 128)", // newer versions print no address
        "aligned_alloc(al 64, size 128)malloc(5) = 0x10", // nor do they here
        "calloc(18446744073709551615,2)calloc(3,4) = 0x20",
        "free(0x4000)",
        "malloc(3)",
      ),
    );
    expect(operationsOf(trace)).toEqual(["a 0 5", "c 1 3 4"]);
    expect(trace.notes.losses.slice(2)).toEqual([
      "left out: allocations whose result the log does not give (4)",
      "left out: frees of addresses that the log does not allocate (1)",
    ]);
  });

  it("realloc of NULL is malloc, and to nothing is free", async () => {
    const lines = log(
      "realloc(0x0,10)malloc(10) = 0x10",
      "realloc(0x10,0)free(0x10)",
      "--9--  = 0",
      "malloc(1) = 0x10",
    );
    const trace = await read(lines);
    expect(operationsOf(trace)).toEqual(["a 0 10", "f 0", "a 0 1"]);
    expect(trace.notes.losses).toEqual(LOSSES);
  });

  it("objects from before the log are counted, and a realloc of one begins it", async () => {
    const trace = await read(
      log("free(0x10)", "realloc(0x20,30) = 0x30", "realloc(0x30,40) = 0x40", "free(0x40)"),
    );
    expect(operationsOf(trace)).toEqual(["a 0 30", "r 0 40", "f 0"]);
    expect(trace.notes.losses.slice(2)).toEqual([
      "left out: frees of addresses that the log does not allocate (1)",
      "read as malloc: reallocs of addresses that the log does not allocate (1)",
    ]);
  });

  it("an alignment that is no power of two is rounded up, as valgrind does", async () => {
    const lines = log(
      "memalign(al 48, size 1) = 0x10",
      "memalign(al 0, size 1) = 0x20",
      "memalign(alignment 16, size 3) = 0x30",
    );
    expect(await operations(lines)).toEqual(["m 0 64 1", "m 1 1 1", "m 2 16 3"]);
  });

  it("a calloc of nothing may have any other factor", async () => {
    expect(await operations(log("calloc(0,18446744073709551615) = 0x10"))).toEqual(["c 0 0 140737488355328"]);
  });

  it("other names of the same functions are known, and other functions are not operations", async () => {
    const trace = await read(
      log(
        "__builtin_new(4) = 0x10",
        "_Znaj(8) = 0x20",
        "__builtin_vec_delete(0x20)",
        "_ZdlPvm(0x10, size 4)",
        "valloc(5) = 0x10",
        "cfree(0x10)",
        "mallinfo()",
        "malloc_usable_size(0x0)malloc(6) = 0x10",
      ),
    );
    expect(operationsOf(trace)).toEqual(["a 0 4", "a 1 8", "f 1", "f 0", "a 0 5", "f 0", "a 0 6"]);
  });

  it("what the program prints is skipped, even if it looks alike", async () => {
    const lines = [
      "--8-- not a call (at all)",
      "-- 9-- malloc(1) = 0x50",
      "--x-- malloc(1) = 0x50",
      "---- malloc(1) = 0x50",
      "9-- malloc(1) = 0x50",
      "malloc(1) = 0x50",
      "--9-- malloc (1) = 0x50",
      "--9-- malloc(one) = 0x50",
      "--9-- malloc(1",
      "--9-- = nothing",
      "--9-- ",
      "a 0 8",
      "",
      "--8-- hello --9-- malloc(2) = 0x10",
      "-----9-- free(0x10)",
    ];
    expect(await operations(lines.join("\n"))).toEqual(["a 0 2", "f 0"]);
  });

  it("one line never gives more than one operation", async () => {
    expect(await operations(log("malloc(1) = 0x10malloc(2) = 0x20", "free(0x10)free(0x20)"))).toEqual([
      "a 0 1",
      "f 0",
    ]);
  });

  it.each([
    ["malloc(1) = 0x1000", ["f 0", "a 0 1"]],
    ["calloc(1,1) = 0x1000", ["f 0", "c 0 1 1"]],
    ["realloc(0x2000,9) = 0x1000", ["f 0", "r 1 9"]],
    ["realloc(0xABCDEF,9) = 0x1000", ["f 0", "a 0 9"]],
  ])("%j means that the log lacks a free", async (line, expected) => {
    const trace = await read(log("malloc(8) = 0x1000", "malloc(8) = 0x2000", line));
    expect(operationsOf(trace).slice(2)).toEqual(expected);
    expect(trace.notes.losses).toContain(
      "assumed freed: objects whose address is allocated again while they are live (1)",
    );
  });

  it("allocations without a size are left out", async () => {
    const trace = await read(log("malloc() = 0x30", "calloc(3) = 0x40"));
    expect(operationsOf(trace)).toEqual([]);
    expect(trace.notes.losses.at(-1)).toBe("left out: allocations whose size the log does not give (2)");
  });

  it("a size that cannot be is refused with its line", async () => {
    const text = log("malloc(8) = 0x1000", "==9== words", "malloc(281474976710656) = 0x30");
    const error = await read(text).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as TraceError).message).toContain(
      "line 3: bytes must be a whole number of at most 2^47, not 281474976710656",
    );
  });
});
