/**
 * Programs of other languages, linked with the static libraries. Each is built with its language's own allocator too,
 * and has to say the same.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasTool } from "../toolchains.js";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const LIBRARIES = fileURLToPath(new URL("../../build/lib", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../assembly/library", import.meta.url));
const LIBRARY = join(LIBRARIES, "libzeropage.a");
const FOR_EMSCRIPTEN = join(LIBRARIES, "libzeropage-emscripten.a");
const WITH_HEADER = ["-DZEROPAGE", `-I${SOURCES}`];
const WASI = fileURLToPath(new URL("run-wasi.mjs", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-library-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const bytesOf = async (name: string) => (await stat(join(folder, name))).size;

/** What `run` returns, of a module that imports nothing. */
async function callRun(name: string): Promise<number> {
  const module = await WebAssembly.compile(await readFile(join(folder, name)));
  const { exports } = await WebAssembly.instantiate(module, {});
  return (exports.run as (count: number) => number)(10_000);
}

describe.skipIf(!hasTool("clang"))("a program of C on wasi-libc", () => {
  const build = async (name: string, ...libraries: string[]) => {
    const flags = ["--target=wasm32-wasi", "-O2", "-Wl,--strip-debug", `-Wl,-Map=${name}.map`, "-o", name];
    await run("clang", [join(HERE, "program.c"), ...libraries, ...flags], { cwd: folder });
    // With fast calls, Node 20's WASI crashes now and then when a program's memory has grown.
    const options = ["--no-warnings", "--no-turbo-fast-api-calls"];
    return (await run(process.execPath, [...options, WASI, join(folder, name)])).stdout;
  };

  it("says with the heap what it says with dlmalloc, which is no longer there, and is smaller", async () => {
    const before = await build("before.wasm");
    expect(before).toMatch(/^allocated by a constructor\n.*\nstatics after growth\n$/);
    expect(await build("after.wasm", LIBRARY, ...WITH_HEADER)).toBe(before);
    const map = (name: string) => readFile(join(folder, `${name}.map`), "utf8");
    expect(await map("before.wasm")).toContain("dlmalloc.o");
    expect(await map("after.wasm")).not.toContain("dlmalloc.o");
    expect(await map("after.wasm")).toContain("libzeropage.a(zeropage.o):(malloc)");
    expect(await bytesOf("after.wasm")).toBeLessThan(await bytesOf("before.wasm"));
  });
});

describe.skipIf(!hasTool("emcc"))("on emscripten", () => {
  // emcc runs the Node that runs this. That Node's fetch does not take the paths that emscripten's scripts give it.
  const env = { ...process.env, EM_NODE_JS: process.execPath, NODE_PATH: "/usr/share/nodejs" };
  const build = async (program: string, name: string, ...flags: string[]) => {
    const output = ["-sALLOW_MEMORY_GROWTH", "-o", `${name}.js`];
    await run("emcc", [join(HERE, program), "-O2", ...flags, ...output], { cwd: folder, env });
    return (await run(process.execPath, ["--no-experimental-fetch", `${name}.js`], { cwd: folder })).stdout;
  };

  it("a program of C says with the heap what it says with dlmalloc, also when it calls sbrk, and is smaller", async () => {
    const before = await build("program.c", "before", "-DSBRK");
    expect(before).toMatch(/statics after growth\n$/);
    expect(await build("program.c", "after", "-DSBRK", "-sMALLOC=none", ...WITH_HEADER, FOR_EMSCRIPTEN)).toBe(
      before,
    );
    expect(await bytesOf("after.wasm")).toBeLessThan(await bytesOf("before.wasm"));
  });

  it("a program of C++ says the same, and its blocks are aligned", async () => {
    const before = await build("program.cpp", "before", "-std=c++17");
    expect(before).toBe("1390 5000000 0\n");
    expect(await build("program.cpp", "after", "-std=c++17", FOR_EMSCRIPTEN)).toBe(before);
    expect(await bytesOf("after.wasm")).toBeLessThan(await bytesOf("before.wasm"));
  });
});

it.skipIf(!hasTool("rustc"))("a program of Rust has the heap as its global allocator", async () => {
  const build = async (name: string, ...flags: string[]) => {
    const target = [
      "--target=wasm32-unknown-unknown",
      "--edition=2021",
      "--crate-type=cdylib",
      "-O",
      "-Clinker=wasm-ld",
    ];
    const out = ["-o", name, "-L", `native=${LIBRARIES}`];
    await run("rustc", [join(HERE, "program.rs"), ...target, ...flags, ...out], { cwd: folder });
    return callRun(name);
  };
  const before = await build("rust-before.wasm");
  expect(await build("rust-after.wasm", "--cfg", "zeropage")).toBe(before);
  expect(before).toBeLessThan(1_000_000_000);
});

it.skipIf(!hasTool("zig"))("a program of Zig has the heap as an allocator", async () => {
  for (const file of [join(HERE, "program.zig"), join(SOURCES, "zeropage.zig")]) {
    await copyFile(file, join(folder, basename(file)));
  }
  const target = ["-target", "wasm32-freestanding", "-dynamic", "-rdynamic", "-O", "ReleaseSmall"];
  await run("zig", ["build-lib", "program.zig", LIBRARY, ...target], { cwd: folder });
  const words = Array.from({ length: 10_000 }, (_, i) => `number ${i}`);
  expect(await callRun("program.wasm")).toBe(words.join("").length);
});
