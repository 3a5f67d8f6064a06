import { describe, expect, it } from "vitest";
import { MOST_SITES } from "#shared/records";
import { fileBytes, operations, operationsOf, read } from "./helpers.js";

const textOf = async (file: string) => new TextDecoder().decode(await fileBytes(file));

const isCall = (line: string) => /^[af] /.test(line);
const failureOf = (text: string) =>
  operations(text).then(
    () => undefined,
    (error: unknown) => error,
  );

/** What heaptrack.c asks for, after what the library allocates that heaptrack itself brings along. */
const CALLS = [
  "a 0 72704",
  ...["a 1 100", "a 2 101", "a 3 102", "a 4 103"],
  "a 5 128",
  ...["a 6 1000", "f 6", "a 6 2000", "f 6", "a 6 3000"],
  ...["f 1", "f 3"],
  "a 3 4096",
  ...["f 5", "f 3"],
  "a 3 10",
  ...["f 6", "f 3", "f 2", "f 0"],
];

const LOSSES = [
  "this format does not record calloc",
  "this format does not record alignment",
  "this format does not record realloc, but a free and an allocation",
  "this format does not record what the program touched",
  "this format does not record which thread calls",
];
const APPROXIMATE =
  "this format does not record which object is freed, of those of one size and call path: the newest is taken";

/** The beginning of an interpreted file. */
const HEAD = "v 10400 3\nX ./program\nI 1000 5e2990\n";
/** With functions 1 `main` and 2 `grown`, and the paths 1 `main` and 2 `main;grown`. */
const PATHS = `${HEAD}s 4 main\ns 5 grown\ni 55e4 0 1\ni 55e5 0 2\nt 1 0\nt 2 1\n`;

describe("heaptrack's data", () => {
  it("has the calls of the program, raw", async () => {
    const trace = await read(await fileBytes("./logs/heaptrack-raw.log"));
    expect(trace.notes).toMatchObject({ format: "heaptrack", losses: LOSSES });
    expect(operationsOf(trace).filter(isCall)).toEqual(CALLS);
  });

  it("has allocations that are never freed, and names that were replaced without their lengths", async () => {
    expect(await operations(await fileBytes("./logs/heaptrack-library.log"))).toEqual([
      "s 0x7bf3f6a3579f;0x7bf3f6a1e3dc;0x7bf3f6a1e2e6;0x7bf3f66aa0ff",
      "a 0 73728",
      "s test_lib+0x1924;libc.so.6+0x25d4b;libc.so.6+0x25c87;test_lib+0x1a4f;libtestlib.so+0x1aad;0x7bf3f66ae6e4",
      "a 1 24",
      "s test_lib+0x1924;libc.so.6+0x25d4b;libc.so.6+0x25c87;test_lib+0x1a57;libtestlib.so+0x1b97;libtestlib.so+0x1c1d;0x7bf3f66ae6e4",
      "a 2 8",
    ]);
  });

  it("has them interpreted, and says what is not known of frees", async () => {
    const trace = await read(await fileBytes("./logs/heaptrack.log"));
    expect(trace.notes.losses).toEqual([...LOSSES, APPROXIMATE]);
    expect(operationsOf(trace).filter(isCall)).toEqual(CALLS);
  });

  it("has times from the start on, where the program did something after them", async () => {
    // It slept for 50 ms, in the middle.
    const times = (await operations(await fileBytes("./logs/heaptrack-raw.log"))).filter((line) =>
      line.startsWith("@"),
    );
    expect(times).toEqual(["@ 41000000"]);
  });

  it("is read as heaptrack packs it", async () => {
    expect(await operations(await fileBytes("heaptrack.zst"))).toEqual(
      await operations(await fileBytes("./logs/heaptrack.log")),
    );
  });

  it("names the functions where it was interpreted, also those that were inlined", async () => {
    const { notes } = await read(await fileBytes("./logs/heaptrack.log"));
    const start = "_start;__libc_start_main_impl;__libc_start_call_main;main";
    expect(notes.sites).toEqual([
      "unknown",
      "[ld-linux-x86-64.so.2];_dl_init;call_init;call_init;[libstdc++.so.6]",
      `${start};grab`,
      `${start};cleared`,
      `${start};grown`,
      start,
      `${start};__GI___strdup`,
    ]);
  });

  it("names places in modules where it is raw", async () => {
    const { notes } = await read(await fileBytes("./logs/heaptrack-raw.log"));
    const start = "heaptrack-sample+0x10d0;libc.so.6+0x27304;libc.so.6+0x27249";
    expect(notes.sites?.slice(2)).toEqual([
      `${start};heaptrack-sample+0x123a;heaptrack-sample+0x11b0`,
      `${start};heaptrack-sample+0x1259;heaptrack-sample+0x11cf`,
      `${start};heaptrack-sample+0x1262;heaptrack-sample+0x1205`,
      `${start};heaptrack-sample+0x12bb`,
      `${start};heaptrack-sample+0x12f0;libc.so.6+0x9e9a9`,
    ]);
  });

  it("takes modules as they are when a path is met: others may come to the same address", async () => {
    const lines = [
      "m 1 x 1000 0 800 900 100",
      "t 1010 0",
      "t 1850 0",
      "t 1910 0",
      "m 1 -",
      "m 7 /lib/b 1000 0 100",
      "t 1010 0",
    ];
    const text = `v 10400 3\nx 8 /bin/app\nX app\n${lines.join("\n")}\n+ 1 1 a0\n+ 1 2 b0\n+ 1 3 c0\n+ 1 4 d0\n`;
    expect((await read(text)).notes.sites?.slice(1)).toEqual(["app+0x10", "0x1850", "app+0x910", "b+0x10"]);
  });

  it("frees the newest object of those that are told apart no further", async () => {
    const text = `${PATHS}a 10 2\na 20 1\n+ 0\n+ 0\n+ 1\n- 0\n+ 0\n- 0\n- 0\n- 0\n`;
    expect((await operations(text)).filter(isCall)).toEqual([
      "a 0 16",
      "a 1 16",
      "a 2 32",
      "f 1",
      "a 1 16",
      "f 1",
      "f 0",
    ]);
    expect((await read(text)).notes.losses).toContain(
      "left out: frees of addresses that the log does not allocate (1)",
    );
  });

  it("is read in older versions, whose strings have no length, or which interpreted have pointers", async () => {
    const newest = await textOf("./logs/heaptrack-raw.log");
    const older = newest.replace("v 10400 3", "v 10300 2").replace(/^([mx]) [0-9a-f]+ /gm, "$1 ");
    expect(await operations(older)).toEqual(await operations(newest));
    const oldest = "v 10000\nX a\nI 1000 1\ns main\ni 55e4 0 1\nt 1 0\n+ 10 1 5000\n- 5000\n- 6000\n";
    expect(await operations(oldest)).toEqual(["s main", "a 0 16", "s unknown", "f 0"]);
  });

  it("is refused in a version that is not known", async () => {
    expect(await failureOf(HEAD.replace(" 3\n", " 4\n"))).toMatchObject({
      message: "line 1: version 4 of heaptrack's files is not known: the newest that is, is 3",
    });
  });

  it("may end within its last line, as where the program was killed; elsewhere that is an error with the line", async () => {
    const cut = `${PATHS}+ 10 2 5000\n+ 10 `;
    expect((await read(cut)).notes.losses.at(-1)).toBe("left out: lines that are cut short or damaged (1)");
    expect(await failureOf(`${cut}\n- 5000\n`)).toMatchObject({
      message: "line 11: this line is cut short or damaged",
      line: 11,
    });
    for (const line of ["t 1", "t x 0", "a 10", "- zz", "c", "i", "m 3 abc 10 0", "what"]) {
      expect(await failureOf(`${HEAD}${line}\nc 1\n`), line).toMatchObject({ line: 4 });
    }
  });

  it.each([
    ["t 1 9", "there is no call path 9 so far: there are 2"],
    ["t 9 0", "there is no instruction 9 so far: there are 2"],
    ["i 5 9", "there is no string 9 so far: there are 2"],
    ["+ 10 9 5000", "there is no call path 9 so far: there are 2"],
    ["+ 1", "there is no allocation info 1 so far: there are 1"],
    ["- 1", "there is no allocation info 1 so far: there are 1"],
  ])("that refers to what is not there is an error: %s", async (line, message) => {
    expect(await failureOf(`${PATHS}a 10 1\n${line}\n`)).toMatchObject({ message: `line 11: ${message}` });
  });

  it("has call paths without outer frames where they are too long for a site, and says so", async () => {
    const name = "f".repeat(900);
    const paths = Array.from({ length: 9 }, (_, depth) => `t ${depth + 1} ${depth}`).join("\n");
    const frames = Array.from({ length: 9 }, (_, depth) => `s 385 ${name}${depth}`).join("\n");
    const places = Array.from({ length: 9 }, (_, depth) => `i 5${depth} 0 ${depth + 1}`).join("\n");
    const trace = await read(`${HEAD}${frames}\n${places}\n${paths}\n+ 10 9 5000\n`);
    expect(trace.notes.sites).toEqual(["unknown", [5, 6, 7, 8].map((depth) => `${name}${depth}`).join(";")]);
    expect(trace.notes.losses.at(-1)).toBe(
      "left out: outer frames of call paths of more than 4,096 characters (1)",
    );
  });

  it("has call paths with fewer frames, the more there are, and never more than a trace has sites for", async () => {
    const lines = [HEAD.trimEnd()];
    const hex = (value: number) => value.toString(16);
    const add = (place: number, parent: number, path: number) =>
      lines.push(`t ${hex(place)} ${hex(parent)}`, `+ 8 ${hex(path)} ${hex(0x10000 + path * 16)}`);
    // Of 256 places first, each of which calls 256; then of more places than there are sites.
    for (let path = 1; path <= 62_000; path++) add((path % 256) + 1, Math.floor(path / 256), path);
    for (let path = 62_001; path <= 67_000; path++) add(path, 1, path);
    const { notes } = await read(`${lines.join("\n")}\n`);
    expect(notes.sites).toHaveLength(MOST_SITES);
    expect(notes.sites?.slice(1, 3)).toEqual(["0x2", "0x3"]);
    expect(notes.sites?.at(-1)).toMatch(/^0x\w+$/);
    expect(notes.losses.at(-1)).toMatch(
      /^left out: outer frames of call paths, which differ in more than a trace has sites for \([\d,]+\)$/,
    );
  });

  it("has names that a site can have", async () => {
    const text = `${PATHS}s 8 [T; 4]::x\u0007\ni 5 0 3\nt 3 1\n+ 1 3 5000\n`;
    expect((await read(text)).notes.sites?.at(-1)).toBe("main;[T, 4]::x\\u{7}");
  });
});
