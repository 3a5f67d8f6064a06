import { describe, expect, it } from "vitest";
import {
  findAllocators,
  findMemset,
  type KnownFunctions,
  type Naming,
} from "../../src/record/module/find.js";
import { readFunctionNames } from "../../src/wasm/names.js";
import { Sections } from "../../src/wasm/sections.js";
import type { FunctionType } from "../../src/wasm/types.js";
import { BinaryWriter } from "../../src/wasm/writer.js";

/** A type as signatures write it: "ii>i". */
const type = (signature: string): FunctionType => {
  const [params = "", results = ""] = signature.split(">");
  const of = (letters: string) => Array.from(letters, () => "i32" as const);
  return { params: of(params), results: of(results) };
};

type Written = [
  name: string,
  signature: string,
  more?: { exported?: boolean; calls?: number[]; forwards?: number },
];

/** A module of these functions, by number. */
function known(functions: readonly Written[]): KnownFunctions {
  const more = functions.map(([, , options = {}]) => options);
  return {
    types: functions.map(([, signature]) => type(signature)),
    names: new Map(functions.flatMap(([name], i) => (more[i]?.exported ? [] : [[i, name] as const]))),
    exports: functions.flatMap(([name], index) => (more[index]?.exported ? [{ name, index }] : [])),
    callees: (index) => more[index]?.calls ?? [],
    forwards: (index) => more[index]?.forwards,
    fills: () => false,
  };
}

const found = (functions: readonly Written[], naming?: Naming) =>
  findAllocators(known(functions), naming).map(({ index, role }) => `${index} ${role}`);

describe("the functions of an allocator are found", () => {
  it("among exports, and behind those that only call another", () => {
    const exported = { exported: true };
    expect(
      found([
        ["malloc", "i>i", { exported: true, forwards: 2 }],
        ["free", "i>", exported],
        ["inner", "i>i"],
        ["calloc", "i>i", exported],
        ["realloc", "ii>i", exported],
      ]),
    ).toEqual(["0 malloc", "2 malloc", "4 realloc", "1 free"]);
  });

  it("by C's names, with what allocators put before them", () => {
    expect(
      found([
        ["dlmalloc", "i>i"],
        ["mi_free", "i>"],
        ["emscripten_builtin_memalign", "ii>i"],
        ["dlposix_memalign", "iii>i"],
        ["my_malloc", "i>i"],
        ["__libc_calloc", "ii>i"],
        ["alloc", "i>i"],
      ]),
    ).toEqual(["0 malloc", "1 free", "2 aligned", "3 posixAligned", "5 calloc"]);
  });

  it("by Rust's, mangled or not, and by those of AssemblyScript's runtime", () => {
    expect(
      found([
        ["_RNvCs1234_7___rustc12___rust_alloc", "ii>i"],
        ["__rustc::__rust_dealloc", "iii>"],
        ["__rust_realloc::h0123456789abcdef", "iiii>i"],
        ["__rust_alloc_zeroed", "ii>i"],
        ["~lib/rt/tlsf/__alloc", "i>i"],
        ["~lib/rt/tlsf/__free", "i>"],
        ["~lib/rt/itcms/__new", "ii>i"],
      ]),
    ).toEqual(["0 malloc", "1 free", "2 realloc", "3 calloc", "4 malloc", "5 free"]);
  });

  it("among what wasm-bindgen's exports call, where nothing has a name", () => {
    const bindgen: Written[] = [
      ["__wbindgen_malloc", "ii>i", { exported: true, calls: [3] }],
      ["__wbindgen_realloc", "iiii>i", { exported: true, calls: [4] }],
      ["__wbindgen_free", "iii>", { exported: true, calls: [5, 6] }],
    ];
    const nameless = { names: new Map<number, string>() };
    const module = known([...bindgen, ["", "ii>i"], ["", "iiii>i"], ["", "i>"], ["", ">"]]);
    const all = findAllocators({ ...module, ...nameless }).map(({ index, role }) => `${index} ${role}`);
    expect(all.sort()).toEqual(["0 malloc", "1 realloc", "2 free", "3 malloc", "4 realloc", "5 free"]);
  });

  it("where the user says, beside those that are found", () => {
    const functions: Written[] = [
      ["take", "i>i"],
      ["give", "i>"],
      ["malloc", "i>i"],
      ["free", "i>"],
    ];
    expect(found(functions, { given: { malloc: "take", free: 1 } })).toEqual([
      "0 malloc",
      "1 free",
      "2 malloc",
      "3 free",
    ]);
  });

  it("or not at all, which is said with what to do", () => {
    expect(() => found([["malloc", "i>i"]])).toThrow(
      /compile with names .* FILE\.wasm:malloc=NAME:free=NUMBER/,
    );
    expect(() => found([["__new", "ii>i", { exported: true }]])).toThrow(/no allocator is found/);
  });
});

it("memset is what has its name and type, and no instruction that would count twice", () => {
  const functions: Written[] = [
    ["memset", "ii>i"],
    ["memset", "iii>i"],
  ];
  expect(findMemset(known(functions))).toBe(1);
  expect(findMemset({ ...known(functions), fills: () => true })).toBeUndefined();
});

it("a damaged section of names has none, as engines overlook it", () => {
  const sections = new Sections();
  sections.addCustom("name", new BinaryWriter().byte(1, 9, 4, 0).bytes);
  expect(readFunctionNames(sections).size).toBe(0);
});
