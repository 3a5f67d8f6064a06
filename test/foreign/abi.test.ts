import { describe, expect, it } from "vitest";
import { alignmentAsked } from "../../src/foreign/abi.js";
import type { Extern } from "../../src/foreign.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { fixtureBytes } from "./replays.js";

const shape = (...names: string[]) => ({
  imports: [] as (Extern & { module: string })[],
  exports: names.map((name): Extern => ({ name, kind: "memory" })),
});

describe("the alignment that an ABI asks for", () => {
  it.each([
    ["c", ["malloc", "free"], 16],
    ["managed", ["__new"], 16],
    ["c", ["malloc", "stackSave"], 8],
    ["c", ["malloc", "_emscripten_stack_alloc"], 8],
    ["sized", ["__wbindgen_malloc"], null],
    ["bindgen", ["__wbindgen_malloc"], null],
    ["rust", ["__rust_alloc"], null],
  ])("of the convention %s with %j is %j", (convention, names, asked) => {
    expect(alignmentAsked(shape(...names), convention)).toBe(asked);
  });

  it.each([
    ["llhttp", 16],
    ["web-tree-sitter", 8],
    ["harfbuzz", 8],
    ["harfbuzz-subset", 8],
  ])("of %s is %i, as its linker asks", async (name, asked) => {
    expect(alignmentAsked(inspectModule(await fixtureBytes(name)), "c")).toBe(asked);
  });
});
