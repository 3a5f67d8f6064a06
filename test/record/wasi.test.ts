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
const record = (...words: string[]) => zeropage(["record", "--force", "-o", trace(), ...words]);
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
      its own allocator, with what it does not export: --allocator PROGRAM:malloc=21:free=23:calloc=25:realloc=26:posixAligned=28:aligned=30:convention=c
      note: PROGRAM: what the host reads and writes in the module's memory is not seen
      "
    `);
    const summary = JSON.parse(await readFile(json, "utf8"));
    const recorded = await read();
    const records = new TraceRecords(recorded.records);
    const kinds = Array.from({ length: recorded.count }, (_, i) => records.kind(i));
    const calls = kinds.filter((kind) => kind !== OpKind.read && kind !== OpKind.write);
    expect(summary).toMatchObject({ operations: calls.length, exitCode: 3, file: trace() });
    const { drivenBy } = summary;
    for (const [fixture, options] of [["recorded-wasi"], [NAME, drivenBy]] as const) {
      const replayed = await openWasmAllocator(await fixtureBytes(fixture), options);
      const { failedAllocations } = await replayed.replay(traceOf([recorded]), { verify: true });
      expect(failedAllocations).toBe(0);
    }
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
    const { code, stderr } = await record("--timeout", "3s", "--", PROGRAM, "forever");
    expect(code).toBe(1);
    expect(stderr).toContain("the program did not end within 3 seconds: allow a longer --timeout");
    expect(stderr).toContain("the program was ended: what it did until then is in the trace");
    expect((await read()).count).toBeGreaterThan(1000);
  });

  it("names who calls, and when", async () => {
    await record("--sites", "--times", "0", "--", PROGRAM, "hello");
    const { notes, count, records } = await read();
    const kinds = Array.from({ length: count }, (_, i) => new TraceRecords(records).kind(i));
    expect(kinds.filter((kind) => kind === OpKind.clock).length).toBeGreaterThan(10);
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

/** Allocates and writes `blocks` blocks, calls a calloc, says that it did, and then goes on for ever without a call. */
const endless = (blocks: number) => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16) (global $top (mut i32) (i32.const 4096)) (global $done (mut i32) (i32.const 0))
  (data (i32.const 8) "\\10\\00\\00\\00\\05\\00\\00\\00done\\n")
  (func $malloc (export "malloc") (param i32) (result i32)
    (global.set $top (i32.add (global.get $top) (i32.const 16))) (global.get $top))
  (func $free (export "free") (param i32))
  (func $calloc (export "calloc") (param i32 i32) (result i32)
    (memory.fill (call $malloc (i32.const 8)) (i32.const 0) (i32.const 8)) (global.get $top))
  (func (export "_start")
    (loop $more
      (i32.store (call $malloc (i32.const 8)) (i32.const 7))
      (global.set $done (i32.add (global.get $done) (i32.const 1)))
      (br_if $more (i32.lt_u (global.get $done) (i32.const ${blocks}))))
    (i32.store (call $calloc (i32.const 1) (i32.const 8)) (i32.const 7))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 4)))
    (loop $forever (global.set $done (i32.add (global.get $done) (i32.const 1))) (br $forever))))`;

it.each([10, 8192, 30_000])(
  "one that is interrupted after %i blocks, in a loop without calls, has all of them in its trace",
  async (blocks) => {
    const file = join(folder, "endless.wasm");
    await writeFile(file, assemble(endless(blocks)));
    const json = join(folder, "out.json");
    const { code, stderr } = await zeropage(["record", "-o", trace(), "--json", json, "--", file], {
      started: (child) => {
        child.stdout?.once("data", () => child.kill("SIGINT"));
      },
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("zeropage: interrupted")]);
    expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({
      ...{ operations: blocks + 1, exitCode: null, zeroed: { bytes: 8, needless: 8 } },
      notes: expect.arrayContaining([expect.stringMatching(/^the program was ended: what it did/)]),
    });
    const { count, records } = await read();
    const kinds = Array.from({ length: count }, (_, i) => new TraceRecords(records).kind(i));
    expect(kinds.filter((kind) => kind === OpKind.malloc).length).toBe(blocks);
    expect(kinds.filter((kind) => kind === OpKind.write).length).toBe(blocks + 1);
  },
);

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
