/** Modules as compilers leave them, of each kind found among packages; npm-modules.ts tries the packages themselves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";
import { afterAll, describe, expect, it, vi } from "vitest";
import { readModuleFile } from "../../src/cli/modules.js";
import { readGlue } from "../../src/foreign/glue.js";
import { recogniseImports } from "../../src/foreign/minified.js";
import { checkModule, replayInJail, scenariosInJail } from "../../src/foreign.js";
import { ModuleError, openWasmAllocator, readTrace, UnknownImport } from "../../src/index.js";
import { readFunctions, writeFunctions } from "../../src/wasm/functions.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { Sections } from "../../src/wasm/sections.js";
import { assemble } from "../wasm/assemble.js";
import { whyAbsent } from "./absent.js";
import { fixtureBytes } from "./replays.js";

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "zeropage-as-they-are-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MEMORY = '(memory (export "memory") 2)';
/** A heap that only goes up, from 64 KiB on; its host grows it. `call` is what else malloc does first. */
const BUMP = ({ resize = "(i32.const 1)", call = "" } = {}) => `
  (global $top (mut i32) (i32.const 65536))
  (func $malloc (param $bytes i32) (result i32) (local $pointer i32)
    ${call}
    (local.set $pointer (global.get $top))
    (global.set $top (i32.add (global.get $top)
      (i32.and (i32.add (local.get $bytes) (i32.const 31)) (i32.const -16))))
    (if (i32.gt_u (global.get $top) (i32.shl (memory.size) (i32.const 16)))
      (then (if (i32.eqz ${resize}) (then (return (i32.const 0))))))
    (local.get $pointer))
  (func $free (param i32))`;
const EXPORTS = '(export "malloc" (func $malloc)) (export "free" (func $free))';

/** As Emscripten links with -O3: no name says anything. */
const MINIFIED = `(module
  (import "a" "a" (func $copy (param i32 i32 i32)))
  (import "a" "b" (func $resize (param i32) (result i32)))
  (import "a" "c" (func $abort))
  (import "a" "d" (func $clock (param i32) (result i32)))
  (memory (export "e") 2 65536)
  ${BUMP({ resize: "(call $resize (global.get $top))" })}
  (func $memcpy (param i32 i32 i32) (result i32)
    (if (i32.ge_u (local.get 2) (i32.const 512)) (then
      (call $copy (local.get 0) (local.get 1) (local.get 2)) (return (local.get 0))))
    (local.get 0))
  (func $give_up (call $abort) (unreachable))
  (func $time (result i32) (call $clock (i32.const 0)))
  (export "f" (func $malloc)) (export "g" (func $free)) (export "h" (func $memcpy)) (export "i" (func $give_up))
  (export "j" (func $time)))`;

/** What releases of Emscripten write beside a module, cut down to what matters. */
const GLUE: Record<string, string> = {
  "2.0": `var asmLibraryArg={"a":_emscripten_memcpy_big,"b":_emscripten_resize_heap,"c":_abort,"d":_clock};
    var _malloc=Module["_malloc"]=function(){return(_malloc=Module["_malloc"]=Module["asm"]["f"]).apply(null,arguments)};
    var _free=Module["_free"]=function(){return(_free=Module["_free"]=Module["asm"]["g"]).apply(null,arguments)};`,
  "3.1": `var wasmImports={c:_abort,d:_clock,a:_emscripten_memcpy_js,b:_emscripten_resize_heap};
    var _malloc=Module["_malloc"]=a0=>(_malloc=Module["_malloc"]=wasmExports["f"])(a0);
    var _free=Module["_free"]=a0=>(_free=Module["_free"]=wasmExports["g"])(a0);`,
  "4.0": `var wasmImports = {
      /** @export */ c: __abort_js,
      d: _clock, a: __emscripten_memcpy_js, b: _emscripten_resize_heap,
    };
    function assignWasmExports(wasmExports) {
      _malloc = Module["_malloc"] = wasmExports["f"];
      _free = wasmExports['g'];
    }`,
  "a release with Closure": `function a(e){e=aa=e.exports;c._free=e.g;c._webidl_malloc=e.j;ha=c._malloc=e.f;return e}`,
};

const minified = () => assemble(MINIFIED);
const NAMES = { "a.a": "_emscripten_memcpy_js", "a.b": "emscripten_resize_heap", "a.c": "abort" };
const BY_HAND = { functions: { malloc: "f", free: "g" }, unknownImports: "trap" } as const;

describe("short names", () => {
  it.each(Object.keys(GLUE))("are read out of the JavaScript of %s", (release) => {
    const { functions, imports } = readGlue(GLUE[release] as string, inspectModule(minified()));
    expect(functions).toEqual({ malloc: "f", free: "g" });
    if (release.startsWith("a")) expect(imports).toEqual({});
    else expect(imports).toMatchObject({ "a.b": "emscripten_resize_heap", "a.d": "clock" });
  });

  it("are not read out of other text", () => {
    const others = ["", "var _malloc == wasmExports.f", "_malloc=>wasmExports.f", "x_malloc=wasmExports.f"];
    for (const text of others) expect(readGlue(text, inspectModule(minified())).functions).toEqual({});
    // A name that the module has, of another type.
    expect(readGlue("_malloc=b.h;_free=b.f", inspectModule(minified())).functions).toEqual({});
  });

  it("of what an allocator's host does are recognised by type and use", () => {
    const wasm = minified();
    expect(recogniseImports(wasm, inspectModule(wasm))).toEqual(NAMES);
  });

  it("are not recognised where two are used alike, or one also otherwise", () => {
    const recognised = (text: string) => {
      const wasm = assemble(text);
      return recogniseImports(wasm, inspectModule(wasm));
    };
    const twice = MINIFIED.replace(
      "(func $time (result i32)",
      "(func $time (result i32) (drop (memory.size))",
    );
    expect(recognised(twice)).toEqual({ "a.a": NAMES["a.a"], "a.c": NAMES["a.c"] });
    const otherwise = MINIFIED.replace("(call $abort) (unreachable)", "(call $abort)");
    expect(recognised(otherwise)["a.c"]).toBeUndefined();
    expect(recognised(MINIFIED.replaceAll('"a" "', '"env" "'))).toEqual({});
  });

  it("open with the JavaScript, and without it by hand; the report says what was taken for what", async () => {
    const given = await openWasmAllocator(minified(), {
      glue: GLUE["3.1"] as string,
      unknownImports: "trap",
    });
    const named = await openWasmAllocator(minified(), BY_HAND);
    for (const allocator of [given, named]) {
      expect(allocator.malloc(300_000)).toBe(65_536);
      expect(allocator.hostBytes).toBeGreaterThan(365_000);
    }
    expect(named.report.findings).toEqual([
      "its names are short, and it is taken to import a.a for _emscripten_memcpy_js, a.b for emscripten_resize_heap, a.c for abort",
      "it imports what is not known, and traps if it calls that: a.d",
    ]);
  });

  it("can be what the user says", async () => {
    const importNames = { "a.d": "emscripten_resize_heap", "a.b": "nothing_known" };
    const allocator = await openWasmAllocator(minified(), { ...BY_HAND, importNames });
    expect(() => allocator.malloc(300_000)).toThrow("called a.b, which is not known");
  });

  it("that nobody tells are refused with all ways to tell them", async () => {
    const opened = openWasmAllocator(minified());
    await expect(opened).rejects.toThrow(ModuleError);
    await expect(opened).rejects.toThrow(/--glue FILE.*FILE\.wasm:malloc=f:free=g:resize=a\.b/);
  });

  describe("on a command line", () => {
    const file = (name: string, content: Uint8Array | string) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    const options = { malloc: "f", free: "g", resize: "a.b", memcpy: "a.a", abort: "a.c" };

    it("are read from the file beside that has the module's name, or tells of it", async () => {
      const model = file("one.wasm", minified());
      file("one.js", GLUE["4.0"] as string);
      expect(await readModuleFile({ model, options: {} })).toMatchObject({ options });
      const told = file("other.wasm", minified());
      file("two.mjs", `load("other.wasm"); ${GLUE["2.0"]}`);
      expect(await readModuleFile({ model: told, options: {} })).toMatchObject({ options });
    });

    it("are read from the file that is given, and typed ones stand before", async () => {
      const model = file("alone.wasm", minified());
      const glue = file("glue.txt", GLUE["3.1"] as string);
      expect((await readModuleFile({ model, options: {} }, glue)).options).toEqual(options);
      const typed = { malloc: "f", free: "g", resize: "a.d" };
      expect((await readModuleFile({ model, options: typed }, glue)).options).toEqual({
        ...options,
        resize: "a.d",
      });
      const empty = file("empty.txt", "nothing");
      await expect(readModuleFile({ model, options: {} }, empty)).rejects.toThrow(
        `--glue: "${empty}" does not say which exports are malloc and free`,
      );
    });

    it("of a malloc without a free say so", async () => {
      const model = file("lonely.wasm", minified());
      file("lonely.js", "_malloc=b.f");
      await expect(readModuleFile({ model, options: {} })).rejects.toThrow(
        /exports malloc, as f, and no free, as .*lonely\.js has it/,
      );
    });
  });

  it("of emcc's own -O3 open with the JavaScript it wrote, and fail no case", async ({ skip }) => {
    const name = "emscripten-minified";
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const model = fileURLToPath(new URL(`built/${name}.wasm`, import.meta.url));
    const beside = model.replace(/wasm$/, "glue");
    const { wasm, options } = await readModuleFile({ model, options: {} }, beside);
    expect(options).toMatchObject({
      malloc: expect.stringMatching(/^..?$/),
      resize: expect.stringMatching(/^a\./),
    });
    const glue = readFileSync(beside, "utf8");
    const { passed, outcomes } = await checkModule(wasm, {
      ...{ glue, cases: ["calloc-grown", "exhaustion", "page-sizes", "alignment-16"] },
    });
    expect(passed).toBe(true);
    expect(outcomes.map(({ state }) => state)).not.toContain("undecided");
  });
});

describe("what the user gives", () => {
  it("may be made of the module's memory, also where it is metered", async () => {
    const wasm = assemble(`(module (import "mine" "grow" (func $grow (param i32) (result i32))) ${MEMORY}
      ${BUMP({ resize: "(call $grow (global.get $top))" })} ${EXPORTS})`);
    for (const meter of [false, true]) {
      const allocator = await openWasmAllocator(wasm, {
        meter,
        imports: (host) => ({
          mine: { grow: (top: number) => (host.memory.grow(Math.ceil(top / 65_536)) >= 0 ? 1 : 0) },
        }),
      });
      expect(allocator.malloc(500_000)).toBe(65_536);
    }
  });
});

describe("a start that calls its host", () => {
  const starting = (body: string, imports = "") =>
    assemble(`(module ${imports} ${MEMORY} ${BUMP()} ${EXPORTS}
      (func (export "__wasm_call_ctors") ${body}))`);
  const UNKNOWN = '(import "env" "unknown" (func $unknown (param i32) (result i64)))';
  const open = (wasm: Uint8Array) => openWasmAllocator(wasm, { unknownImports: "trap" });

  it("tells Emscripten's bindings of classes, which do nothing", async () => {
    const imports = `(import "env" "_embind_register_constant" (func $register (param i32 i32 f64)))
      (import "env" "_emval_take_value" (func $take (param i32 i32) (result i32)))`;
    const wasm = starting(
      "(call $register (i32.const 1) (i32.const 2) (f64.const 3)) (drop (call $take (i32.const 1) (i32.const 2)))",
      imports,
    );
    const { report } = await openWasmAllocator(wasm);
    expect(report).toMatchObject({ started: ["__wasm_call_ctors"], findings: [] });
  });

  it("goes on where it does not know what is called, and the report says so", async () => {
    const allocator = await open(starting("(drop (call $unknown (i32.const 1)))", UNKNOWN));
    expect(allocator.report.findings).toEqual([
      "its start called what is not known, which did nothing: env.unknown",
      "it imports what is not known, and traps if it calls that: env.unknown",
    ]);
    expect(allocator.malloc(8)).toBe(65_536);
  });

  it("may even trap then, but not without", async () => {
    const trapping = "(drop (call $unknown (i32.const 1))) (unreachable)";
    const allocator = await open(starting(trapping, UNKNOWN));
    expect(allocator.report.findings[1]).toBe(
      "its start ended early: in its __wasm_call_ctors the module trapped: unreachable",
    );
    expect(allocator.malloc(8)).toBe(65_536);
    await expect(open(starting("(unreachable)"))).rejects.toThrow(
      "in its __wasm_call_ctors the module trapped",
    );
  });

  it("is over where malloc calls the same: that decides nothing", async () => {
    const call = "(drop (call $unknown (local.get $bytes)))";
    const wasm = assemble(`(module ${UNKNOWN} ${MEMORY} ${BUMP({ call })} ${EXPORTS}
      (func (export "__wasm_call_ctors") (drop (call $malloc (i32.const 8)))))`);
    const allocator = await open(wasm);
    expect(() => allocator.malloc(8)).toThrow(UnknownImport);
    const { passed, outcomes } = await checkModule(wasm, { cases: ["nothing"] });
    expect({ passed, outcomes }).toMatchObject({ passed: true, outcomes: [{ state: "undecided" }] });
  });

  it("lists a few of many names, and how many more there are", async () => {
    const many = Array.from({ length: 40 }, (_, i) => `(import "env" "far_${i}" (func))`).join("");
    const { findings } = (await open(starting("", many))).report;
    expect(findings).toEqual([
      "it imports what is not known, and traps if it calls that: env.far_0, env.far_1, env.far_2, env.far_3, env.far_4, env.far_5 and 34 more",
    ]);
  });

  it("clears for itself: nothing of that is the allocator's, in its counters, a replay or a loop", async () => {
    const wasm = starting("(memory.fill (i32.const 0) (i32.const 0) (i32.const 60000))");
    const fresh = await openWasmAllocator(wasm, { meter: true });
    const nothing = { kernel: 0, allocator: 0, needless: 0 };
    expect(fresh.counters()).toMatchObject({
      zeroed: nothing,
      touched: { read: 0, written: 0 },
      faults: { needless: 0 },
      bytes: { resident: 15 * 4096 },
    });
    expect(fresh.pages(0, 8192)).toMatchObject([{ pages: 2, state: "written", needless: false }]);
    const text = new TextEncoder().encode("a 1 100\nf 1\n");
    await fresh.replay(await readTrace(text));
    expect(fresh.counters().zeroed).toEqual(nothing);
    const model = join(folder, "clearing.wasm");
    writeFileSync(model, wasm);
    const { replayTrace, runCallocLoop } = scenariosInJail({ memoryBytes: 2 ** 28 });
    const { result } = await replayTrace({ model, trace: await readTrace(text), touch: "none" });
    expect(result.counters).toMatchObject({ zeroed: nothing, faults: { needless: 0 } });
    const loop = await runCallocLoop({ model, bytes: 4096, count: 2, written: 0 });
    expect(loop.counters.zeroed.allocator).toBe(2 * 4096);
  });
});

it.for(["emscripten-dlmalloc", "emscripten-emmalloc", "web-tree-sitter", "wasi-libc"])(
  "%s zeroes nothing in a trace without calloc, whatever its malloc and free store",
  async (name, { skip }) => {
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const wasm = await fixtureBytes(name);
    const allocator = await openWasmAllocator(wasm, { meter: true, unknownImports: "trap" });
    const lines = Array.from({ length: 40 }, (_, i) => `a ${i} ${24 * i + 1}\nr ${i} ${99 * i + 9}\n`);
    const frees = lines.map((_, i) => `f ${i}\n`);
    await allocator.replay(await readTrace(new TextEncoder().encode([...lines, ...frees].join(""))));
    expect(allocator.counters().zeroed).toMatchObject({ allocator: 0, needless: 0 });
    expect(allocator.counters().faults.needless).toBe(0);
  },
);

describe("position independent code", () => {
  it("looks up the addresses of what there is, and 0 for what is not there", async () => {
    const wasm = assemble(
      `(module
      (import "GOT.mem" "here" (global $here (mut i32)))
      (import "GOT.mem" "nowhere" (global $nowhere (mut i32)))
      (import "GOT.func" "twice" (global $twice (mut i32)))
      (import "GOT.func" "absent" (global $absent (mut i32)))
      (import "env" "__cpp_exception" (tag (param i32)))
      (table (export "table") 3 funcref)
      (global (export "here") i32 (i32.const 1234))
      (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
      (func (export "look") (result i32 i32 i32 i32)
        (global.get $here) (global.get $nowhere) (global.get $twice) (global.get $absent))
      ${MEMORY} ${BUMP()} ${EXPORTS})`,
      binaryen.Features.ExceptionHandling,
    );
    const { instance } = await openWasmAllocator(wasm);
    const { look, table } = instance.exports as { look: () => number[]; table: WebAssembly.Table };
    expect(look()).toEqual([1234, 0, 3, 0]);
    expect(table.get(3)(21)).toBe(42);
  });
});

describe("memory that is shared between threads", () => {
  const LOCKED = { call: "(drop (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))" };
  it.each([
    ["imported", '(import "env" "memory" (memory 2 100 shared))'],
    ["its own", '(memory (export "memory") 2 100 shared)'],
  ])("is made, %s, and used by one thread, metered or not", async (_, memory) => {
    const wasm = assemble(`(module ${memory} ${BUMP(LOCKED)} ${EXPORTS})`);
    for (const meter of [false, true]) {
      const allocator = await openWasmAllocator(wasm, { meter, memoryBytes: 2 ** 21 });
      const block = allocator.calloc(1, 10_000);
      expect(allocator.fillEnd(block, 0, 10_000)).toBe(10_000);
      allocator.store(block, 77);
      expect(allocator.load(block)).toBe(77);
      if (meter) expect(allocator.counters().zeroed.allocator).toBe(10_000);
    }
    const replayed = await replayInJail(wasm, await readTrace(new TextEncoder().encode("c 1 10 10\nf 1\n")));
    expect(replayed.operations).toBe(2);
  });

  it("is AssemblyScript's too", async () => {
    const allocator = await openWasmAllocator(await fixtureBytes("threads"), { memoryBytes: 2 ** 24 });
    expect(allocator.calloc(100, 100)).toBeGreaterThan(0);
    allocator.check();
  });
});

it("a function that its notes would make too large for an engine is moved without, and that is said", async () => {
  const sections = new Sections(
    assemble(`(module ${MEMORY} ${BUMP()} ${EXPORTS} (func (export "run") (param i32)))`),
  );
  const functions = readFunctions(sections);
  const bodies = functions.bodies.map(({ bytes, offset, end }) => bytes.subarray(offset, end));
  // No locals, 300,000 times (i32.store8 (i32.mul (local.get 0) (local.get 0)) (i32.const 7)), end.
  const store = [0x20, 0, 0x20, 0, 0x6c, 0x41, 7, 0x3a, 0, 0];
  const code = new Uint8Array(2 + 300_000 * store.length);
  for (let at = 1; at < code.length - 1; at += store.length) code.set(store, at);
  code[code.length - 1] = 0x0b;
  writeFunctions(sections, { ...functions, bodies: [...bodies.slice(0, -1), code] });
  const shares: number[] = [];
  const onMetering = (done: number) => shares.push(done);
  const allocator = await openWasmAllocator(sections.toBytes(), { meter: true, onMetering });
  expect(shares[0]).toBe(0);
  expect(allocator.report.findings).toContain(
    "functions too large to be metered, so that what they touch is not counted: 1",
  );
  (allocator.instance.exports.run as (base: number) => void)(20);
  expect(allocator.load(400)).toBe(7);
  expect(allocator.counters().touched.written).toBe(0);
});

it("functions that are not exported are named by their numbers", async () => {
  const inside = assemble(`(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 1024))
    (func $malloc (param i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.const 64))) (global.get $top))
    (func (export "free") (param i32)))`);
  const allocator = await openWasmAllocator(inside, { functions: { malloc: "0", free: "free" } });
  expect(allocator.malloc(8)).toBe(1088);
  for (const malloc of ["2", "9999999", "00"])
    await expect(openWasmAllocator(inside, { functions: { malloc, free: "free" } })).rejects.toThrow(
      `there is no function "${malloc}"`,
    );
  const file = join(folder, "inside.wasm");
  writeFileSync(file, inside);
  const typed = readModuleFile({ model: file, options: { malloc: "0", free: "free" } } as never);
  await expect(typed).resolves.toMatchObject({ options: { malloc: "0" } });
});
