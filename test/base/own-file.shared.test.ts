import { afterEach, expect, it } from "vitest";
import { type FileSource, locateFiles } from "../../src/base/own-file.js";
import { FileError, models, openSandbox, openWasmAllocator, SandboxError } from "../../src/index.js";
import { fixtureBytes, readBytes } from "../foreign/replays.js";

afterEach(() => locateFiles());

const naive = new URL("../../build/naive.wasm", import.meta.url);
const fileOf = (name: string) => new URL(name.replace("wasm/", ""), naive);

it("asks for each file by its name in the package, and for no other", async () => {
  const asked: string[] = [];
  locateFiles((name) => {
    asked.push(name);
    return undefined;
  });
  await openSandbox("glibc");
  await openSandbox("pymalloc/naive", { check: true });
  await openWasmAllocator("heap", { meter: true });
  const names = ["glibc", "pymalloc-over-naive.check", "heap", "meter", "driver", "patterns"];
  expect(asked.sort()).toEqual(names.map((name) => `wasm/${name}.wasm`).sort());
});

async function clearedByCalloc(model: "lazy"): Promise<number> {
  const sandbox = await openSandbox(model);
  sandbox.calloc(1, 100_000);
  return sandbox.counters().zeroed.allocator;
}

it("takes a URL, its text, bytes, a response, a module, and a promise of any", async () => {
  const bytes = await readBytes(naive);
  const headers = { "content-type": "application/wasm" };
  const sources: (() => FileSource | Promise<FileSource>)[] = [
    ...[() => naive, () => naive.href, () => bytes, () => bytes.slice().buffer],
    ...[() => new Response(bytes, { headers }), () => new Response(bytes), () => WebAssembly.compile(bytes)],
  ];
  for (const source of sources) {
    // Another model's module, which is known by what it clears.
    locateFiles((name) => (name === "wasm/lazy.wasm" ? source() : undefined));
    expect(await clearedByCalloc("lazy")).toBe(100_000);
  }
  locateFiles();
  expect(await clearedByCalloc("lazy")).toBe(0);
});

it("opens what is metered where files are modules of their own, but for those that are moved into others", async () => {
  const own = await fixtureBytes("as-tlsf");
  locateFiles(async (name) => WebAssembly.compile(await readBytes(fileOf(name))));
  expect((await openWasmAllocator(own)).malloc(10)).toBeGreaterThan(0);
  await expect(openWasmAllocator(own, { meter: true })).rejects.toThrow(
    "of this one the bytes are needed, and no compiled module: say with locateFiles where zeropage/wasm/meter.wasm lies",
  );
});

it("names the place where nothing is, the file and the remedy, and tries again", async () => {
  const nowhere = new URL("../../build/nowhere.wasm", import.meta.url);
  locateFiles(() => nowhere);
  const opening = openSandbox("naive");
  await expect(opening).rejects.toThrow(`${nowhere}`);
  await expect(opening).rejects.toThrow(/: say with locateFiles where zeropage\/wasm\/naive\.wasm lies$/);
  await expect(opening).rejects.toBeInstanceOf(FileError);
  await expect(opening).rejects.toBeInstanceOf(SandboxError);
  await expect(opening).rejects.toMatchObject({ file: "wasm/naive.wasm" });
  locateFiles(() => 42 as never);
  await expect(openSandbox("naive")).rejects.toThrow("a number is neither a file nor a place: say with");
  locateFiles(() => new Uint8Array([1, 2, 3]));
  await expect(openSandbox("naive")).rejects.toThrow("what is there is no wasm module: say with");
  locateFiles();
  await expect(openSandbox("naive")).resolves.toBeDefined();
});

it("finds every model's module, and its check build, by itself", async () => {
  for (const { name } of models) {
    for (const check of [false, true]) {
      const sandbox = await openSandbox(name as "naive", { check });
      expect(sandbox.malloc(100)).toBeGreaterThan(0);
    }
  }
});
