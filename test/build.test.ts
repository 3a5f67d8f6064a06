import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { build } from "../assembly/build/build.mjs";
import { compile } from "../assembly/build/compile.mjs";
import { INLINED } from "../assembly/build/inline.mjs";
import { removeOthers } from "../assembly/build/library.mjs";
import { readManifest, staleModules } from "../assembly/build/manifest.mjs";
import { chooseModules, listModules, type Module } from "../assembly/build/modules.mjs";
import { AllocatorAbort, models, openSandbox } from "../src/index.js";
import { GLOBAL_PREFIX } from "../src/sandbox/instance.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const modules = listModules(models, GLOBAL_PREFIX);
const namesOf = (some: readonly Module[]) => some.map(({ name }) => name);

/** A folder of its own for these tests. */
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "zeropage-build-"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

describe("the names of modules", () => {
  it("are those of the files", () => {
    expect(namesOf(chooseModules(modules, ["glibc.check", "machine"]))).toEqual(["glibc.check", "machine"]);
  });

  it("are told when one is none", () => {
    expect(() => chooseModules(modules, ["glibc", "glib"])).toThrow(
      /there is no module "glib".*\bglibc glibc\.check glibc\.debug.*\bdriver\b/s,
    );
  });

  it("need not be given: then all that opens without a build of its own is built", () => {
    const names = namesOf(chooseModules(modules, []));
    const opened = models.map(({ file }) => basename(file.name, ".wasm"));
    expect(names).toEqual(expect.arrayContaining(opened.flatMap((name) => [name, `${name}.check`])));
    expect(names.filter((name) => /debug|unmarked/.test(name))).toEqual([]);
  });
});

describe("a module", () => {
  const [one, two] = ["one", "two"].map((name): Module => {
    return {
      name,
      entries: [`assembly/${name}.ts`],
      target: "release",
      model: null,
      flags: [],
      globalPrefix: "g",
    };
  }) as [Module, Module];
  const changed = { ...two, flags: ["--importMemory"] };

  const stale = async (...some: Module[]) => {
    return namesOf(await staleModules(root, await readManifest(root), some));
  };

  const built = async () => {
    const names: string[] = [];
    await build(root, [one, two], (name) => names.push(name));
    return names.sort();
  };

  /** What is stale while a file has other contents, or is gone. */
  const staleWhile = async (path: string, text: string | null) => {
    const before = await readFile(join(root, path)).catch(() => null);
    await (text === null ? rm(join(root, path)) : write(path, text));
    const names = await stale(one, two);
    await (before ? writeFile(join(root, path), before) : rm(join(root, path)));
    return names;
  };

  beforeAll(async () => {
    await cp(join(ROOT, "asconfig.json"), join(root, "asconfig.json"));
    await write("assembly/part/index.ts", "export const PART = 1;");
    await write(
      "assembly/one.ts",
      'import { PART } from "./part"; export function f(): i32 { return PART; }',
    );
    await write("assembly/two.ts", "export function f(): i32 { return 2; }");
    expect(await built()).toEqual(["one", "two"]);
  });

  it("is not built again while nothing changed, whatever its times", async () => {
    await utimes(join(root, "assembly/two.ts"), new Date(), new Date());
    expect(await built()).toEqual([]);
  });

  test.each([
    ["its entry", "assembly/two.ts", ["two"]],
    ["a file that it imports", "assembly/part/index.ts", ["one"]],
    ["a file that would be found before one that it imports", "assembly/part.ts", ["one"]],
    ["the configuration of the compiler", "asconfig.json", ["one", "two"]],
    ["what was built", "build/two.wasm", ["two"]],
    ["the manifest, beyond use", "build/manifest.json", ["one", "two"]],
    ["a file of nobody's", "assembly/three.ts", []],
  ])("is stale once there is a change to %s", async (_, path, names) => {
    expect(await staleWhile(path, "{")).toEqual(names);
    expect(await stale(one, two)).toEqual([]);
  });

  it("is stale when it is gone", async () => {
    expect(await staleWhile("build/one.wasm", null)).toEqual(["one"]);
  });

  it("is stale when it is to be built another way", async () => {
    expect(await stale(one, changed)).toEqual(["two"]);
  });

  it("depends on how modules are compiled, and by what", async () => {
    const files = Object.keys((await readManifest(root)).get("one")?.files ?? {});
    for (const tool of [
      "build/compile.mjs",
      "build/inline.mjs",
      "node_modules/assemblyscript/package.json",
    ]) {
      expect(files.filter((path) => path.endsWith(tool))).toHaveLength(1);
    }
  });

  it("that does not compile is told with the place, and stays what it was", async () => {
    const before = await readFile(join(root, "build/two.wasm"));
    await write("assembly/two.ts", "export function f(): i32 { return three; }");
    await expect(built()).rejects.toThrow(/^two: .*three.*assembly\/two\.ts\(1,35\)/s);
    expect(await readFile(join(root, "build/two.wasm"))).toEqual(before);
    expect(await stale(one, two)).toEqual(["two"]);
  });
});

it("a debug build names functions in the stack of a trap, and its source map their lines", async () => {
  const [module] = chooseModules(modules, ["naive.debug"]) as [Module];
  const { outputs } = await compile(ROOT, module);
  const sandbox = await openSandbox("naive", {
    module: outputs["naive.debug.wasm"] as Uint8Array<ArrayBuffer>,
  });

  const pointer = sandbox.malloc(100);
  const error = catchError(() => sandbox.free(pointer + 16));
  expect(error).toBeInstanceOf(AllocatorAbort);
  const stack = stackOf(error.cause as Error);
  expect(stack).toMatch(/machine\/failure\/raise.*allocators\/naive\/Model#free.*abi\/free/s);

  const [, offset] = stack.match(/machine\/failure\/raise \(.*:(0x[0-9a-f]+)\)/) ?? [];
  const map = new SourceMap(JSON.parse(outputs["naive.debug.wasm.map"] as string));
  const entry = map.findEntry(0, Number(offset));
  if (!("originalSource" in entry)) throw new Error(`nothing is mapped to ${offset}`);
  const source = await readFile(join(ROOT, "assembly/machine/failure.ts"), "utf8");
  expect(entry.originalSource).toContain("assembly/machine/failure.ts");
  expect(source.split("\n")[entry.originalLine]).toContain("unreachable");

  const checkpoint = sandbox.checkpoint();
  sandbox.malloc(5000);
  sandbox.restore(checkpoint);
  expect(sandbox.checkpoint().state).toEqual(checkpoint.state);
});

/** As V8 writes it: vitest takes the first characters of a file for its own, and moves the places. */
function stackOf(error: Error): string {
  const { prepareStackTrace } = Error;
  try {
    Reflect.deleteProperty(Error, "prepareStackTrace");
    return error.stack ?? "";
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function catchError(call: () => void): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

it("functions are inlined in files that there are", () => {
  expect(Object.keys(INLINED).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it("what is no part of dist/ any more is removed, and the page and declarations of shared/ are not", async () => {
  const kept = ["index.js", "chunks/one.js", "chunks/one.d.ts", "web/index.html", "shared/fault.d.ts"];
  const gone = ["moved.js", "moved.d.ts", "chunks/two.js", "left/moved.js", "shared/fault.js"];
  for (const path of [...kept, ...gone]) await write(`dist/${path}`, "");
  removeOthers(join(root, "dist"), (path) => kept.includes(path));
  const left = [...kept, ...gone, "left"].filter((path) => existsSync(join(root, "dist", path)));
  expect(left).toEqual(kept);
});
