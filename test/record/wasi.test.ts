/** `zeropage record` of a WASI program, in a process of its own. `npm test` builds it first. */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectTrace, OpKind, openWasmAllocator, readTrace, TraceRecords } from "../../src/index.js";
import { traceOf } from "../../src/trace/collect.js";
import { zeropage } from "../cli/spawn.js";
import { whyAbsent } from "../foreign/absent.js";
import { fixtureBytes } from "../foreign/replays.js";
import { assemble } from "../wasm/assemble.js";

const NAME = "recorded-command";
const PROGRAM = fileURLToPath(new URL(`../foreign/built/${NAME}.wasm`, import.meta.url));

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-record-"));
});
afterEach(() => rm(folder, { recursive: true }));

const trace = () => join(folder, "out.trace.gz");
const record = (...words: string[]) => zeropage(["record", "-o", trace(), ...words]);
const read = async () => collectTrace(await readTrace(await readFile(trace())));

describe.skipIf(whyAbsent(NAME) !== undefined)("a WASI program that is recorded", () => {
  it("has its streams and its exit code, and its trace replays on another build of its allocator", async () => {
    const json = join(folder, "out.json");
    const { code, stdout, stderr } = await record("--json", json, "--", PROGRAM, "hello", "3");
    expect(code).toBe(3);
    expect(stdout).toMatch(/^hello \d+\n$/);
    const said = stderr.replaceAll(folder, "FOLDER").replaceAll(PROGRAM, "PROGRAM");
    expect(said).toMatchInlineSnapshot(`
      "recorded malloc, dlmalloc, free, dlfree, calloc, realloc, posix_memalign and aligned_alloc
      wrote FOLDER/out.trace.gz: PROGRAM, 2,569 operations
      its calloc cleared 16 bytes; 16 bytes (100%) were zero already
      written pages that no block needs any more: 124 KiB at the end, at most 160 KiB (after 1,797 operations); memory.discard, a proposal, would give them back
      note: PROGRAM: what the host reads and writes in the module's memory is not seen
      "
    `);
    const summary = JSON.parse(await readFile(json, "utf8"));
    const recorded = await read();
    const records = new TraceRecords(recorded.records);
    const kinds = Array.from({ length: recorded.count }, (_, i) => records.kind(i));
    const calls = kinds.filter((kind) => kind !== OpKind.read && kind !== OpKind.write);
    expect(summary).toMatchObject({ operations: calls.length, exitCode: 3, file: trace() });
    const replayed = await openWasmAllocator(await fixtureBytes("recorded-wasi"));
    const { failedAllocations } = await replayed.replay(traceOf([recorded]), { verify: true });
    expect(failedAllocations).toBe(0);
  });

  it("sees the folders and variables that it is given, and no others", async () => {
    await writeFile(join(folder, "line.txt"), "a line\n");
    const seen = await record(
      "--dir",
      `${folder}::/in`,
      "--env",
      "OF=ours",
      "--",
      PROGRAM,
      "read",
      "/in/line.txt",
    );
    expect(seen.stdout).toBe("a line\n of ours");
    const unseen = await record("--", PROGRAM, "read", join(folder, "line.txt"));
    expect(unseen.stdout).toBe("nothing\n of (null)");
    const { code, stderr } = await record("--dir", join(folder, "none"), "--", PROGRAM);
    expect([code, stderr]).toEqual([2, expect.stringContaining("is no folder: write HOST::GUEST")]);
  });

  it("says what traps, and keeps what was recorded", async () => {
    const { code, stderr } = await record("--", PROGRAM, "trap");
    expect(code).toBe(1);
    expect(stderr).toContain("zeropage: the program trapped: unreachable\n");
    expect((await read()).count).toBeGreaterThan(50);
  });

  it("ends when its time is up, and keeps what was recorded", async () => {
    const { code, stderr } = await record("--timeout", "6s", "--", PROGRAM, "forever");
    expect(code).toBe(1);
    expect(stderr).toContain("the program did not end within 6 seconds: allow a longer --timeout");
    expect(stderr).toContain("its last operations, up to some ten thousand, had not left it");
    expect((await read()).count).toBeGreaterThan(1000);
  });

  it("names who calls", async () => {
    await record("--sites", "--", PROGRAM, "hello");
    const { notes } = await read();
    expect(notes.sites).toContainEqual(expect.stringMatching(/^_start.*;main;run;zalloc$/));
  });

  it("takes names of functions as other commands do", async () => {
    const { stderr } = await record("--", `${PROGRAM}:calloc=zalloc`, "hello");
    expect(stderr).toMatch(/^recorded zalloc, malloc/);
    const wrong = await record("--", `${PROGRAM}:calloc=none`, "hello");
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no function "none"') });
    await expect(stat(trace())).resolves.toBeDefined();
  });

  it("is refused flags that only native programs have a use for, and these its own", async () => {
    const { code, stderr } = await record("--children", "--", PROGRAM);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--children is for native programs")]);
    const native = await record("--timeout", "1s", "--", process.execPath);
    expect([native.code, native.stderr]).toEqual([
      2,
      expect.stringContaining("--timeout is for wasm modules"),
    ]);
  });
});

it("a module that is no WASI program is refused, with what to do", async () => {
  const file = join(folder, "page.wasm");
  await writeFile(file, await fixtureBytes("oxipng"));
  const { code, stderr } = await record("--", file);
  expect(code).toBe(1);
  expect(stderr).toContain(
    "imports what is not WASI's (wbg.__wbindgen_throw): record it in the page or program",
  );
  await writeFile(file, assemble('(module (import "a" "a" (func)) (memory 1))'));
  expect((await record("--", file)).stderr).toContain("recordModule(bytes, { glue })");
  await writeFile(file, assemble('(module (memory (export "memory") 1))'));
  expect((await record("--", file)).stderr).toContain("has no _start");
  await expect(stat(trace())).rejects.toThrow();
});
