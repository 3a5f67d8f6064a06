/** What is found, what is recorded and what is refused, on modules written for that. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readGlue } from "../../src/foreign/glue.js";
import { ModuleError, type RecordOptions, recordModule } from "../../src/index.js";
import type { RecordedNames } from "../../src/record/module/find.js";
import type { Recording } from "../../src/record/module/recording.js";
import { writeTrace } from "../../src/trace/write.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { whyAbsent } from "../foreign/absent.js";
import { fixtureBytes } from "../foreign/replays.js";
import { assemble } from "../wasm/assemble.js";

/** A bump allocator, and a program that calls it in every way there is. Its table and a global name functions. */
const PROGRAM = `(module
  (import "host" "tell" (func $tell (param i32)))
  (memory (export "memory") 1 2)
  (global $top (mut i32) (i32.const 4096))
  (type $give (func (param i32)))
  (table (export "table") 4 funcref)
  (elem (i32.const 1) func $free $malloc)
  (elem (table 0) (i32.const 3) funcref (ref.func $malloc))
  (elem declare func $free)
  (func $malloc (export "malloc") (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (if (i32.gt_u (local.get $bytes) (i32.const 50000)) (then (return (i32.const 0))))
    (global.set $top (i32.add (local.get $at) (i32.and (i32.add (local.get $bytes) (i32.const 15)) (i32.const -16))))
    (local.get $at))
  (func $free (export "free") (param $pointer i32) (if (local.get $pointer) (then (call $note (local.get $pointer)))))
  (func $calloc (export "calloc") (param $count i32) (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (call $malloc (i32.mul (local.get $count) (local.get $bytes))))
    (memory.fill (local.get $at) (i32.const 0) (i32.mul (local.get $count) (local.get $bytes)))
    (local.get $at))
  (func $realloc (export "realloc") (param $pointer i32) (param $bytes i32) (result i32) (local $at i32)
    (if (i32.eqz (local.get $pointer)) (then (return (call $malloc (local.get $bytes)))))
    (if (i32.eqz (local.get $bytes)) (then (call $free (local.get $pointer)) (return (i32.const 0))))
    (local.set $at (call $malloc (local.get $bytes)))
    (memory.copy (local.get $at) (local.get $pointer) (i32.const 8))
    (call $free (local.get $pointer))
    (local.get $at))
  (func (export "use") (param $at i32) (param $bytes i32) (result i32)
    (memory.fill (local.get $at) (i32.const 0) (local.get $bytes))
    (i32.load (i32.add (local.get $at) (i32.const 8))))
  (func $inner (param $bytes i32) (result i32) (call_indirect (param i32) (result i32) (local.get $bytes) (i32.const 2)))
  (func $outer (export "through") (param $bytes i32) (result i32) (call $inner (local.get $bytes)))
  (func (export "give") (param $at i32) (call_indirect (type $give) (local.get $at) (i32.const 1)))
  (func (export "hidden") (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (local.get $at) (local.get $bytes)))
    (local.get $at))
  (func (export "again") (global.set $top (i32.const 4096)))
  (func (export "trapping") (param $at i32) (i32.store (local.get $at) (i32.const 1)) (unreachable))
  (func $note (export "note") (param $pointer i32) (i32.store (local.get $pointer) (i32.const 7)))
  (func $begin (call $tell (call $malloc (i32.const 24))))
  (start $begin))`;

type Calls = Record<string, (...numbers: number[]) => number>;
const WASM = () => assemble(PROGRAM);
const host = () => {
  const told: number[] = [];
  return { told, imports: { host: { tell: (value: number) => void told.push(value) } } };
};

async function open(options: RecordOptions = {}) {
  const { module, recording } = await recordModule(WASM(), options);
  const { told, imports } = host();
  const { exports } = await WebAssembly.instantiate(module, imports as WebAssembly.Imports);
  return { calls: exports as unknown as Calls, told, recording, module, exports };
}

async function textOf(recording: Recording): Promise<string[]> {
  let text = "";
  for await (const bytes of writeTrace(recording.trace())) text += new TextDecoder().decode(bytes);
  return text.trimEnd().split("\n");
}

describe("a recorded module", () => {
  it("tells each call once, from within, from outside, through tables and from its start function", async () => {
    const { calls, recording, told, exports } = await open();
    expect(told).toEqual([4096]);
    const one = (calls.through as CallableFunction)(40);
    const two = (calls.calloc as CallableFunction)(3, 10);
    const three = (calls.realloc as CallableFunction)(one, 100);
    (calls.give as CallableFunction)(two);
    const four = ((exports.table as WebAssembly.Table).get(3) as CallableFunction)(8);
    (calls.free as CallableFunction)(three);
    (calls.free as CallableFunction)(0);
    expect(await textOf(recording)).toEqual([
      "a 0 24",
      "a 1 40",
      "c 2 3 10",
      "r 1 100",
      "f 2",
      "a 2 8",
      "f 1",
    ]);
    expect(four).toBe(three + 112);
    expect(recording.functions.map(({ role }) => role).sort()).toEqual([
      "calloc",
      "free",
      "malloc",
      "realloc",
    ]);
  });

  it("tells what the program touches of its blocks, in units of eight bytes, once in the life of each", async () => {
    const { calls, recording } = await open();
    const at = (calls.malloc as CallableFunction)(44);
    for (const bytes of [4, 12, 12]) (calls.use as CallableFunction)(at, bytes);
    (calls.use as CallableFunction)(at + 40, 100);
    (calls.realloc as CallableFunction)(at, 44);
    expect(await textOf(recording)).toEqual([
      ...["a 0 24", "a 1 44", "w 1 0 16", "l 1 8 8", "w 1 40 4", "r 1 44"],
    ]);
    expect(recording.zeroed).toEqual({ bytes: 0, needless: 0 });
  });

  it("tells it again of a block that has the place of another", async () => {
    const { calls, recording } = await open();
    const at = (calls.malloc as CallableFunction)(16);
    (calls.use as CallableFunction)(at, 16);
    (calls.free as CallableFunction)(at);
    (calls.again as CallableFunction)();
    (calls.hidden as CallableFunction)(at - 4096);
    expect((calls.malloc as CallableFunction)(16)).toBe(at);
    (calls.use as CallableFunction)(at, 16);
    const touched = ["a 1 16", "w 1 0 16", "l 1 8 8"];
    expect(await textOf(recording)).toEqual(["a 0 24", ...touched, "f 1", ...touched]);
  });

  it("tells before each call what was touched before it, and no more", async () => {
    const { calls, recording } = await open();
    const at = (calls.malloc as CallableFunction)(32);
    (calls.use as CallableFunction)(at, 8);
    (calls.malloc as CallableFunction)(8);
    (calls.use as CallableFunction)(at + 8, 8);
    expect(await textOf(recording)).toEqual([
      ...["a 0 24", "a 1 32", "w 1 0 8", "l 1 8 8", "a 2 8", "w 1 8 8", "l 1 16 8"],
    ]);
  });

  it("counts what its allocator clears, and what of it was zero", async () => {
    const { calls, recording } = await open();
    const at = (calls.malloc as CallableFunction)(32);
    (calls.give as CallableFunction)(at);
    (calls.again as CallableFunction)();
    (calls.calloc as CallableFunction)(1, 64);
    expect(recording.zeroed).toEqual({ bytes: 64, needless: 63 });
  });

  it("leaves out calls that got nothing, and says so", async () => {
    const { calls, recording } = await open();
    expect((calls.malloc as CallableFunction)(60000)).toBe(0);
    expect((calls.realloc as CallableFunction)(4096, 60000)).toBe(0);
    expect((calls.realloc as CallableFunction)(0, 8)).toBeGreaterThan(0);
    expect((calls.realloc as CallableFunction)(4096, 0)).toBe(0);
    expect(await textOf(recording)).toEqual(["a 0 24", "a 1 8", "f 0"]);
    expect(recording.trace().notes.losses[0]).toContain("2 calls got no memory");
  });

  it("takes a free of no bytes for none: its pointer is made up", async () => {
    const { module, recording } = await recordModule(
      assemble(`(module (memory 1)
        (func (export "__wbindgen_malloc") (param i32 i32) (result i32) (i32.const 64))
        (func (export "__wbindgen_free") (param i32 i32 i32)))`),
    );
    const { exports } = await WebAssembly.instantiate(module, {});
    const { __wbindgen_malloc: give, __wbindgen_free: free } = exports as unknown as Calls;
    const at = (give as CallableFunction)(8, 4);
    (free as CallableFunction)(4, 0, 4);
    (free as CallableFunction)(at, 8, 4);
    expect(await textOf(recording)).toEqual(["a 0 8", "f 0"]);
    expect(recording.trace().notes.losses).toEqual([
      expect.stringMatching(/^no calloc or realloc is found: .* counts as the malloc, free and writes/),
      expect.stringContaining("the host"),
    ]);
  });

  it("goes on where calls were inlined: frees of what is not known, and blocks that lie over others", async () => {
    const { calls, recording } = await open();
    (calls.free as CallableFunction)((calls.hidden as CallableFunction)(64));
    (calls.again as CallableFunction)();
    (calls.malloc as CallableFunction)(48);
    expect(await textOf(recording)).toEqual(["a 0 24", "f 0", "a 0 48"]);
    const { losses } = recording.trace().notes;
    expect(losses.map((loss) => loss.slice(0, 7))).toEqual(["1 frees", "1 block", "what th"]);
  });

  it("names who calls", async () => {
    const { calls, recording } = await open({ sites: true });
    (calls.through as CallableFunction)(40);
    (calls.malloc as CallableFunction)(8);
    expect(await textOf(recording)).toEqual([
      "s function 13",
      "a 0 24",
      "s through;function 6",
      "a 1 40",
      "a 2 8",
    ]);
  });

  it("has the times of calls where they are wanted, and is the same besides", async () => {
    const recorded = async (timesEvery?: number) => {
      const { calls, recording } = await open(timesEvery === undefined ? {} : { timesEvery });
      const at = (calls.malloc as CallableFunction)(40);
      (calls.use as CallableFunction)(at, 8);
      (calls.free as CallableFunction)(at);
      return textOf(recording);
    };
    const plain = await recorded();
    expect(plain.filter((line) => line.startsWith("@"))).toEqual([]);
    const timed = await recorded(0);
    expect(timed.filter((line) => !line.startsWith("@"))).toEqual(plain);
    const times = timed.filter((line) => line.startsWith("@")).map((line) => Number(line.slice(2)));
    expect(times.every((time, i) => Number.isInteger(time) && time > (times[i - 1] ?? -1))).toBe(true);
    expect(times.length).toBeGreaterThan(0);
    expect((await recorded(1e12)).filter((line) => line.startsWith("@"))).toHaveLength(1);
    await expect(open({ timesEvery: -1 })).rejects.toThrow("timesEvery");
  });

  it("of a memory that is shared is that of the one thread that drives it, atomics too", async () => {
    const shared = PROGRAM.replace("1 2)", "1 2 shared)").replace(
      "(i32.store (local.get $pointer) (i32.const 7))",
      "(drop (i32.atomic.rmw.add (local.get $pointer) (i32.const 7)))",
    );
    const { module, recording } = await recordModule(assemble(shared));
    const { exports } = await WebAssembly.instantiate(module, host().imports as WebAssembly.Imports);
    expect((exports.memory as WebAssembly.Memory).buffer).toBeInstanceOf(SharedArrayBuffer);
    const calls = exports as unknown as Calls;
    const at = (calls.malloc as CallableFunction)(16);
    (calls.note as CallableFunction)(at);
    (calls.calloc as CallableFunction)(1, 8);
    expect(await textOf(recording)).toEqual(["a 0 24", "a 1 16", "l 1 0 8", "w 1 0 8", "c 2 1 8"]);
    expect(recording.zeroed).toEqual({ bytes: 8, needless: 8 });
    expect(recording.trace().notes.losses[0]).toContain("shared between threads");
  });

  it("keeps what was recorded before a trap", async () => {
    const { calls, recording } = await open();
    const at = (calls.malloc as CallableFunction)(16);
    expect(() => (calls.trapping as CallableFunction)(at)).toThrow(WebAssembly.RuntimeError);
    expect(await textOf(recording)).toEqual(["a 0 24", "a 1 16", "w 1 0 8"]);
  });

  it("says what could be given back, and when it was most", async () => {
    const { calls, recording } = await open();
    const at = (calls.malloc as CallableFunction)(3 * 4096);
    (calls.use as CallableFunction)(at, 3 * 4096);
    expect(recording.idle.bytes).toBe(0);
    (calls.free as CallableFunction)(at);
    // The first page has the block of the start function.
    expect(recording.idle).toEqual({ bytes: 3 * 4096, peak: { bytes: 3 * 4096, calls: 3 } });
    (calls.again as CallableFunction)();
    (calls.malloc as CallableFunction)(3 * 4096);
    expect(recording.idle.bytes).toBe(4096);
    // What is not written needs no memory.
    (calls.free as CallableFunction)((calls.malloc as CallableFunction)(3 * 4096));
    expect(recording.idle.bytes).toBe(4096);
    // The start function's block lies under the new one, and so was freed unseen.
    expect(recording.idle.peak.bytes).toBe(4 * 4096);
  });
});

describe("a recording", () => {
  it("can be read at any time, again and again", async () => {
    const { calls, recording } = await open();
    expect(await textOf(recording)).toEqual(["a 0 24"]);
    (calls.malloc as CallableFunction)(8);
    expect(await textOf(recording)).toEqual(["a 0 24", "a 1 8"]);
    const early = recording.trace();
    (calls.malloc as CallableFunction)(9);
    expect(recording.operations).toBe(3);
    const chunks = [];
    for await (const chunk of early) chunks.push(chunk.count);
    expect(chunks.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it("is full after so many operations, says so, and the program goes on", async () => {
    const { calls, recording } = await open({ mostOperations: 5000 });
    for (let i = 0; i < 20_000; i++) (calls.free as CallableFunction)((calls.malloc as CallableFunction)(0));
    const lines = await textOf(recording);
    expect(lines.length).toBeGreaterThanOrEqual(5000);
    expect(lines.length).toBeLessThan(10_000);
    expect(recording.trace().notes.losses[0]).toMatch(/^the recording is full and ends after/);
  });

  it("hands over chunks instead, and throws later what their receiver throws", async () => {
    let count = 0;
    const { calls, recording } = await open({
      mostOperations: 1,
      onChunk: (chunk) => {
        count += chunk.count;
      },
    });
    for (let i = 0; i < 20_000; i++) (calls.free as CallableFunction)((calls.malloc as CallableFunction)(0));
    expect(await textOf(recording)).toEqual([""]);
    expect(count).toBe(40_001);
    const failing = await open({
      onChunk: () => {
        throw new Error("no room");
      },
    });
    for (let i = 0; i < 20_000; i++) (failing.calls.malloc as CallableFunction)(0);
    expect(() => failing.recording.trace()).toThrow("no room");
  });

  it("is of one instance, and needs an object that inherits nothing to be told", async () => {
    const { module } = await open();
    await expect(WebAssembly.instantiate(module, host().imports as WebAssembly.Imports)).rejects.toThrow(
      ModuleError,
    );
    const other = await recordModule(WASM());
    const bare = Object.assign(Object.create(null), host().imports);
    await expect(WebAssembly.instantiate(other.module, bare)).rejects.toThrow(TypeError);
    await WebAssembly.instantiate(other.module, other.recording.imports(bare));
    expect(await textOf(other.recording)).toEqual(["a 0 24"]);
  });

  it("that is not run says that nothing was recorded, and why that may be", async () => {
    const { recording } = await recordModule(WASM());
    expect(recording.trace().notes.losses[0]).toMatch(/^nothing was recorded: .* the original runs in place/);
    recording.end();
    const other = await open();
    expect(other.recording.trace().notes.losses.join()).not.toContain("nothing was recorded");
  });

  it("leaves nothing behind when it ends", async () => {
    const names = () => Object.getOwnPropertyNames(Object).filter((name) => name.startsWith("zeropage:"));
    const before = names().length;
    const { calls, recording } = await open();
    expect(names().length).toBeGreaterThan(before);
    recording.end();
    expect(names()).toHaveLength(before);
    (calls.malloc as CallableFunction)(8);
    expect(await textOf(recording)).toEqual(["a 0 24"]);
    await expect(recordModule(assemble("(module (memory 1))"))).rejects.toThrow(ModuleError);
    expect(names()).toHaveLength(before);
  });
});

describe("a module of which Emscripten made all names short", () => {
  const NAME = "emscripten-minified";
  const read = async () => ({
    wasm: await fixtureBytes(NAME),
    glue: await readFile(new URL(`../foreign/built/${NAME}.glue`, import.meta.url), "utf8"),
  });

  it("is recorded by what the JavaScript beside it says, or by hand", async ({ skip }) => {
    skip(whyAbsent(NAME) !== undefined, whyAbsent(NAME));
    const { wasm, glue } = await read();
    const { functions } = readGlue(glue, inspectModule(wasm));
    const { malloc, calloc, free } = functions as Record<string, string>;
    for (const options of [{ glue }, { functions: { malloc, calloc, free } as RecordedNames }]) {
      const { module, recording } = await recordModule(wasm, options);
      expect(recording.functions).toContainEqual(
        expect.objectContaining({ role: "malloc", name: functions.malloc }),
      );
      const a = new Proxy({}, { get: () => () => 0 });
      const { exports } = await WebAssembly.instantiate(module, { a });
      const call = (name = "", ...numbers: number[]) => (exports[name] as CallableFunction)(...numbers);
      const one = call(malloc, 40);
      call(calloc, 3, 10);
      call(free, one);
      expect(await textOf(recording)).toEqual(["a 0 40", "c 1 3 10", "f 0"]);
      recording.end();
    }
  });

  it("is refused without, which is said with what to do", async ({ skip }) => {
    skip(whyAbsent(NAME) !== undefined, whyAbsent(NAME));
    const { wasm } = await read();
    for (const glue of [undefined, "var _malloc = 1"]) {
      await expect(recordModule(wasm, { ...(glue && { glue }) })).rejects.toThrow(
        /Emscripten made all names short.*glue of recordModule.*malloc: "f".*--profiling-funcs/,
      );
    }
  });
});

/** A module with two memories. */
const SEVERAL = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 1, 0, 1]);

describe("what is refused", () => {
  it.each([
    ["no module", new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), /not a wasm module/],
    ["a module without memory", assemble("(module)"), /no memory/],
    ["one without an allocator", assemble("(module (memory 1))"), /no allocator is found/],
    ["several memories", SEVERAL, /several memories/],
  ])("%s", async (_, wasm, message) => {
    const refused = recordModule(wasm);
    await expect(refused).rejects.toThrow(ModuleError);
    await expect(refused).rejects.toThrow(message);
  });

  it.each([
    [{ functions: { malloc: "take" } }, /malloc: there is no function "take" in the module/],
    [{ functions: { malloc: 99 } }, /malloc: there is no function 99/],
    [{ functions: { malloc: "calloc" } }, /of type ii>i, not i>i/],
    [{ functions: { pin: "malloc" } }, /pin is nothing that is recorded/],
  ] as [RecordOptions, RegExp][])("%j", async (options, message) => {
    await expect(recordModule(WASM(), options)).rejects.toThrow(message);
  });

  it("every prefix of a module, and every byte that is changed, or it runs as ever", async () => {
    const wasm = WASM();
    for (let length = 0; length < wasm.length; length += 7) {
      await expect(recordModule(wasm.slice(0, length))).rejects.toThrow(ModuleError);
    }
    for (let at = 8; at < wasm.length; at += 3) {
      const changed = wasm.slice();
      changed[at] = (changed[at] as number) ^ 0x55;
      const recorded = await recordModule(changed).catch((error) => error);
      if (recorded instanceof Error)
        expect(recorded, `byte ${at}: ${recorded.stack}`).toBeInstanceOf(ModuleError);
      else recorded.recording.end();
    }
  });
});
