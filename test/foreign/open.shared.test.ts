import { beforeAll, describe, expect, it } from "vitest";
import {
  AllocatorAbort,
  builtInModules,
  ModuleError,
  ModuleTrap,
  openWasmAllocator,
  readTrace,
  type Sandbox,
  SandboxError,
  SegmentationFault,
  subtract,
  type WasmAllocator,
} from "../../src/index.js";
import { fixtureBytes, openFixture } from "./replays.js";

const GIB = 2 ** 30;

describe("opening", () => {
  it("takes bytes, a buffer, a URL, its text, or a compiled module", async () => {
    const bytes = await fixtureBytes("as-tlsf");
    const url = new URL("./built/as-tlsf.wasm", import.meta.url);
    const sources = [bytes, bytes.slice().buffer, url, url.href, await WebAssembly.compile(bytes)];
    const pointers = [];
    for (const source of sources) pointers.push((await openWasmAllocator(source)).malloc(100));
    expect(new Set(pointers).size).toBe(1);
    expect((await openWasmAllocator(url)).model).toBe("as-tlsf");
  });

  it.each(builtInModules)("takes the name of the built-in $name", async ({ name, file }) => {
    const [named, located] = [
      await openWasmAllocator(name, { meter: true }),
      await openWasmAllocator(file.url()),
    ];
    expect(named.model).toBe(name);
    expect(named.report.findings).toEqual([]);
    expect(named.malloc(100)).toBe(located.malloc(100));
  });

  it("reports what is native, what is composed, and what was run", async () => {
    const { report } = await openFixture("llhttp");
    expect(report).toMatchObject({ convention: "c", started: ["_initialize"] });
    expect(report.functions.malloc).toEqual({ native: "malloc" });
    expect(report.functions.calloc).toEqual({ composed: "malloc, then fill" });
    const tree = await openFixture("web-tree-sitter");
    expect(tree.report.started).toEqual(["__wasm_apply_data_relocs", "__wasm_call_ctors"]);
    expect(tree.report.findings).toEqual([
      "it imports what is not known, and traps if it calls that: env.tree_sitter_query_progress_callback, " +
        "env.tree_sitter_progress_callback, env.tree_sitter_parse_callback, env.tree_sitter_log_callback",
    ]);
    expect((await openFixture("harfbuzz")).report.findings).toEqual([]);
  });

  it("refuses an import it does not know, by name and with what to do", async () => {
    const bytes = await fixtureBytes("llhttp");
    await expect(openWasmAllocator(bytes)).rejects.toThrow(ModuleError);
    await expect(openWasmAllocator(bytes)).rejects.toThrow(
      'the module imports the function "env.wasm_on_headers_complete", which is not known: give it in imports of openWasmAllocator, or set unknownImports: "trap"',
    );
  });

  it("links the user's imports before its own", async () => {
    const asked: number[] = [];
    const fetch = (bytes: number) => {
      asked.push(bytes);
      return 0;
    };
    const allocator = await openFixture("reaching", { imports: { host: { fetch } } });
    expect(allocator.malloc(24)).toBe(0);
    expect(asked).toEqual([24]);
  });

  it("takes names for functions that have others", async () => {
    const bytes = await fixtureBytes("named");
    await expect(openWasmAllocator(bytes)).rejects.toThrow(
      "no allocator among its exports (take, give, wide)",
    );
    const names = { malloc: "take", free: "give" };
    const allocator = await openWasmAllocator(bytes, { functions: names });
    expect(allocator.malloc(8)).toBeGreaterThan(0);
    const wide = openWasmAllocator(bytes, { functions: { malloc: "wide", free: "give" } });
    await expect(wide).rejects.toThrow('"wide" is of type l>l, not i>i');
    // Of a compiled module types are not known before it is linked.
    const compiled = openWasmAllocator(await WebAssembly.compile(bytes), {
      functions: { malloc: "wide", free: "give" },
    });
    await expect(compiled).rejects.toThrow("its functions are not those of the convention");
  });

  it("refuses what is no module, what is not valid, and what has no memory to see", async () => {
    await expect(openWasmAllocator(new Uint8Array([1, 2, 3]))).rejects.toThrow(ModuleError);
    const whole = await fixtureBytes("as-tlsf");
    const broken = whole.slice();
    broken.fill(0xff, 1000, 1020); // in the body of a function
    await expect(openWasmAllocator(broken)).rejects.toThrow(ModuleError);
    await expect(openWasmAllocator(whole.subarray(0, 300))).rejects.toThrow(/^byte \d+: /);
  });

  it("says of a start function that traps what it did", async () => {
    await expect(openFixture("starting")).rejects.toThrow(ModuleTrap);
    await expect(openFixture("starting")).rejects.toThrow(
      "while it was instantiated, the module trapped: unreachable",
    );
  });

  it("notices constructors that run on each call, without touching the instance it gives", async () => {
    const { report } = await openFixture("forgetful");
    expect(report.findings.join()).toContain("every malloc returns the same address");
    expect((await openFixture("as-bump")).report.findings).toEqual([]);
  });
});

it("tells the usable size of an aligned object inside a block, too", async () => {
  const allocator = await openFixture("telling");
  expect(allocator.report.functions.aligned).toHaveProperty("composed");
  expect(allocator.usableSize(allocator.malloc(100))).toBe(112);
  const pointers = Array.from({ length: 8 }, () => allocator.alignedAlloc(64, 100));
  for (const pointer of pointers) {
    expect(allocator.usableSize(pointer)).toBeGreaterThanOrEqual(100);
    expect(allocator.usableSize(pointer)).toBeLessThan(200);
  }
});

const FACES = ["rust", "posix", "aligned", "bindgen", "managed"];
const ALLOCATORS = ["as-tlsf", "as-incremental", "oxipng", "brotli", "web-tree-sitter", ...FACES];

describe.each(ALLOCATORS)("%s", (name) => {
  let allocator: WasmAllocator;
  beforeAll(async () => {
    allocator = await openFixture(name, name === "rust" ? { convention: "rust" } : {});
  });

  it("allocates, clears, aligns, resizes and frees", () => {
    const dirty = allocator.malloc(1000);
    allocator.fill(dirty, 0xff, 1000);
    allocator.free(dirty);
    const cleared = allocator.calloc(10, 100);
    for (let offset = 0; offset < 1000; offset += 8) expect(allocator.load(cleared + offset, 8)).toBe(0n);
    const aligned = allocator.alignedAlloc(64, 300);
    expect(aligned % 64).toBe(0);
    for (let i = 0; i < 75; i++) allocator.store(aligned + 4 * i, 0xdead0000 + i, 4);
    const moved = allocator.realloc(aligned, 5000);
    for (let i = 0; i < 75; i++) expect(allocator.load(moved + 4 * i, 4)).toBe(0xdead0000 + i);
    allocator.check();
    allocator.free(moved);
    allocator.free(cleared);
    expect(allocator.counters().bytes.inUse).toBe(0);
  });

  it("counts calls and what the program holds", () => {
    const before = allocator.snapshot();
    const pointer = allocator.malloc(100);
    allocator.realloc(0, 50);
    const { calls, bytes } = subtract(allocator.counters(), before);
    expect(calls).toBe(2);
    expect(bytes.inUse).toBe(150);
    expect(allocator.counters().touched.written).toBeNaN();
    expect(allocator.usableSize(pointer)).toBe(name === "posix" ? 4242 : 100);
    // It is asked of 0 too, and this one says the same of everything.
    expect(allocator.usableSize(0)).toBe(name === "posix" ? 4242 : 0);
  });

  it("answers 0 where 32 bits do not suffice, and says why", () => {
    expect(allocator.malloc(4 * GIB)).toBe(0);
    expect(allocator.lastError).toMatchObject({ kind: "overflow", requested: 4 * GIB });
    expect(allocator.calloc(65536, 65537)).toBe(0);
    expect(allocator.lastError).toMatchObject({ kind: "overflow", requested: 65536 * 65537 });
    expect(allocator.malloc(8)).toBeGreaterThan(0);
    expect(allocator.lastError).toBeNull();
  });

  it("refuses a pointer that is no object, and a bad argument, and stays usable", () => {
    const pointer = allocator.malloc(16);
    allocator.free(pointer);
    expect(() => allocator.free(pointer)).toThrow(AllocatorAbort);
    expect(() => allocator.realloc(pointer + 4, 3)).toThrow(AllocatorAbort);
    expect(() => allocator.usableSize(12345)).toThrow(AllocatorAbort);
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 47 + 1]) {
      expect(() => allocator.malloc(bad)).toThrow(RangeError);
      expect(() => allocator.alignedAlloc(bad, 1)).toThrow(RangeError);
      expect(() => allocator.touch(bad, 1)).toThrow(RangeError);
    }
    expect(() => allocator.load(allocator.hostBytes - 3, 4)).toThrow(SegmentationFault);
    expect(() => allocator.fill(2 ** 40, 0, 1)).toThrow(SegmentationFault);
    allocator.free(allocator.malloc(16));
  });

  it("replays a trace of every operation, and verifies what it holds", async () => {
    const text =
      "a 0 100\nc 1 3 50\nm 2 64 1000\nw 2 10 900\nr 0 4000\nr 2 20\nl 2 0 20\nr 2 3000\n" +
      "t 2\nx 2\np here\nt 3\nk\nf 1\nf 2\nf 0\n";
    const before = allocator.counters();
    const trace = await readTrace(new TextEncoder().encode(text));
    const points: number[][] = [];
    const result = await allocator.replay(trace, {
      verify: true,
      touch: "object",
      timelinePoints: 17,
      onResults: (results) => points.push(results),
    });
    expect(result).toMatchObject({ operations: 16, failedAllocations: 0 });
    expect(result.timeline.map(({ inUse }) => inUse - before.bytes.inUse)).toEqual([
      100, 250, 1250, 1250, 5150, 4170, 4170, 7150, 7150, 7150, 7150, 7150, 7150, 7000, 4000, 0,
    ]);
    expect(points[0]?.map((address) => address > 0)).toEqual(
      [..."acmwrrlrtxptkfff"].map((kind) => "acmr".includes(kind)),
    );
    expect((points[0]?.[2] as number) % 64).toBe(0);
    expect(allocator.counters().calls - before.calls).toBe(9);
  });
});

describe("the face", () => {
  it("is that of a sandbox, and says what does not apply", async () => {
    const allocator = await openFixture("as-tlsf");
    const sandbox: Pick<Sandbox, "malloc" | "replay" | "repeat" | "counters" | "load" | "close"> = allocator;
    expect(() => allocator.trim()).toThrow(SandboxError);
    expect(() => allocator.pages(0, 1)).toThrow("open it with meter: true");
    expect(() => allocator.regions()).toThrow(SandboxError);
    expect(allocator.statistics()).toEqual({});
    sandbox.close();
    expect(() => allocator.malloc(1)).toThrow("the allocator is closed");
    expect(() => allocator.load(0)).toThrow(SandboxError);
  });

  it("frees what is resized to nothing, where realloc is composed", async () => {
    const allocator = await openFixture("strict");
    const { frees } = allocator.instance.exports as { frees: WebAssembly.Global };
    expect(allocator.realloc(allocator.malloc(100), 0)).toBe(0);
    expect(allocator.lastError).toBeNull();
    expect(frees.value).toBe(1);
    await allocator.replay(await readTrace(new TextEncoder().encode("a 0 100\nr 0 0\nr 0 50\nf 0\n")));
    expect(frees.value).toBe(3);
    expect(allocator.counters().bytes.inUse).toBe(0);
  });

  it("accepts small objects that are aligned as their size needs", async () => {
    const allocator = await openFixture("packed");
    const lines = [1, 8, 1, 4, 1, 2, 1].map((bytes, id) => `a ${id} ${bytes}`);
    await allocator.replay(await readTrace(lines.join("\n")), { verify: true });
    expect(Array.from(allocator.slots().slice(0, 7), (pointer) => pointer % 8)).toEqual([
      0, 0, 0, 4, 0, 2, 4,
    ]);
  });

  it("unpins each managed object once, moved or not", async () => {
    const allocator = await openFixture("managed");
    const { pins } = allocator.instance.exports as { pins: WebAssembly.Global };
    const pointer = allocator.realloc(allocator.malloc(100), 5000);
    expect(pins.value).toBe(1);
    allocator.free(pointer);
    expect(pins.value).toBe(0);
  });

  it("repeats records in one call", async () => {
    const allocator = await openFixture("llhttp");
    const trace = await readTrace(new TextEncoder().encode("c 0 1 100000\nf 0\n"));
    for await (const chunk of trace) allocator.repeat(chunk, 50, "pages");
    expect(allocator.counters()).toMatchObject({ calls: 100, bytes: { inUse: 0 } });
    expect(allocator.hostBytes).toBeLessThan(1e6);
  });

  it("gives addresses from 2 GiB on as what they are", async () => {
    const allocator = await openFixture("as-bump");
    const first = allocator.malloc(2 * GIB - 1e6);
    const second = allocator.malloc(2e6);
    expect(first).toBeGreaterThan(0);
    const third = allocator.malloc(1000);
    expect(second).toBeGreaterThan(2 * GIB - 1e6);
    expect(third).toBeGreaterThan(2 * GIB);
    allocator.store(third, 77);
    expect(allocator.load(third)).toBe(77);
    allocator.free(third);
  });
});

describe("a module that misbehaves", () => {
  const run = async (name: string, text: string) => {
    const allocator = await openFixture(name);
    const trace = await readTrace(new TextEncoder().encode(text));
    await allocator.replay(trace, { verify: true });
  };
  const many = (bytes: number) => Array.from({ length: 20 }, (_, id) => `a ${id} ${bytes}`).join("\n");

  it.each([
    ["trapping", many(64), /^operation 11: the module trapped: unreachable/],
    ["recursing", many(64), /^operation 1: the module used up the stack/],
    ["outside", many(64), /^operation 11: it returned 0xfffffff0 for 64 bytes, which is outside its memory/],
    ["brim", many(65), /^operation 11: it returned 0x[\da-f]+ for 65 bytes, which is outside its memory/],
    ["stale", "a 0 64\nr 0 128", /^operation 2: the object at 0x[\da-f]+ was overwritten at offset \d+/],
    ["misaligned", many(64), /^operation 1: it returned 0x[\da-f]+1, which is not aligned to 8/],
    [
      "overlapping",
      `${many(64)}\nf 3`,
      /^operation 21: the object at 0x[\da-f]+ was overwritten at offset 48/,
    ],
    ["forgetful", `${many(64)}\nf 0`, /^operation 21: the object at 0x[\da-f]+ was overwritten at offset 0/],
    ["dirty", "c 0 3 5", /^operation 1: calloc returned 0x[\da-f]+, which is not zero at offset 0/],
    [
      "wrapping",
      "c 0 65537 65536",
      /^operation 1: calloc returned 0x[\da-f]+ though count times size exceeds 32 bits/,
    ],
    [
      "reaching",
      many(64),
      /^operation 1: the module called host.fetch, which is not known: give it in imports of openWasmAllocator/,
    ],
  ])("%s is told as what it is", async (name, text, message) => {
    await expect(run(name, text)).rejects.toThrow(ModuleTrap);
    await expect(run(name, text)).rejects.toThrow(message);
  });

  it("is told on single calls too, and is of no use from then on", async () => {
    const allocator = await openFixture("outside");
    for (let i = 0; i < 10; i++) allocator.malloc(8);
    expect(() => allocator.malloc(64)).toThrow(ModuleTrap);
    expect(() => allocator.malloc(8)).toThrow(
      "the module trapped before, so its state is unknown: open it again",
    );
    expect(() => allocator.counters()).toThrow(SandboxError);
    const overlapping = await openFixture("overlapping");
    overlapping.malloc(64);
    overlapping.malloc(64);
    expect(() => overlapping.check()).toThrow(/overlap$/);
  });

  it("leaves others alone", async () => {
    const [bad, good] = [await openFixture("recursing"), await openFixture("as-tlsf")];
    const pointer = good.calloc(1, 100);
    expect(() => bad.malloc(1)).toThrow(ModuleTrap);
    expect(good.load(pointer)).toBe(0);
    good.free(pointer);
  });
});

describe("slots", () => {
  it("are the objects that replayed operations hold", async () => {
    const allocator = await openFixture("as-tlsf");
    const results: number[] = [];
    const onResults = (addresses: number[]) => results.push(...addresses);
    await allocator.replay(await readTrace("a 1 100\na 2 200\na 3 300\nf 2\n"), { onResults });
    const [first, second, third] = allocator.slots();
    expect([first, second, third]).toEqual([results[0], 0, results[2]]);
    expect(first).toBeGreaterThan(0);
  });
});
