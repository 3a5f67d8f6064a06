import { describe, expect, it } from "vitest";
import { findAllocators, findMemset, type Naming } from "../../src/record/module/find.js";
import type { KnownFunctions } from "../../src/record/module/functions.js";
import { knownFunctions } from "../../src/record/module/known.js";
import { readRecordable } from "../../src/record/module/rewrite.js";
import { readFunctionNames } from "../../src/wasm/names.js";
import { Sections } from "../../src/wasm/sections.js";
import type { FunctionType } from "../../src/wasm/types.js";
import { BinaryWriter } from "../../src/wasm/writer.js";
import { assemble } from "../wasm/assemble.js";

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
    statics: () => new Set(),
    isMemset: () => false,
    givesZeroed: () => false,
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
    ).toEqual(["0 malloc", "1 free", "2 memalign", "3 posixAligned", "5 calloc"]);
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

/** A module of functions, each by its body behind the parameters. */
const knownOf = (...bodies: string[]) =>
  knownFunctions(
    readRecordable(assemble(`(module (memory 1) ${bodies.map((body) => `(func ${body})`).join("\n")})`)),
  );

const MEMSET = `(param i32 i32 i32) (result i32) (local i32)
  (local.set 3 (local.get 0))
  (loop (i32.store8 (local.get 3) (local.get 1)) (local.set 3 (i32.add (local.get 3) (i32.const 1)))
    (br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
  (local.get 0)`;

describe("what has no name is known by what it does", () => {
  it("memset stores its second parameter byte by byte, and does nothing else", () => {
    expect(findMemset(knownOf("(param i32)", MEMSET))).toBe(1);
    expect(findMemset(knownOf(MEMSET, MEMSET))).toBeUndefined(); // which of them, nobody knows
    for (const other of [
      MEMSET.replace("(local.get 1)", "(local.get 2)"),
      MEMSET.replace("(local.get 1)", "(i32.load8_u (local.get 1))"),
      MEMSET.replace("(loop", "(local.set 1 (i32.const 1)) (loop"),
      MEMSET.replace("(loop", "(drop (call 0 (local.get 0) (local.get 1) (local.get 2))) (loop"),
      MEMSET.replace("(loop", "(block").replace("(br_if 0", "(drop"),
      MEMSET.replace(/\(local.get 0\)$/, "(local.get 3)"),
    ])
      expect(findMemset(knownOf(other)), other).toBeUndefined();
  });

  /** Malloc and free keep their state at two addresses; what is exported calls them. */
  const rust = (...more: string[]) => [
    `(export "__wbindgen_malloc") (param i32 i32) (result i32) (call 2 (local.get 0) (local.get 1))`,
    `(export "__wbindgen_free") (param i32 i32 i32) (call 3 (local.get 0) (local.get 1) (local.get 2))`,
    "(param i32 i32) (result i32) (i32.add (i32.load (i32.const 1024)) (i32.load offset=4 (i32.const 1024)))",
    "(param i32 i32 i32) (drop (i32.load offset=1024 (i32.const 0))) (drop (i32.load (i32.const 1028)))",
    ...more,
  ];
  const rolesOf = (...more: string[]) =>
    findAllocators(knownOf(...rust(...more)))
      .slice(4)
      .map(({ index, role, convention }) => `${index} ${role} ${convention}`);
  const REALLOC = `(param i32 i32 i32 i32) (result i32)
    (i32.add (i32.load (i32.const 1024)) (i32.load (i32.const 1028)))`;
  const ZEROED = `(param i32 i32) (result i32) (local i32)
    (local.set 2 (call 2 (local.get 0) (local.get 1)))
    (if (local.get 2) (then (drop (call 5 (local.get 2) (i32.const 0) (local.get 0)))))
    (local.get 2)`;

  it("Rust's realloc reads what malloc and free keep", () => {
    expect(rolesOf(REALLOC)).toEqual(["4 realloc rust"]);
    expect(rolesOf(REALLOC, REALLOC)).toEqual([]);
    expect(rolesOf(REALLOC.replace("1028", "2048"))).toEqual([]);
    expect(rolesOf(REALLOC.replace("i32 i32)", "i32)"))).toEqual([]);
  });

  it("Rust's alloc_zeroed calls malloc with what it is asked for, and clears as much", () => {
    const FORWARDS = "(param i32 i32 i32) (result i32) (call 6 (local.get 0) (local.get 1) (local.get 2))";
    const others = [FORWARDS, MEMSET];
    expect(rolesOf(ZEROED, ...others)).toEqual(["4 calloc rust"]);
    for (const other of [
      ZEROED.replace("(local.get 0) (local.get 1)", "(i32.const 8) (local.get 1)"),
      ZEROED.replace("(i32.const 0) (local.get 0)", "(i32.const 0) (local.get 1)"),
      ZEROED.replace("(i32.const 0) (local.get 0)", "(i32.const 1) (local.get 0)"),
    ])
      expect(rolesOf(other, ...others), other).toEqual([]);
  });
});

it("a damaged section of names has none, as engines overlook it", () => {
  const sections = new Sections();
  sections.addCustom("name", new BinaryWriter().byte(1, 9, 4, 0).bytes);
  expect(readFunctionNames(sections).size).toBe(0);
});
