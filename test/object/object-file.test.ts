import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ModuleError } from "../../src/index.js";
import { makeArchive } from "../../src/object/archive.js";
import { makeObjectFile, type ObjectOptions } from "../../src/object/object-file.js";
import { hasTool } from "../toolchains.js";
import { assemble } from "../wasm/assemble.js";

const BASE = 4096;
const DISTANCE = 1 << 20;

/** A module as text, with its statics at an address. */
type Text = (statics: number) => string;

function objectOf(text: Text, options?: ObjectOptions) {
  const [wasm, moved] = [BASE, BASE + DISTANCE].map((statics) => assemble(text(statics)));
  const compiled = { wasm: wasm as Uint8Array, moved: moved as Uint8Array };
  return makeObjectFile({ ...compiled, distance: DISTANCE, base: BASE, staticBytes: 64 }, options);
}

/** Counts in a static and in a global, and calls a function of somebody else's. */
const counting: Text = (statics) => `(module
  (import "env" "__heap_base" (global $heapBase i32))
  (import "anything" "notify" (func $notify (param i32)))
  (global $calls (mut i32) (i32.const 0))
  (memory (export "memory") 1)
  (data (i32.const ${statics + 16}) "\\05")
  (func $count (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const ${statics + 16}) (i32.add (i32.load (i32.const ${statics + 16})) (i32.const 1)))
    (call $notify (global.get $calls))
    (i32.load (i32.const ${statics + 16})))
  (func (export "next") (result i32) (call $count))
  (func (export "at") (param i32) (result i32) (i32.load8_u offset=${statics + 16} (local.get 0)))
  (func (export "heapBase") (result i32) (global.get $heapBase)))`;

describe("an object file", () => {
  it("is a module to an engine", () => {
    const { bytes } = objectOf(counting);
    expect(WebAssembly.validate(bytes)).toBe(true);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    expect(imports.map(({ name }) => name)).toEqual(["__linear_memory", "notify"]);
  });

  it("lists what others may refer to, by all its names", () => {
    const { symbols } = objectOf(counting, { aliases: { next: ["following", "another"] } });
    expect(symbols.sort()).toEqual(["another", "at", "following", "heapBase", "next"]);
  });

  const withBody = (body: Text, rest = ""): Text => {
    return (statics) => `(module (memory 1) ${rest} (func (export "f") (result i32) ${body(statics)}))`;
  };

  it.each<[string, Text, RegExp]>([
    [
      "with a start function",
      () => `(module (func $f) (start $f))`,
      /start function: set up on the first call/,
    ],
    ["with a table", () => `(module (table 1 funcref) (elem (i32.const 0) $f) (func $f))`, /table/],
    [
      "that calls by a table",
      withBody(() => `(call_indirect (result i32) (i32.const 0))`, "(table 1 funcref)"),
      /tables/,
    ],
    [
      "whose global begins as an address",
      (statics) =>
        `(module (global $g (mut i32) (i32.const ${statics})) (func (export "f") (result i32) (global.get $g)))`,
      /global that begins as an address/,
    ],
    [
      "whose data has an address",
      (statics) =>
        `(module (memory 1) (data (i32.const ${statics}) "${String.fromCharCode(65 + (statics > BASE ? 1 : 0))}"))`,
      /data with an address/,
    ],
    [
      "that calculated with an address",
      withBody((statics) => `(i32.const ${statics >> 4})`),
      /an address went into a calculation/,
    ],
    [
      "that has other code for another address",
      withBody((statics) => (statics > BASE ? "(i32.const 1)" : "(i32.eqz (i32.const 1))")),
      /an address went into a calculation/,
    ],
    [
      "that has a number of 64 bits for an address",
      withBody((statics) => `(i32.wrap_i64 (i64.const ${statics}))`),
      /an address went into a calculation/,
    ],
  ])("is not made of a module %s", (_, text, why) => {
    expect(() => objectOf(text)).toThrow(ModuleError);
    expect(() => objectOf(text)).toThrow(why);
  });
});

describe.skipIf(!hasTool("wasm-ld"))("the linker", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "zeropage-object-"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const put = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  const link = (...inputs: string[]) => {
    const output = join(folder, "linked.wasm");
    execFileSync("wasm-ld", ["--no-entry", "--allow-undefined", "-o", output, ...inputs], { stdio: "pipe" });
    return readFileSync(output);
  };

  const run = (wasm: BufferSource) => {
    const notified: number[] = [];
    const env = { notify: (calls: number) => notified.push(calls) };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env });
    return { notified, exports: exports as Record<string, (value?: number) => number> };
  };

  /** Of a program of its own: 100 bytes of data. */
  const program: Text = (statics) => `(module (memory 1) (data (i32.const ${statics}) "${"x".repeat(64)}")
    (func (export "main") (param i32) (result i32) (i32.load8_u (i32.add (i32.const ${statics}) (local.get 0)))))`;

  it("puts statics, functions and globals elsewhere, and says where free memory begins", () => {
    const first = put("first.o", objectOf(program).bytes);
    const second = put("second.o", objectOf(counting).bytes);
    const exported = ["main", "next", "at", "heapBase"].map((name) => `--export=${name}`);
    const linked = link(...exported, "--export=__heap_base", first, second);
    const { exports, notified } = run(linked);
    expect([exports.next?.(), exports.next?.(), exports.at?.(0)]).toEqual([6, 7, 7]);
    expect(notified).toEqual([1, 2]);
    expect([exports.main?.(0), exports.main?.(63)]).toEqual([120, 120]);
    const { value } = exports.__heap_base as unknown as WebAssembly.Global;
    expect(exports.heapBase?.()).toBe(value);
    expect(value).toBeGreaterThanOrEqual(128);
  });

  it("takes from an archive what is referred to, and nothing else", () => {
    const [one, two] = [objectOf(program), objectOf(counting)];
    const members = [
      { name: "odd.o", ...one },
      { name: "counting.o", ...two },
    ];
    const archive = put("libboth.a", makeArchive(members));
    const names = (exported: string) =>
      WebAssembly.Module.imports(new WebAssembly.Module(link(`--export=${exported}`, archive))).map(
        ({ name }) => name,
      );
    expect(names("main")).toEqual([]);
    expect(names("next")).toEqual(["notify"]);
  });

  it("sets what is weak and nowhere to 0", () => {
    const weak: Text = () =>
      `(module (import "env" "nowhere" (global $g i32)) (func (export "f") (result i32) (global.get $g)))`;
    const { exports } = run(link("--export=f", put("weak.o", objectOf(weak, { weak: ["nowhere"] }).bytes)));
    expect(exports.f?.()).toBe(0);
  });

  it("refuses it for a memory that threads share", () => {
    const object = put("one.o", objectOf(program).bytes);
    expect(() => link("--export=main", "--shared-memory", "--max-memory=65536", object)).toThrow(
      /--shared-memory is disallowed by .*one\.o/,
    );
  });
});
