import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { byteByByte, bytesOf, countByLetter, cutAt, fileBytes, operations, read } from "./helpers.js";

const SAMPLE = [
  "# every operation, kommentiert: ü€😀",
  "a 1000 64",
  "",
  "c 7 4\t16",
  "  m 9007199254740991 4096 100  ",
  "   # after blanks",
  "w 1000 0 64",
  "r 7 140737488355328\r",
  "l  9007199254740991   99   1",
  "f 1000",
  "a 5 0",
  "f 5",
  "t 65536",
  "p  after  the start\t",
  "x 1",
  "k",
  " k 140737488355328 ",
  "@ 0",
  "@\t9007199254740991",
].join("\n");

const OPERATIONS = [
  "a 0 64",
  "c 1 4 16",
  "m 2 4096 100",
  "w 0 0 64",
  "r 1 140737488355328",
  "l 2 99 1",
  "f 0",
  "a 0 0",
  "f 0",
  "t 65536",
  "p after  the start",
  "x 1",
  "k 0",
  "k 140737488355328",
  "@ 0",
  "@ 9007199254740991",
];

describe("the text form", () => {
  it("is read with blanks, comments, empty lines and no last newline", async () => {
    const trace = await read(SAMPLE);
    expect(await operations(SAMPLE)).toEqual(OPERATIONS);
    expect(trace.notes).toEqual({ format: "text", losses: [], marks: ["after  the start"], threads: 2 });
  });

  it("has processes, each with objects and threads of its own", async () => {
    const lines = [
      "a 0 8",
      "a 1 16",
      "t 2",
      "F 2",
      "f 0",
      "a 0 32",
      "P 2",
      "w 0 0 8",
      "f 1",
      "a 1 64",
      "F 3",
      "X",
    ];
    const text = [...lines, "w 0 0 32", "P 3", "w 1 0 64", "X", "f 1"].join("\n");
    const trace = await read(text);
    expect(await operations(text)).toEqual(text.split("\n"));
    expect(trace.notes).toMatchObject({ threads: 2, processes: 3 });
  });

  it.each([
    ["an object that is the child's alone", "F 2\nP 2\na 9 1\nP 1\nf 9", "line 5: id 9 is not live"],
    ["an object that the child has freed", "a 1 1\nF 2\nP 2\nf 1\nf 1", "line 5: id 1 is not live"],
    ["a process that has ended", "F 2\nP 2\nX\nP 2", "line 4: process 2 was not forked, or has ended"],
    ["a number that was used", "F 2\nP 2\nX\nF 2", "line 4: there was a process 2 already"],
    ["a thread that the child has not", "t 2\nt 1\nF 2\nP 2\nt 2", "line 5: thread 2 has ended"],
  ])("refuses %s", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it("is read with \\r\\n and a byte order mark", async () => {
    expect(await operations(`\ufeff${SAMPLE.replaceAll(/\r?\n/g, "\r\n")}\r\n`)).toEqual(OPERATIONS);
  });

  it("is read the same wherever a chunk is cut", async () => {
    const bytes = bytesOf(`\ufeff${SAMPLE.replaceAll(/\r?\n/g, "\r\n")}`);
    for (let offset = 0; offset <= bytes.length; offset++) {
      expect(await operations(cutAt(bytes, offset)), `cut at ${offset}`).toEqual(OPERATIONS);
    }
    expect(await operations(byteByByte(bytes))).toEqual(OPERATIONS);
  });

  it.each([
    ["z 1 2", 'unknown operation "z": there are a, c, m, r, f, w, l, t, x, k, p, s, @, P, F and X'],
    ["A 1 2", 'unknown operation "A"'],
    ["aa 1 2", 'unknown operation "aa"'],
    ["a1 2", 'unknown operation "a1"'],
    ["ü 1 2", 'unknown operation "ü"'],
    ["a", "id is missing"],
    ["a 1", "bytes is missing"],
    ["c 1 2", "bytes is missing"],
    ["c 1", "count is missing"],
    ["m 1", "align is missing"],
    ["w 0 1", "bytes is missing"],
    ["l 0", "offset is missing"],
    ["r", "id is missing"],
    ["f", "id is missing"],
    ["a 1 2 3", 'unexpected "3" at the end of the operation'],
    ["f 0 # done", 'unexpected "#" at the end of the operation'],
    ["a -1 2", 'id must be a whole number below 2^53, not "-1"'],
    ["f -1", 'id must be a whole number below 2^53, not "-1"'],
    ["a 1 2.5", 'bytes must be a whole number below 2^53, not "2.5"'],
    ["a 1 0x10", 'bytes must be a whole number below 2^53, not "0x10"'],
    ["a 1 1e3", 'bytes must be a whole number below 2^53, not "1e3"'],
    ["a 1 +2", 'bytes must be a whole number below 2^53, not "+2"'],
    ["a 9007199254740992 2", 'id must be a whole number below 2^53, not "9007199254740992"'],
    [`a 1 ${"9".repeat(400)}`, `bytes must be a whole number below 2^53, not "${"9".repeat(40)}…"`],
    ["a 1 140737488355329", "bytes must be a whole number of at most 2^47, not 140737488355329"],
    ["c 1 140737488355329 1", "count must be a whole number of at most 2^47"],
    ["m 1 24 8", "align must be a power of two, not 24"],
    ["a 0 1", "id 0 is allocated while it is live"],
    ["c 0 1 1", "id 0 is allocated while it is live"],
    ["m 0 8 1", "id 0 is allocated while it is live"],
    ["f 1", "id 1 is not live"],
    ["r 1 8", "id 1 is not live"],
    ["w 1 0 8", "id 1 is not live"],
    ["l 1 0 8", "id 1 is not live"],
    ["w 0 4 5", "offset 4 + 5 bytes is outside id 0, which has 8 bytes"],
    ["l 0 9 0", "offset 9 + 0 bytes is outside id 0, which has 8 bytes"],
    ["w 0 140737488355329 1", "offset must be a whole number of at most 2^47"],
    ["t", "thread is missing"],
    ["x", "thread is missing"],
    ["t main", 'thread must be a whole number below 2^53, not "main"'],
    ["t 0", "thread must be a whole number from 1 to 65536, not 0"],
    ["x 65537", "thread must be a whole number from 1 to 65536, not 65537"],
    ["t 1 2", 'unexpected "2" at the end of the operation'],
    ["t 3", "thread 3 has ended: a new thread has a new number"],
    ["x 3", "thread 3 has ended before"],
    ["k 140737488355329", "pad must be a whole number of at most 2^47, not 140737488355329"],
    ["k 1 2", 'unexpected "2" at the end of the operation'],
    ["k all", 'pad must be a whole number below 2^53, not "all"'],
    ["@", "time is missing"],
    ["@ 1.5", 'time must be a whole number below 2^53, not "1.5"'],
    ["@ 999", "time must be a whole number from 1000 on, as it does not go back; got 999"],
    ["@ 1000 1", 'unexpected "1" at the end of the operation'],
    ["p", "the name of the mark is missing"],
    ["p \t", "the name of the mark is missing"],
    ["p start", 'there is a mark "start" already'],
    ["p \u001b[2J", "the name of a mark must be 1 to 60 characters that can be printed, not "],
    [`p ${"x".repeat(61)}`, "the name of a mark must be 1 to 60 characters that can be printed, not "],
    ["P", "process is missing"],
    ["P 0", "process must be a whole number from 1 to 1024, not 0"],
    ["P 2", "process 2 was not forked, or has ended"],
    ["F 1", "there was a process 1 already"],
    ["F 1025", "process must be a whole number from 1 to 1024, not 1025"],
    ["X", "process 1 is the only one: the trace ends with it"],
    ["s", "the site is missing"],
    [
      "s main;;grow",
      'a site must be frames that can be printed, outermost first, with ; between them, not "main',
    ],
    ["s main; ;grow", "a site must be frames"],
    ["s main;", "a site must be frames"],
    ["s main;\u001b[2J", "a site must be frames"],
  ])("refuses %j with its line", async (line, message) => {
    const error = await read(`@ 1000 \r\na 0 8\r\np start\nx 3\n${line}\r\na 2 1\n`).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(TraceError);
    expect(
      (error as TraceError).message.startsWith(`line 5: ${message}`),
      (error as TraceError).message,
    ).toBe(true);
    expect((error as TraceError).line).toBe(5);
  });

  it.each(["a 1 8", "c 1 1 8", "m 1 8 8", "r 0 9", "f 0", "w 0 0 1", "l 0 0 1", "k"])(
    "refuses %j of a thread that has ended, and takes it of another",
    async (line) => {
      const trace = (next: string) => `t 2\na 0 8\nx 2\np ended\n${next}${line}\n`;
      await expect(read(trace(""))).rejects.toThrow("line 5: thread 2 has ended: say whose the operation is");
      expect((await read(trace("t 3\n"))).notes.threads).toBe(3);
    },
  );

  it("takes a thousand marks, and no more", async () => {
    const marks = Array.from({ length: 1000 }, (_, i) => `p mark ${i}\n`).join("");
    expect((await read(marks)).notes.marks).toHaveLength(1000);
    await expect(read(`${marks}p more\n`)).rejects.toThrow("line 1001: there are more than 1000 marks");
  });

  it("has the site of an operation before it, where that is another than the last one's", async () => {
    const text = [
      ...[
        "a 0 8",
        "s main;parse file ; grow ",
        "a 1 8",
        "s main;parse file;grow",
        "r 1 9",
        "s unknown",
        "f 0",
      ],
      ...["p between", "s main", "@ 5", "p later", "w 1 0 8", "t 2", "k"],
    ].join("\n");
    const trace = await read(text);
    expect(trace.notes.sites).toEqual(["unknown", "main;parse file;grow", "main"]);
    const named = ["a 0 8", "s main;parse file;grow", "a 1 8", "r 1 9", "s unknown", "f 0"];
    const expected = [
      ...named,
      "p between",
      "@ 5",
      "p later",
      "s main",
      "w 1 0 8",
      "s unknown",
      "t 2",
      "k 0",
    ];
    expect(await operations(text)).toEqual(expected);
  });

  it("refuses a site that is too long", async () => {
    const site = (characters: number) => `s ${"main;".repeat(800)}${"x".repeat(characters - 4000)}\nk\n`;
    expect((await read(site(4096))).count).toBe(2);
    await expect(read(site(4097))).rejects.toThrow("line 1: a site has at most 4096 characters, not 4097");
  });

  it("refuses a site of no operation", async () => {
    await expect(read("s one\ns two\na 0 1\n")).rejects.toThrow("line 2: a site follows a site");
    await expect(read("a 0 1\ns one\n")).rejects.toThrow("line 2: no operation follows the site");
    await expect(read("s one\np mark\n")).rejects.toThrow("no operation follows the site");
  });

  it("takes 65,535 sites that have a name, and no more", async () => {
    const sites = Array.from({ length: 65_535 }, (_, i) => `s main;f${i}\nk\n`).join("");
    const { notes, count } = await read(sites);
    expect([notes.sites?.length, notes.sites?.at(-1), count]).toEqual([65_536, "main;f65534", 131_070]);
    await expect(read(`${sites}s more\nk\n`)).rejects.toThrow("line 131071: there are more than 65535 sites");
  });

  it("is told by a site from other formats", async () => {
    expect(await operations("s main\na 0 1\n")).toEqual(["s main", "a 0 1"]);
  });

  it("knows the lines of a long trace across chunks", async () => {
    const text = `${"a 1 8\nf 1\n".repeat(50_000)}f 1\n`;
    await expect(read(text)).rejects.toThrow("line 100001: id 1 is not live");
  });

  it("refuses a line without end", async () => {
    await expect(read(`a 0 1\n#${"x".repeat(70_000)}`)).rejects.toThrow(
      "line 2: a line is longer than 65536",
    );
  });
});

describe("the recorded traces", () => {
  it.each([
    ["git-log", { all: 150_974, a: 61_034, c: 10_242, f: 71_276, r: 8_422 }],
    ["cc1", { all: 599_089, a: 237_412, c: 54_701, f: 292_113, r: 14_863 }],
  ])("%s has exactly the operations it was recorded with", async (name, counts) => {
    const trace = await operations(await fileBytes(`../../bench/traces/${name}.txt.gz`));
    expect(countByLetter(trace)).toEqual(counts);
  });
});
