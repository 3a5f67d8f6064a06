import { describe, expect, it } from "vitest";
import type { FoundFunctions } from "../../src/foreign/conventions.js";
import { findFunctions } from "../../src/foreign/find.js";
import { describeProvisions } from "../../src/foreign/provisions.js";
import { ModuleError } from "../../src/index.js";
import type { Extern } from "../../src/wasm/inspect.js";
import type { ValueType } from "../../src/wasm/types.js";

const LETTERS: Record<string, ValueType> = { i: "i32", l: "i64" };

/** Exports from "name: params>results", as in "malloc: i>i". */
function exportsOf(text: string): Extern[] {
  return text.split(", ").map((one) => {
    const [name = "", type = ">"] = one.split(": ");
    const [params = "", results = ""] = type.split(">");
    const types = (letters: string) => [...letters].map((letter) => LETTERS[letter] as ValueType);
    return { name, kind: "function", type: { params: types(params), results: types(results) } };
  });
}

const shapeOf = (text: string) => ({ imports: [], exports: exportsOf(text) });
const find = (text: string) => findFunctions(shapeOf(text));

describe("an allocator is found", () => {
  it.each<[string, string, FoundFunctions]>([
    [
      "of C",
      "malloc: i>i, free: i>, memory",
      { convention: "c", functions: { malloc: "malloc", free: "free" } },
    ],
    [
      "of C with underscores",
      "_malloc: i>i, _free: i>, _memalign: ii>i",
      { convention: "c", functions: { malloc: "_malloc", free: "_free", memalign: "_memalign" } },
    ],
    [
      "of AssemblyScript's heap",
      "heap.alloc: i>i, heap.realloc: ii>i, heap.free: i>",
      {
        convention: "c",
        functions: { malloc: "heap.alloc", realloc: "heap.realloc", free: "heap.free" },
        endsByTrap: true,
      },
    ],
    [
      "of Rust, mangled",
      "_RNvCs3_7___rustc12___rust_alloc: ii>i, _RNvCs3_7___rustc14___rust_dealloc: iii>, _RNvCs3_7___rustc19___rust_alloc_zeroed: ii>i",
      {
        convention: "rust",
        functions: {
          malloc: "_RNvCs3_7___rustc12___rust_alloc",
          calloc: "_RNvCs3_7___rustc19___rust_alloc_zeroed",
          free: "_RNvCs3_7___rustc14___rust_dealloc",
        },
      },
    ],
    [
      "of wasm-bindgen with numbers for names",
      "__wbindgen_export_0: ii>i, __wbindgen_export_1: iiii>i, __wbindgen_export_2: i>, __wbindgen_export_3: iii>",
      {
        convention: "bindgen",
        endsByTrap: true,
        functions: {
          malloc: "__wbindgen_export_0",
          realloc: "__wbindgen_export_1",
          free: "__wbindgen_export_3",
        },
      },
    ],
    [
      "of wasm-bindgen where it was linked as a command",
      "__wbindgen_malloc_command_export: ii>i, __wbindgen_realloc_command_export: iiii>i, __wbindgen_free_command_export: iii>",
      {
        convention: "bindgen",
        endsByTrap: true,
        functions: {
          malloc: "__wbindgen_malloc_command_export",
          realloc: "__wbindgen_realloc_command_export",
          free: "__wbindgen_free_command_export",
        },
      },
    ],
    [
      "of wasm-bindgen as it was",
      "__wbindgen_malloc: i>i, __wbindgen_realloc: iii>i, __wbindgen_free: ii>",
      {
        convention: "sized",
        endsByTrap: true,
        functions: { malloc: "__wbindgen_malloc", realloc: "__wbindgen_realloc", free: "__wbindgen_free" },
      },
    ],
    [
      "of AssemblyScript's objects",
      "__new: ii>i, __pin: i>i, __unpin: i>, __collect: >",
      {
        convention: "managed",
        endsByTrap: true,
        functions: { malloc: "__new", pin: "__pin", free: "__unpin" },
      },
    ],
  ])("%s", (_, text, expected) => {
    expect(find(text)).toEqual(expected);
  });

  it("by C's names before others", () => {
    expect(find("__wbindgen_malloc: ii>i, __wbindgen_free: iii>, malloc: i>i, free: i>").convention).toBe(
      "c",
    );
  });

  it("by the user's names, in the user's convention", () => {
    const shape = shapeOf("take: ii>i, give: iii>");
    const names = { malloc: "take", free: "give" };
    expect(findFunctions(shape, names, "rust")).toEqual({ convention: "rust", functions: names });
  });
});

describe("no allocator", () => {
  it("is refused with what there is and what to do", () => {
    expect(() => find("start: >, stop: >")).toThrow(ModuleError);
    expect(() => find("start: >, stop: >")).toThrow(/\(start, stop\): name them, as in functions: /);
  });

  it("is a malloc without a free, and that is said", () => {
    expect(() => find("napi_wasm_malloc: i>i, start: >")).toThrow("it exports napi_wasm_malloc and no free,");
  });

  it("by name is where Emscripten made names short, and that is said", () => {
    const imports = [{ module: "a", name: "b", kind: "function" as const }];
    const shape = { imports, exports: exportsOf("c: i>i, d: i>") };
    expect(() => findFunctions(shape)).toThrow("FILE.wasm:malloc=f:free=g:resize=a.b");
    expect(findFunctions(shape, { malloc: "c", free: "d" }).functions).toEqual({ malloc: "c", free: "d" });
  });

  it("is a malloc of another type, such as of 64 bits", () => {
    expect(() => find("malloc: l>l, free: l>")).toThrow(ModuleError);
  });

  it.each([
    [{ malloc: "take" }, "must name malloc and free"],
    [{ malloc: "take", free: "drop" }, 'free: there is no function "drop" among take, give'],
    [{ malloc: "take", free: "take" }, 'free: "take" is of type i>i, not i>'],
    [{ malloc: "take", free: "give", pin: "give" }, "pin means nothing to this convention"],
  ])("is what is named wrongly: %j", (names, message) => {
    expect(() => findFunctions(shapeOf("take: i>i, give: i>"), names)).toThrow(message);
  });
});

it("says what is native and what is composed", () => {
  const { realloc, calloc, aligned, usableSize } = describeProvisions(
    find("malloc: i>i, free: i>, realloc: ii>i, posix_memalign: iii>i"),
  );
  expect({ realloc, calloc, aligned, usableSize }).toEqual({
    realloc: { native: "realloc" },
    calloc: { composed: "malloc, then fill" },
    aligned: { native: "posix_memalign" },
    usableSize: { composed: "the size that was asked for" },
  });
});

it("functions of the right name and another type are told", () => {
  expect(() => find("malloc: l>l, free: l>")).toThrow(
    "no allocator among its exports (malloc, free); its malloc is of type l>l, not i>i; its free is of type l>, not i>: name them",
  );
});
