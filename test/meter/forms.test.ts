/** Every form of access once, at known bytes: what it touches is written down here by hand. */
import { expect, it } from "vitest";
import { ModuleError } from "../../src/base/errors.js";
import { meterModule } from "../../src/meter/meter.js";
import { Meter } from "../../src/meter/reading.js";
import { assemble } from "../wasm/assemble.js";
import { instantiate, llhttp, open, treeSitter } from "./modules.js";

/** An access in code, and the pages it reads and writes, each as the list of their numbers. */
type Form = [code: string, read: number[], written: number[]];

const v = "(v128.const i32x4 1 2 3 4)";

const FORMS: Form[] = [
  ["(drop (i32.load (i32.const 4096)))", [1], []],
  ["(drop (i32.load offset=4094 (i32.const 0)))", [0, 1], []],
  ["(drop (i64.load offset=1 (local.get $a)))", [0, 1], []],
  ["(drop (i64.load (local.get $a)))", [0], []],
  ["(drop (f32.load offset=2 (local.get $a)))", [0], []],
  ["(drop (f64.load (i32.add (local.get $a) (i32.const 7))))", [0, 1], []],
  ["(drop (i32.load8_s offset=8 (local.get $a)))", [1], []],
  ["(drop (i32.load8_u offset=7 (local.get $a)))", [0], []],
  ["(drop (i32.load16_s offset=7 (local.get $a)))", [0, 1], []],
  ["(drop (i64.load32_u offset=4 (local.get $a)))", [0], []],
  ["(i32.store offset=5 (local.get $a) (i32.const 1))", [], [0, 1]],
  ["(i32.store8 (i32.mul (local.get $a) (i32.const 2)) (i32.const 1))", [], [1]],
  ["(i32.store16 offset=7 (local.get $a) (i32.const 1))", [], [0, 1]],
  ["(i64.store (i32.const 12287) (i64.const 1))", [], [2, 3]],
  ["(i64.store8 (i32.const 12287) (i64.const 1))", [], [2]],
  ["(i64.store16 (i32.const 12287) (i64.const 1))", [], [2, 3]],
  ["(i64.store32 (i32.const 12284) (i64.const 1))", [], [2]],
  ["(f32.store (i32.const 12285) (f32.const 1))", [], [2, 3]],
  ["(f64.store (i32.const 12288) (f64.const 1))", [], [3]],
  ["(drop (v128.load offset=1 (local.get $a)))", [0, 1], []],
  ["(drop (v128.load8x8_s (local.get $a)))", [0], []],
  ["(drop (v128.load32x2_u offset=1 (local.get $a)))", [0, 1], []],
  ["(drop (v128.load8_splat offset=7 (local.get $a)))", [0], []],
  ["(drop (v128.load16_splat offset=7 (local.get $a)))", [0, 1], []],
  ["(drop (v128.load32_splat offset=4 (local.get $a)))", [0], []],
  ["(drop (v128.load64_splat offset=1 (local.get $a)))", [0, 1], []],
  ["(drop (v128.load32_zero offset=5 (local.get $a)))", [0, 1], []],
  ["(drop (v128.load64_zero (local.get $a)))", [0], []],
  [`(drop (v128.load8_lane offset=7 15 (local.get $a) ${v}))`, [0], []],
  [`(drop (v128.load64_lane offset=1 1 (local.get $a) ${v}))`, [0, 1], []],
  [`(v128.store offset=1 (local.get $a) ${v})`, [], [0, 1]],
  [`(v128.store16_lane offset=7 0 (local.get $a) ${v})`, [], [0, 1]],
  [`(v128.store32_lane offset=4 0 (local.get $a) ${v})`, [], [0]],
  ["(drop (i32.atomic.load offset=4 (local.get $a)))", [0], []],
  ["(drop (i64.atomic.load8_u offset=8 (local.get $a)))", [1], []],
  ["(i32.atomic.store16 offset=8 (local.get $a) (i32.const 1))", [], [1]],
  ["(drop (i32.atomic.rmw.add (local.get $a) (i32.const 1)))", [0], [0]],
  ["(drop (i64.atomic.rmw32.xchg_u offset=8 (local.get $a) (i64.const 1)))", [1], [1]],
  ["(drop (i32.atomic.rmw8.cmpxchg_u (local.get $a) (i32.const 9) (i32.const 1)))", [0], [0]],
  ["(drop (memory.atomic.notify (local.get $a) (i32.const 1)))", [], []],
  ["(memory.fill (i32.const 4095) (i32.const 1) (i32.const 4098))", [], [0, 1, 2]],
  ["(memory.fill (i32.const 4095) (i32.const 1) (i32.const 0))", [], []],
  ["(memory.copy (i32.const 16384) (i32.const 4095) (i32.const 2))", [0, 1], [4]],
  ["(memory.copy (i32.const 65535) (i32.const 65536) (i32.const 0))", [], []],
  ["(memory.init $d (i32.const 8190) (i32.const 0) (i32.const 4))", [], [1, 2]],
  ["(drop (memory.grow (i32.const 0)))", [], []],
  ["(global.set $g (memory.size))", [], []],
  // Two distances from one local: between their ends lies no page that is not touched.
  [
    "(i32.store (local.get $a) (i32.const 1)) (i32.store offset=4093 (local.get $a) (i32.const 1))",
    [],
    [0, 1],
  ],
  [
    "(i32.store (local.get $a) (i32.const 1)) (i32.store offset=4102 (local.get $a) (i32.const 1))",
    [],
    [0, 1, 2],
  ],
  // The local changes while a touch through it is still to be noted, and while its old value is an address.
  [
    "(drop (i32.load (local.get $a))) (local.set $a (i32.const 20480)) (drop (i32.load (local.get $a)))",
    [0, 5],
    [],
  ],
  ["(i32.store (local.get $a) (local.tee $a (i32.const 20480)))", [], [0]],
  [
    "(if (i32.const 0) (then (i32.store (local.get $a) (i32.const 1)))) (drop (i32.load (local.get $a)))",
    [0],
    [],
  ],
  [
    "(if (i32.const 0) (then (i32.store (i32.const 20480) (i32.const 1)))) (i32.store (i32.const 20480) (i32.const 1))",
    [],
    [5],
  ],
  ["(if (i32.const 1) (then (i32.store (local.get $a) (i32.const 1)) (return)))", [], [0]],
];

/** `a` is 4088. */
const module = (code: string) =>
  assemble(`(module (memory (export "memory") 2) (data $d "data") (data (i32.const 30000) "initial")
    (global $g (mut i32) (i32.const 0))
    (func (export "run") (param $a i32) ${code}))`);

const at = (pages: Uint8Array, bit: number) => [...pages.keys()].filter((i) => (pages[i] as number) & bit);

it.each(FORMS)("%s", async (code, read, written) => {
  for (const zeroStores of [false, true]) {
    const { pages, run, reading } = await metered(module(code), zeroStores);
    run(4088);
    expect(at(pages(), 1)).toEqual(read);
    expect(at(pages(), 2)).toEqual(written);
    expect(reading().touched).toMatchObject({ read: read.length, written: written.length });
  }
});

async function metered(wasm: Uint8Array, zeroStores: boolean | "auto" = "auto") {
  const rewritten = await meterModule(wasm, { zeroStores });
  const { memory, run } = instantiate(rewritten.wasm).exports as unknown as {
    memory: WebAssembly.Memory;
    run: (...operands: number[]) => number;
  };
  const meter = new Meter(rewritten, memory);
  return { ...{ rewritten, memory, run, meter }, pages: () => meter.pages(), reading: () => meter.reading() };
}

it("looks at stores of zero in the functions that clear, and what these call, but not where others call the same", async () => {
  const wasm = assemble(`(module (memory (export "memory") 2)
    (func $clear (param $at i32) (i64.store (local.get $at) (i64.const 0)))
    (func $calloc (export "calloc") (param $at i32) (result i32) (call $clear (local.get $at)) (local.get $at))
    (func (export "malloc") (param $at i32) (result i32)
      (i32.store offset=8 (local.get $at) (i32.const 0)) (call $calloc (local.get $at))))`);
  const rewritten = await meterModule(wasm, { zeroStores: true, clearing: ["calloc"] });
  const { memory, malloc, calloc } = instantiate(rewritten.wasm).exports as unknown as {
    memory: WebAssembly.Memory;
    malloc: (at: number) => number;
    calloc: (at: number) => number;
  };
  const meter = new Meter(rewritten, memory);
  expect(malloc(100)).toBe(100);
  expect(meter.reading()).toMatchObject({ zeroedByStores: { bytes: 0, needless: 0 }, needlessPages: 0 });
  expect(calloc(8192)).toBe(8192);
  const once = { zeroedByStores: { bytes: 8, needless: 8 }, needlessPages: 1 };
  expect(meter.reading()).toMatchObject(once);
  malloc(200);
  expect(meter.reading()).toMatchObject(once);
  await expect(meterModule(wasm, { zeroStores: true, clearing: ["zalloc"] })).rejects.toThrow(
    'no function is exported as "zalloc"',
  );
});

it("counts a clearing of dirty memory as needed, byte for byte, and of clean pages as needless faults", async () => {
  const { run, reading, meter } = await metered(
    module(`(i32.store (i32.const 6) (i32.const 0x01000001))
      (memory.fill (i32.const 0) (i32.const 256) (i32.const 12289))`),
  );
  run(0);
  // Bytes 6 and 9 were not zero. Page 0 held them, page 3 is cleared in part; 1, 2 and 3 were clean.
  expect(reading()).toMatchObject({
    zeroed: { bytes: 12_289, needless: 12_287 },
    needlessPages: 3,
    fills: 1,
  });
  meter.reset();
  expect(reading()).toMatchObject({
    touched: { either: 0 },
    zeroed: { bytes: 0 },
    stores: 0,
    needlessPages: 0,
  });
});

it("notes again what the host forgot during a call", async () => {
  const rewritten = await meterModule(
    assemble(`(module (import "host" "reset" (func $reset)) (memory (export "memory") 1)
      (func (export "run") (param $a i32) (i32.store (local.get $a) (i32.const 1)) (i32.store (i32.const 0) (i32.const 1))
        (call $reset) (i32.store (local.get $a) (i32.const 1)) (i32.store (i32.const 0) (i32.const 1))))`),
  );
  const counts: number[] = [];
  const reset = () => {
    counts.push(meter.reading().touched.written, meter.reading().stores);
    meter.reset();
  };
  const { exports } = instantiate(rewritten.wasm, { host: { reset } });
  const meter = new Meter(rewritten, exports.memory as WebAssembly.Memory);
  (exports.run as CallableFunction)(4096);
  expect([...counts, meter.reading().touched.written, meter.reading().stores]).toEqual([2, 2, 2, 2]);
});

it("stops calling a page's fault needless once it is used", async () => {
  const { run, reading } = await metered(
    module(
      `(memory.fill (i32.const 0) (i32.const 0) (i32.const 8192)) (drop (i32.load8_u (i32.const 5000)))`,
    ),
  );
  run(0);
  expect(reading()).toMatchObject({ needlessPages: 1, touched: { read: 1, written: 2, either: 2 } });
});

it("finds clearing by loops of stores in a module without memory.fill, and not by default in one with it", async () => {
  const loop = `(loop $next (i64.store (local.get $a) (i64.const 0))
    (br_if $next (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 8))) (i32.const 65536))))`;
  const without = await metered(module(loop));
  without.run(0);
  // "initial" has 7 bytes that are not zero.
  const expected = { bytes: 65_536, needless: 65_529 };
  expect(without.reading()).toMatchObject({ zeroedByStores: expected, needlessPages: 15, stores: 8192 });
  const fill = "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))";
  const withFill = await metered(module(fill + loop));
  withFill.run(0);
  expect(withFill.reading()).toMatchObject({
    zeroedByStores: null,
    needlessPages: 0,
    touched: { written: 16 },
  });
});

it("traps where the module would, touching nothing it does not reach", async () => {
  const traps = [
    ["(drop (i32.load (local.get $a)))", 131_069],
    ["(drop (i32.load (local.get $a)))", -1],
    ["(drop (i32.load8_u offset=4294967295 (local.get $a)))", 0],
    ["(i32.store8 offset=4294967295 (local.get $a) (i32.const 1))", 1],
    ["(i64.store offset=4 (local.get $a) (i64.const 0))", -4],
    ["(memory.fill (local.get $a) (i32.const 1) (i32.const 2))", 131_071],
    ["(memory.fill (local.get $a) (i32.const 0) (i32.const 2))", -1],
    ["(memory.copy (local.get $a) (i32.const 0) (i32.const 2))", -1],
    ["(memory.copy (i32.const 0) (local.get $a) (i32.const 2))", -4096],
    ["(memory.init $d (local.get $a) (i32.const 0) (i32.const 4))", -2],
    ["(memory.init $d (i32.const 0) (local.get $a) (i32.const 4))", 1],
  ] as const;
  for (const [code, operand] of traps) {
    for (const zeroStores of [false, true]) {
      const { run, pages, memory } = await metered(module(code), zeroStores);
      const before = new Uint8Array(memory.buffer).slice();
      expect(() => run(operand), code).toThrow(WebAssembly.RuntimeError);
      expect(
        [...pages()].every((page) => page === 0),
        code,
      ).toBe(true);
      expect(Buffer.compare(before, new Uint8Array(memory.buffer)), code).toBe(0);
    }
  }
});

it("answers memory.size and memory.grow as if the meter were not there, up to the maximum", async () => {
  const text = `(module (memory (export "memory") 2 5)
    (func (export "run") (param i32) (result i32) (memory.grow (local.get 0))) (func (export "size") (result i32) (memory.size)))`;
  const { run, memory, reading } = await metered(assemble(text));
  const answers = [0, 3, 1, 0, -1].map((pages) => run(pages));
  expect(answers).toEqual([2, 2, -1, 5, -1]);
  expect(reading()).toMatchObject({ grows: 1, peakPages: 5 });
  expect(memory.buffer.byteLength).toBeGreaterThan(5 * 65_536);
});

it("runs a position independent module, whose data goes where the host says", async () => {
  const wasm = await treeSitter();
  const rewritten = await meterModule(wasm);
  const plain = open(new WebAssembly.Module(new Uint8Array(wasm)), 0);
  const allocator = open(new WebAssembly.Module(rewritten.wasm), rewritten.base);
  const meter = new Meter(rewritten, allocator.memory);
  for (let bytes = 1; bytes < 2 ** 22; bytes = bytes * 3 + 1) {
    expect(allocator.malloc(bytes)).toBe(plain.malloc(bytes));
    expect(allocator.calloc?.(1, bytes)).toBe(plain.calloc?.(1, bytes));
  }
  const own = new Uint8Array(allocator.memory.buffer, rewritten.base);
  expect(Buffer.compare(own, new Uint8Array(plain.memory.buffer))).toBe(0);
  expect(meter.reading().stores).toBeGreaterThan(0);
});

it.each([
  ["several memories", [[5, 5, 2, 0, 1, 0, 1]], "several memories"],
  ["64-bit addresses", [[5, 3, 1, 4, 1]], "64-bit"],
  ["no memory", [], "no memory"],
  [
    "a type of garbage collection",
    [
      [1, 3, 1, 0x5f, 0],
      [5, 3, 1, 0, 1],
    ],
    "garbage collection",
  ],
  ["4 GiB from the start", [[5, 5, 1, 0, 0x80, 0x80, 4]], "4 GiB"],
  ["a section that ends too early", [[5, 100, 1]], "too soon"],
  [
    "an unknown instruction",
    [
      [1, 4, 1, 0x60, 0, 0],
      [3, 2, 1, 0],
      [5, 3, 1, 0, 1],
      [10, 5, 1, 3, 0, 0xff, 11],
    ],
    "0xff",
  ],
] as const)("refuses a module with %s", async (_, sections, message) => {
  const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
  const refused = expect(meterModule(wasm)).rejects;
  await refused.toThrow(ModuleError);
  await expect(meterModule(wasm)).rejects.toThrow(message);
});

it("refuses a real module cut off anywhere, and never gives half of one", async () => {
  const wasm = llhttp();
  for (let length = 0; length < wasm.length; length += 997) {
    const cut = wasm.subarray(0, length);
    const rewritten = await meterModule(cut).catch((error) => error);
    if (!(rewritten instanceof ModuleError)) expect(WebAssembly.validate(new Uint8Array(cut))).toBe(true);
  }
});

it("books a store of zero that reaches into another page by what it replaced in each", async () => {
  const { run, reading, pages } = await metered(
    module(`(i32.store8 (i32.const 4100) (i32.const 7)) (i64.store (i32.const 4094) (i64.const 0))`),
    true,
  );
  run(0);
  // Bytes 4094 and 4095 were zero, and of 4096 to 4101 all but 4100.
  expect(reading()).toMatchObject({ zeroedByStores: { bytes: 8, needless: 7 }, needlessPages: 1 });
  expect([at(pages(), 4), at(pages(), 2)]).toEqual([[0], [1]]);
});

it("does not take a fill for a clearing, whatever bit is set", async () => {
  const fills = Array.from(
    { length: 8 },
    (_, bit) => `(memory.fill (i32.const ${bit}) (i32.const ${1 << bit}) (i32.const 1))`,
  );
  const { run, reading } = await metered(module(fills.join(" ")));
  run(0);
  expect(reading()).toMatchObject({ fills: 8, zeroed: { bytes: 0 }, needlessPages: 0 });
});

it("traps out of bounds where the module does, in bulk and with an offset past the end", async () => {
  const wasm = module(
    `(if (i32.eqz (local.get 0)) (then (memory.fill (i32.const 131066) (i32.const 1) (i32.const 7))))
     (if (i32.eq (local.get 0) (i32.const 1)) (then (memory.copy (i32.const 0) (i32.const 131066) (i32.const 7))))
     (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (i32.load offset=0xfffffff0 (i32.const 0)))))`,
  );
  const rewritten = (await meterModule(wasm)).wasm;
  for (const which of [0, 1, 2]) {
    const [one, other] = [wasm, rewritten].map((code) => {
      const { run } = instantiate(code as BufferSource).exports as unknown as { run(which: number): void };
      return expect(() => run(which));
    });
    one?.toThrow("memory access out of bounds");
    other?.toThrow("memory access out of bounds");
  }
});

it("refuses a module that is not valid, though rewritten it would be", async () => {
  const invalid = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1],
    // A load, with an offset past the end, of an address that there is not. What stands for it needs none.
    ...[10, 12, 1, 10, 0, 0x28, 2, 0xf0, 0xff, 0xff, 0xff, 0x0f, 0x1a, 0x0b],
  ]);
  expect(WebAssembly.validate(invalid)).toBe(false);
  await expect(meterModule(invalid)).rejects.toThrow("the module is not valid");
});
