import { describe, expect, it } from "vitest";
import { operations, operationsOf, read } from "./helpers.js";

const log = (...lines: string[]) => lines.join("\n");

describe("in a log of ltrace,", () => {
  it("calls of threads may begin before others end", async () => {
    const lines = log(
      "1 malloc(10 <unfinished ...>",
      "1 <... malloc resumed> ) = 0x100",
      "2 malloc(20 <unfinished ...>",
      "1 realloc(0x100, 30 <unfinished ...>",
      "2 <... malloc resumed> ) = 0x200",
      "1 <... realloc resumed> ) = 0x300",
      "2 free(0x200 <unfinished ...>",
      "1 malloc(5) = 0x200",
      "2 <... free resumed> ) = <void>",
      "2 malloc(6 <unfinished ...>",
      "2 +++ exited (status 0) +++",
      "1 malloc(7 <unfinished ...>",
    );
    const trace = await read(lines);
    expect(operationsOf(trace)).toEqual([
      ...["a 0 10", "t 2", "a 1 20", "t 1", "r 0 30", "t 2", "f 1", "t 1", "a 1 5", "x 2"],
    ]);
    expect(trace.notes.losses).toContain("left out: allocations whose result the log does not give (2)");
  });

  it("a call that calls the allocator itself is not counted twice", async () => {
    const lines = log(
      "cpp->_Znam(100, 4 <unfinished ...>",
      "libstdc++.so.6->_Znwm(100, 4 <unfinished ...>",
      "malloc@libc.so.6(100) = 0x100",
      "<... _Znwm resumed> ) = 0x100",
      "<... _Znam resumed> ) = 0x100",
      'asprintf("never heard of" <unfinished ...>',
      "malloc@libc.so.6(30) = 0x200",
      "<... asprintf resumed> ) = 3",
      "cpp->_ZdaPv(0x100, 1 <unfinished ...>",
      "free@libc.so.6(0x100) = <void>",
      "<... _ZdaPv resumed> ) = 0",
    );
    const trace = await read(lines);
    expect(operationsOf(trace)).toEqual(["a 0 100", "a 1 30", "f 0"]);
    expect(trace.notes.losses.join()).not.toContain("left out");
  });

  it("functions of C++ are known, mangled or not", async () => {
    expect(
      await operations(
        log(
          "operator new(unsigned long)(4, 0x7ffef45c0a78) = 0x10",
          "operator new[](unsigned long)(100, 4, 0, 0x10) = 0x20",
          "_ZnwmSt11align_val_t(128, 64, 0) = 0x40",
          "operator delete(void*, unsigned long)(0x10, 4, 0) = 0",
          "operator delete[](void*)(0x20, 1) = 0",
          "_ZdlPvSt11align_val_t(0x40, 64) = 0",
        ),
      ),
    ).toEqual(["a 0 4", "a 1 100", "m 2 64 128", "f 0", "f 1", "f 2"]);
  });

  it("copies of text have its length, if that is shown whole", async () => {
    const trace = await read(
      log(
        'strdup("he said \\"yes\\"\\n\\303\\251") = 0x10',
        'strdup("a long one"...) = 0x20',
        'strndup("abcdef", 3) = 0x30',
        "malloc(1) = 0x40",
      ),
    );
    expect(operationsOf(trace)).toEqual(["a 0 17", "a 1 4", "a 2 1"]);
    expect(trace.notes.losses).toContain("left out: allocations whose size the log does not give (1)");
  });

  it("a day may end", async () => {
    const lines = log(
      "1 23:59:59.5 malloc(1) = 0x10",
      "1 00:00:00.25 malloc(2) = 0x20",
      "1 00:00:00.125 malloc(3) = 0x30",
    );
    const trace = await read(lines);
    expect(operationsOf(trace)).toEqual(["a 0 1", "@ 750000000", "a 1 2", "a 2 3"]);
    expect(trace.notes.losses).toContain("left out: times that go back (1)");
  });

  it("a thread belongs to the process that made it", async () => {
    const lines = log(
      "1 malloc(10) = 0x100",
      "1 fork() = 5",
      "5 <... fork resumed> ) = 0",
      "5 pthread_create(0x7fff, 0, 0x5577, 0) = 0",
      "6 malloc(60) = 0x600",
      "5 free(0x600) = <void>",
      "8 --- Called exec() ---",
      "8 malloc(80) = 0x600",
    );
    await expect(read(lines)).rejects.toThrow("5 (2 calls), 1 (1 call) and 8 (1 call)");
    expect(await operations(lines, { process: 5 })).toEqual(["a 0 60", "t 2", "f 0"]);
  });

  it("addresses of arm64 may have tags", async () => {
    const lines = log("malloc(1) = 0xb400007d1c2a3040", "free(0x7d1c2a3040) = <void>");
    expect(await operations(lines)).toEqual(["a 0 1", "f 0"]);
  });
});
