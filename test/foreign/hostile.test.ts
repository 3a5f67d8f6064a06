/** Modules written to do harm, or to be misunderstood: each gets a clear error, and nothing else is disturbed. */
import binaryen from "assemblyscript/binaryen";
import { describe, expect, it } from "vitest";
import { ModuleError, ModuleTrap, openWasmAllocator, type WasmOptions } from "../../src/index.js";
import { assemble } from "../wasm/assemble.js";

/** An allocator that gives all it has once; `head` comes before its memory, `more` behind all. */
function moduleOf({
  head = "",
  memory = '(memory (export "memory") 1)',
  malloc = "(i32.const 64)",
  more = "",
}): Uint8Array {
  const text = `(module ${head} ${memory} ${more}
    (func (export "malloc") (param i32) (result i32) ${malloc})
    (func (export "free") (param i32)))`;
  return assemble(text, binaryen.Features.ExceptionHandling | binaryen.Features.Memory64);
}

const open = (parts: Parameters<typeof moduleOf>[0], options?: WasmOptions) =>
  openWasmAllocator(moduleOf(parts), options);

describe("an import named as what every object has", () => {
  const calling = (module: string, name: string) => ({
    head: `(import "${module}" "${name}" (func $wanted (param i32) (result i32)))`,
    malloc: "(call $wanted (local.get 0))",
  });

  it.each([
    ["__proto__", "planted"],
    ["constructor", "planted"],
    ["toString", "planted"],
  ])("%s.%s is linked, and stays the module's own", async (module, name) => {
    const allocator = await open(calling(module, name), { unknownImports: "trap" });
    expect(() => allocator.malloc(8)).toThrow(`called ${module}.${name}, which is not known`);
    for (const shared of [Object.prototype, Object, Object.prototype.toString]) {
      expect(name in shared).toBe(false);
    }
  });

  it.each([
    ["env", "toString"],
    ["env", "constructor"],
    ["env", "__proto__"],
    ["wasi_snapshot_preview1", "constructor"],
    ["constructor", "name"],
  ])("%s.%s is not known", async (module, name) => {
    const opened = open(calling(module, name), { imports: { env: {} } });
    // Of WASI all that is not known answers that it is not there.
    if (module === "wasi_snapshot_preview1") {
      const allocator = await opened;
      expect(() => allocator.malloc(8)).toThrow("it returned 0x34"); // 52, NOSYS
      return;
    }
    await expect(opened).rejects.toThrow(`imports the function "${module}.${name}", which is not known`);
  });

  it("is the user's where the user gives it", async () => {
    const imports = { env: { constructor: () => 128 } } as unknown as WebAssembly.Imports;
    expect((await open(calling("env", "constructor"), { imports })).malloc(8)).toBe(128);
  });

  it("is no global of position independent code", async () => {
    const opened = open({ head: '(import "env" "constructor" (global i32))' });
    await expect(opened).rejects.toThrow(ModuleError);
  });
});

describe("what the engine does not make", () => {
  it.each([
    [
      "a table it imports",
      { head: '(import "env" "t" (table 4000000000 funcref))' },
      'the table "t" that the',
    ],
    ["a table of its own", { head: "(table 4000000000 funcref)" }, "the module cannot be linked: "],
    [
      "64-bit memory of more than 4 GiB",
      { memory: '(memory (export "memory") i64 65536)' },
      "its memory begins with 4 GiB or more, which 32 bits do not reach",
    ],
  ])("%s is refused", async (_, parts, message) => {
    const opened = open(parts);
    await expect(opened).rejects.toThrow(ModuleError);
    await expect(opened).rejects.toThrow(message);
    await expect(open(parts, { meter: true })).rejects.toThrow(message);
  });
});

it("a memory it imports is not taken for what it exports under that name", async () => {
  const parts = { memory: '(import "env" "memory" (memory 1))', more: '(func (export "memory"))' };
  expect((await open(parts)).malloc(8)).toBe(64);
});

describe("a name that would steer a terminal", () => {
  const NAME = "\\1b[2Jpass\\07\\0a\\e2\\80\\ae";
  const SHOWN = "\\u{1b}[2Jpass\\u{7}\\u{a}\\u{202e}";

  it("is shown in errors", async () => {
    const head = `(import "env" "${NAME}" (func $wanted (param i32) (result i32)))`;
    const parts = { head, malloc: "(call $wanted (local.get 0))" };
    await expect(open(parts)).rejects.toThrow(`the function "env.${SHOWN}"`);
    const allocator = await open(parts, { unknownImports: "trap" });
    expect(allocator.report.findings).toEqual([expect.stringMatching(/ env\.\\u\{1b\}\[2Jpass/)]);
    expect(() => allocator.malloc(8)).toThrow(`called env.${SHOWN}, which is not known`);
  });

  it("is shown among exports", async () => {
    const wasm = assemble(`(module (memory (export "memory") 1) (func (export "${NAME}")))`);
    await expect(openWasmAllocator(wasm)).rejects.toThrow(`among its exports (${SHOWN})`);
  });
});

it("one that is not valid is refused at the same place, metered, limited or as it is", async () => {
  const whole = moduleOf({ malloc: "(i32.load (i32.const 64))", more: '(data (i32.const 8) "text")' });
  let invalid = 0;
  for (let at = 8; at < whole.length; at++) {
    for (const bit of [1, 8, 64]) {
      const changed = whole.slice();
      changed[at] = (changed[at] as number) ^ bit;
      if (WebAssembly.validate(changed as BufferSource)) continue;
      invalid++;
      const tried: WasmOptions[] = [{}, { meter: true }, { memoryBytes: 2 ** 20 }];
      const errors = tried.map((options) => openWasmAllocator(changed, options).catch((error) => error));
      const [plain, ...others] = await Promise.all(errors);
      expect(plain).toBeInstanceOf(ModuleError);
      for (const other of others) expect(other.message).toBe(plain.message);
    }
  }
  expect(invalid).toBeGreaterThan(100);
});

it("one that metering makes too large for the engine is refused as that", async () => {
  const store = "(i32.store (i32.mul (local.get 0) (i32.const 4)) (local.get 1))";
  const parts = { more: `(func (export "x") (param i32) ${"(local i32)".repeat(49_999)} ${store})` };
  expect((await open(parts)).malloc(8)).toBe(64);
  const metered = open(parts, { meter: true });
  await expect(metered).rejects.toThrow(ModuleError);
  await expect(metered).rejects.toThrow("rewritten, the module is too large to compile: ");
});

it("a function of a known name that is of another type is reported as not used, unless it is named", async () => {
  const more = '(func $plain (export "calloc") (param i32) (result i32) (i32.const 64))';
  const { report } = await open({ more, malloc: "(call $plain (i32.const 1))" });
  expect(report.functions.calloc).toEqual({ composed: "malloc, then fill" });
  expect(report.findings).toContain("its calloc is of type i>i, not ii>i, and not used");
  const named = await open({ more }, { functions: { malloc: "calloc", free: "free" } });
  expect(named.report.findings.join()).not.toContain("not used");
});

describe("a pointer outside memory is told where something is done with it for the module", () => {
  const far = { malloc: "(i32.const 0xfffffff0)" };
  const grown = {
    head: "(global $calls (mut i32) (i32.const 0))",
    malloc: `(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (select (i32.const 64) (i32.const 0xfffffff0) (i32.eq (global.get $calls) (i32.const 1)))`,
  };
  const posix = {
    ...far,
    more: '(func (export "posix_memalign") (param i32 i32 i32) (result i32) (i32.const 0))',
  };

  it.each([{}, { meter: true }])("%j", async (options) => {
    const outside = (bytes: number) => `it gave 0xfffffff0 for ${bytes} bytes, which is outside its memory`;
    const [cleared, moved, aligned] = [
      await open(far, options),
      await open(grown, options),
      await open(posix, options),
    ];
    expect(() => cleared.calloc(10, 10)).toThrow(outside(100));
    const pointer = moved.malloc(8);
    expect(() => moved.realloc(pointer, 1000)).toThrow(outside(8));
    expect(() => aligned.alignedAlloc(64, 100)).toThrow(outside(4));
    const copying = {
      head: '(import "env" "emscripten_memcpy_big" (func $copy (param i32 i32 i32)))',
      malloc: "(call $copy (i32.const 0xfffffff0) (i32.const 0) (i32.const 100)) (i32.const 64)",
    };
    const copied = await open(copying, options);
    expect(() => copied.malloc(8)).toThrow(outside(100));
  });
});

it.each([
  [{ memoryBytes: Number.NaN }, "memoryBytes must be a whole number"],
  [{ memoryBytes: "1GiB" }, "memoryBytes must be a whole number"],
  [{ convention: "cee" }, "convention must be one of c, sized, bindgen, rust, managed; got cee"],
  [{ unknownImports: "maybe" }, "unknownImports must be one of refuse, trap; got maybe"],
])("an option that is none is refused: %j", async (options, message) => {
  const opened = open({}, options as WasmOptions);
  await expect(opened).rejects.toThrow(RangeError);
  await expect(opened).rejects.toThrow(message);
});

it.each([
  [5, "a number"],
  [null, "null"],
  [undefined, "undefined"],
  [{}, "an object (Object)"],
])("%s is no module", async (source, kind) => {
  const opened = openWasmAllocator(source as unknown as Uint8Array);
  await expect(opened).rejects.toThrow(ModuleError);
  await expect(opened).rejects.toThrow(`a WebAssembly.Module; got ${kind}`);
});

it("bytes that threads share are a module as any", async () => {
  const bytes = moduleOf({});
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  expect((await openWasmAllocator(shared, { meter: true })).malloc(8)).toBe(64);
});

describe("an exception", () => {
  const head = "(tag $oops (param i32))";
  const body = "(throw $oops (i32.const 1))";
  const uncaught = "threw: an exception that nothing caught";

  it.each([
    [
      "in the start function",
      `(func $begin ${body}) (start $begin)`,
      "while it was instantiated, the module ",
    ],
    ["in a start-up function", `(func (export "_initialize") ${body})`, "in its _initialize the module "],
  ])("%s is told", async (_, more, where) => {
    const opened = open({ head, more });
    await expect(opened).rejects.toThrow(ModuleTrap);
    await expect(opened).rejects.toThrow(where + uncaught);
  });

  it("in malloc is told", async () => {
    const allocator = await open({ head, malloc: body });
    expect(() => allocator.malloc(8)).toThrow(`the module ${uncaught}`);
  });
});

it("a start-up function that never returns to itself used up the stack", async () => {
  const more = '(func $deep (export "_initialize") (call $deep))';
  await expect(open({ more })).rejects.toThrow("in its _initialize the module used up the stack");
});
