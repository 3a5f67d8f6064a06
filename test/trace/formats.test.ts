import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { HEAD_BYTES } from "../../src/trace/format.js";
import { detectFormat } from "../../src/trace/formats.js";
import { bytesOf } from "./helpers.js";

const formatOf = (text: string) => detectFormat(bytesOf(text)).name;

describe("the format of a trace", () => {
  it.each([
    ["nothing", "", "text"],
    ["blank lines and comments", "\ufeff# nothing\r\n\r\n  # here\n", "text"],
    ["an operation", "a 0 64", "text"],
    ["operations after comments", "# c\n\n\tw 1 2 3\n", "text"],
    ["a thread", "t 2\n", "text"],
    ["a trim without a pad", "k \r\n", "text"],
    ["a mark", "p after the start\n", "text"],
    ["a time", "@ 1000\n", "text"],
    ["a comment about valgrind", "# from --12-- malloc(3) = 0x10\na 0 3\n", "text"],
    ["a bad operation", "f 99999\n", "text"],
    ["four numbers", "20000\n3\n8\n1\na 0 512\n", "rep"],
    ["four numbers with blanks and \\r\\n", "\ufeff 1\r\n\r\n3 \r\n8\r\n4000\r\n", "rep"],
    ["a line of valgrind", "==12== Memcheck\n--12-- calloc(1,2) = 0x10\n", "valgrind"],
    ["one after the program's words", "a 0 64\n1\n2\n3\n4\nwords--12-- _Znwm(2) = 0x10\n", "valgrind"],
  ])("is told by %s", (_, text, format) => {
    expect(formatOf(text)).toBe(format);
  });

  it.each([
    ["other text", "hello\nworld\n"],
    ["an unknown operation", "z 0 5\n"],
    ["three numbers", "1\n2\n3\n"],
    ["four numbers on a line", "1 2 3 4\n"],
    ["a negative number", "1\n2\n-3\n4\n"],
    ["a word that begins with a letter of ours", "a word\n"],
    ["a mark without a name", "p\n"],
  ])("is not told by %s, and the error names all there are", (_, text) => {
    expect(() => formatOf(text)).toThrow(TraceError);
    expect(() => formatOf(text)).toThrow(/not recognised.*text.*rep.*valgrind/);
  });

  it("is not ours only because the beginning is", () => {
    expect(() => formatOf("a 123\nwords\n\nof a program\n")).toThrow(
      "this begins as our text form does, but most lines are no operations, such as line 1",
    );
    expect(() => formatOf("a 1 2\nb 2\nc 3\nd 4\n")).toThrow("such as line 2: --format text says more");
    expect(formatOf("a 1 2\nf 1\na word of a mistake\n")).toBe("text");
  });

  it.each([
    ["1\n2\na 0 8\n", "rep"],
    ["# words\n30\n1\n2\nf -1\n", "rep"],
    ["a 2048 0000023101F264A0 15888 542200\n", "journal"],
    ["@ ./m:[0x11b0] + 0x55c4899544a0 0x64\n", "mtrace"],
    ["+ 0x55c4899544a0 0x64\r\n", "mtrace"],
    ["20811 10:00:00 app->_Znwm(4, 0x7ffc) = 0x55e2\n", "ltrace"],
    ["operator new(unsigned long)(4, 0x7ffe) = 0x5622\n", "ltrace"],
    ["malloc(100 <unfinished ...>\n", "ltrace"],
    ["D (12) heap: malloc(100) -> 0x3ffb0000\n", "log"],
    ["<jemalloc>:utrace: 7 0x800607420 = malloc(26)\n", "log"],
    [" 61039 my make  USER  0x800607420 = malloc(26)\n", "kdump"],
    ["13663 malloc(42)=0x7f0c33502040\n", "logalloc"],
    ["7714: thread_done 0x0\n", "aosp"],
    [" 0.430 us [ 21938] |   malloc(300) = 0x7f89;\n", "uftrace"],
  ])("is told by %j", (text, format) => {
    expect(formatOf(text)).toBe(format);
  });

  it.each([
    ["= Start\n= End\n", "the program must allocate after it calls mtrace()"],
    ["getuid() = 0\n+++ exited (status 0) +++\n", "run ltrace, without -e"],
    [
      "[20:38:11.907388453] (+?.?????????) host my_app:event: { cpu_id = 1 }, { x = 4 }\n",
      "enable lttng_ust_libc:*",
    ],
    ["# DURATION     TID     FUNCTION\n   1.8 us [ 10875] | malloc();\n", "uftrace record -a"],
    [" 61039 make     CALL  read(0x3,0x7fffffffe0a0,0x400)\n", "MALLOC_CONF=utrace:true ktrace -t u"],
  ])("is missing an option in %j", (text, remedy) => {
    expect(() => formatOf(text)).toThrow(remedy);
  });

  it("is shown by the beginning where it is not known", () => {
    expect(() => formatOf("\n  Took 552\nGave 0\n")).toThrow('it begins "Took 552". There are text, rep,');
    expect(() => formatOf("\x1b[2Jx\n")).toThrow('it begins "\\\\u{1b}[2Jx"');
  });

  it("is missing an option in a log of valgrind without allocations", () => {
    const log = "==12== Memcheck, a memory error detector\n==12== Command: ls\nfile\n";
    expect(() => formatOf(log)).toThrow("run it with --trace-malloc=yes");
  });

  it("is missing probes in what perf script prints of samples", () => {
    const line = "ls 11163 77277.927272:     250000 cpu-clock:      7fca7294162a main+0xa (/usr/bin/ls)\n";
    expect(() => formatOf(line)).toThrow("probe malloc, free and their returns with perf probe");
  });

  it("is told without the last line where that is cut", () => {
    const comments = "# xxx\n".repeat(Math.ceil(HEAD_BYTES / 6));
    expect(formatOf(`${comments.slice(0, HEAD_BYTES - 1)}x`)).toBe("text");
  });
});
