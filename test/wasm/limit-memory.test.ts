import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ModuleError, openWasmAllocator, SandboxError } from "../../src/index.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { limitMemory } from "../../src/wasm/limit-memory.js";

const path = (name: string) => fileURLToPath(new URL(`../foreign/built/${name}.wasm`, import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(path(name)));
const limitsOf = (wasm: Uint8Array) =>
  inspectModule(wasm).exports.find(({ kind }) => kind === "memory")?.limits;

it.each(["llhttp", "brotli", "as-tlsf", "harfbuzz"])("%s grows to its limit and not beyond", (name) => {
  const limited = limitMemory(bytesOf(name), 300);
  expect(WebAssembly.validate(limited as BufferSource)).toBe(true);
  expect(limitsOf(limited)).toMatchObject({ maximum: 300, initial: limitsOf(bytesOf(name))?.initial });
});

it("a maximum that is lower stays, and a module that imports its memory too", () => {
  const once = limitMemory(bytesOf("llhttp"), 200);
  expect(limitMemory(once, 300)).toEqual(once);
  const tree = bytesOf("web-tree-sitter");
  expect(limitMemory(tree, 300)).toBe(tree);
});

it("a memory that begins with more is refused, at its place", () => {
  const refused = () => limitMemory(bytesOf("harfbuzz-subset"), 300);
  expect(refused).toThrow(ModuleError);
  expect(refused).toThrow(/^byte \d+: its memory begins with 65 MiB: allow more than 18.8 MiB$/);
});

it.each(["web-tree-sitter", "harfbuzz-subset"])("%s is told the same with a meter", async (name) => {
  const options = { unknownImports: "trap" as const, memoryBytes: 2 ** 20 };
  const message = async (meter: boolean) =>
    openWasmAllocator(path(name), { ...options, meter }).catch((error) => error.message as string);
  const withoutPlace = String(await message(false)).replace(/byte \d+: /, "");
  expect(withoutPlace).toMatch(/^its memory begins with \d+ MiB: allow more than 1 MiB$/);
  expect(String(await message(true)).replace(/byte \d+: /, "")).toBe(withoutPlace);
});

it("an allocator under a limit says how much is left", async () => {
  const allocator = await openWasmAllocator(path("llhttp"), { unknownImports: "trap", memoryBytes: 2 ** 20 });
  expect(allocator.model).toBe("llhttp");
  expect(allocator.malloc(2 ** 20)).toBe(0);
  const available = 2 ** 20 - allocator.hostBytes;
  expect(allocator.lastError).toMatchObject({ kind: "memory", requested: 2 ** 20, available });
  expect(allocator.malloc(2 ** 18)).toBeGreaterThan(0);
});

it("a path that leads nowhere is told", async () => {
  await expect(openWasmAllocator(path("nothing"))).rejects.toThrow(SandboxError);
  await expect(openWasmAllocator(path("nothing"))).rejects.toThrow(/cannot read .*nothing\.wasm/);
});
