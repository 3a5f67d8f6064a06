import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.js";
import { parseModule, readModuleFile, readModuleFiles } from "../../src/cli/modules.js";
import { run } from "./fakes.js";

const folder = mkdtempSync(join(tmpdir(), "zeropage-modules-"));
afterAll(() => rmSync(folder, { recursive: true }));
const BUILT = new URL("../foreign/built/", import.meta.url);
const bump = fileURLToPath(new URL("as-bump.wasm", BUILT));
const named = fileURLToPath(new URL("named.wasm", BUILT));
const text = join(folder, "text.wasm");
writeFileSync(text, "<html>");
const cut = join(folder, "cut.wasm");
writeFileSync(cut, readFileSync(bump).subarray(0, 100));

describe("the syntax of a module", () => {
  it.each([
    ["a/b.wasm", "a/b.wasm", {}],
    ["b.wasm:malloc=take:free=give", "b.wasm", { malloc: "take", free: "give" }],
    ["C:\\b.wasm:malloc=heap.alloc", "C:\\b.wasm", { malloc: "heap.alloc" }],
    ["file:///x/b.wasm:convention=c", "file:///x/b.wasm", { convention: "c" }],
    ["a.wasm:b/c.wasm", "a.wasm:b/c.wasm", {}],
    ["no-ending", "no-ending", {}],
    ["as-tlsf", "as-tlsf", {}],
    ["as-tlsf:malloc=take:convention=c", "as-tlsf", { malloc: "take", convention: "c" }],
    ["./as-tlsf", "./as-tlsf", {}],
  ])("%s is a path and options", (typed, model, options) => {
    expect(parseModule(typed)).toEqual({ model, options });
  });

  it.each([
    ["b.wasm:", '"" is not an option: write b.wasm:malloc=take:free=give'],
    ["b.wasm:malloc", '"malloc" is not an option'],
    ["b.wasm:malloc=", '"malloc=" is not an option'],
    ["b.wasm:free=a:free=b", "sets free twice"],
    ["as-tlsf:malloc", '"malloc" is not an option: write as-tlsf:malloc=take:free=give'],
  ])("%s is refused", (typed, message) => {
    expect(() => parseModule(typed)).toThrow(UsageError);
    expect(() => parseModule(typed)).toThrow(message);
  });
});

describe("a module file", () => {
  it("is read where it has an allocator", async () => {
    expect((await readModuleFile(parseModule(bump))).wasm).toEqual(readFileSync(bump));
    expect((await readModuleFile(parseModule("as-stub"))).wasm.length).toBeGreaterThan(100);
    expect((await readModuleFile(parseModule(`${named}:malloc=take:free=give`))).wasm).toEqual(
      readFileSync(named),
    );
  });

  it.each([
    [`${folder}/none.wasm`, "there is no such file; the built-in modules are as-tlsf"],
    ["as-tlsf:malloc=take:free=give", 'cannot use "as-tlsf": '],
    [folder, "it is a folder"],
    ["/dev/zero", "it is a device"],
    ["https://example.org/x.wasm", "download it first"],
    [text, "byte 0: not a wasm module"],
    [cut, /byte \d+: the module ends here/],
    [named, "no allocator among its exports (take, give, wide): name them"],
    [`${named}:malloc=take`, "must name malloc and free at least"],
    [`${named}:malloc=wide:free=give`, 'malloc: "wide" is of type l>l, not i>i'],
    [`${named}:mallok=take`, 'has no option "mallok"; it takes malloc, calloc,'],
    [`${bump}:convention=pascal`, "convention takes one of c, sized,"],
  ])("%s is a wrong command line", async (typed, message) => {
    const read = readModuleFile(parseModule(typed));
    await expect(read).rejects.toBeInstanceOf(UsageError);
    await expect(read).rejects.toThrow(message);
  });

  it("is not looked for among models, and not behind a URL", async () => {
    await readModuleFiles(["lazy", "https://example.org/x.wasm"].map((model) => ({ model, options: {} })));
    await expect(readModuleFiles([{ model: text, options: {} }])).rejects.toThrow(text);
  });
});

it.each([
  ["run", "calloc-loop", "--allocator", `lazy,${text}`],
  ["cliffs", "--allocator", text],
  ["replay", "-", "--allocator", text],
  ["check", text],
  ["bench", text],
])("%s %s refuses what is no module before any work", async (...argv) => {
  const { code, stdout, stderr, asked } = await run(argv);
  expect({ code, stdout, asked }).toEqual({ code: 2, stdout: "", asked: [] });
  expect(stderr).toContain(`cannot use "${text}": byte 0: not a wasm module`);
});

it.each([["run", "calloc-loop", "--size", "64", "--count", "1"], ["cliffs"], ["replay", "-"]])(
  "%s %s runs modules in jail, with the limits that are given",
  async (...argv) => {
    const allocators = ["--allocator", `lazy,${bump}`, "--check"];
    const given = await run([...argv, ...allocators, "--timeout", "2min", "--memory", "1GiB"]);
    const jailed = { model: bump, options: {}, seconds: 120, memoryBytes: 2 ** 30 };
    expect(given.asked).toMatchObject([
      { model: "lazy", options: { check: true } },
      jailed,
      ...(argv[0] === "replay" ? [{ ...jailed, verify: true }] : []),
    ]);
    // The check build is a model's.
    expect(given.asked[1]?.options).toEqual({});
    const { asked } = await run([...argv, ...allocators]);
    expect(asked[1]).toMatchObject({ seconds: 60, memoryBytes: 2 ** 32 });
    const wrong = await run([...argv, ...allocators, "--timeout", "soon"]);
    expect(wrong).toMatchObject({ code: 2, asked: [] });
    expect(wrong.stderr).toBe(
      'zeropage: --timeout: "soon" is not a time of at most a day: write 500ms, 10s or 2min\n',
    );
  },
);

it("hands names of functions to the library", async () => {
  const module = `${named}:malloc=take:free=give`;
  const { asked } = await run(["cliffs", "--allocator", `lazy,${module}`]);
  expect(asked[1]).toMatchObject({ model: named, options: { malloc: "take", free: "give" } });
});

it.each([
  ["run", "iter-content"],
  ["run", "calloc-fixes"],
  ["profile", "calloc-loop"],
])("%s %s says that it needs a model, and what takes modules", async (...argv) => {
  const { code, stderr } = await run([...argv, "--allocator", bump]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    "this command needs the simulated machine: name a model here; run calloc-loop and pattern, cliffs,",
  );
});
