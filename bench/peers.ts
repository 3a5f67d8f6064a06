/** The wasm allocators that our heap is measured beside: those that come with the package, and those compiled here. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openWasmAllocator, type WasmAllocator } from "../src/index.js";
import { compileC } from "../test/foreign/build-c.js";
import { type CFixture, cFixtures, small } from "../test/foreign/c-fixtures.js";

export type Modules = Map<string, Uint8Array>;

export const BASELINE = "dlmalloc (emscripten 3.1.6)";
/** It frees nothing but the last block. */
export const STUB = "stub (AssemblyScript)";

const run = promisify(execFile);

export async function built(name: string): Promise<Uint8Array> {
  return readFile(new URL(`../build/${name}.wasm`, import.meta.url));
}

/** All allocators that can be built here. Says which cannot. */
export async function allModules(): Promise<Modules> {
  const compiled = {
    [BASELINE]: () => moduleOf(small("dlmalloc")),
    "emmalloc (emscripten 3.1.6)": () => moduleOf(small("emmalloc")),
    "dlmalloc (wasi-libc)": () => moduleOf(cFixtures["wasi-libc"] as ReturnType<typeof small>),
    "dlmalloc (Rust's std)": compileRust,
  };
  const modules: Modules = new Map();
  for (const [name, compile] of Object.entries(compiled)) {
    const wasm = await compile().catch((error) => {
      console.log(`no ${name}: ${error instanceof Error ? error.message.trim() : error}`);
    });
    if (wasm) modules.set(name, wasm);
  }
  modules.set("TLSF (AssemblyScript)", await built("as-tlsf"));
  modules.set(STUB, await built("as-stub"));
  modules.set("heap", await built("heap"));
  modules.set("heap that notices no misuse", await built("heap-trusting"));
  return modules;
}

const moduleOf = async (fixture: CFixture): Promise<Uint8Array> => (await compileC(fixture)).wasm;

/** @throws Error with the compiler's words, or if there is none. */
async function compileRust(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "zeropage-rust-"));
  try {
    const target = ["--target=wasm32-unknown-unknown", "--edition=2021", "--crate-type=cdylib"];
    // Otherwise std's parts stay apart, at twice the time.
    const optimized = ["-Copt-level=3", "-Clto=fat", "-Cpanic=abort"];
    const linked = ["-Clinker=wasm-ld", "-Clink-arg=--strip-all", "-o", "out.wasm"];
    const source = fileURLToPath(new URL("peer.rs", import.meta.url));
    await run("rustc", [source, ...target, ...optimized, ...linked], { cwd: folder });
    return await readFile(join(folder, "out.wasm"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const open = (wasm: Uint8Array, meter = false): Promise<WasmAllocator> =>
  openWasmAllocator(wasm, { unknownImports: "trap", meter });

export const memoryOf = (allocator: WasmAllocator): WebAssembly.Memory =>
  allocator.instance.exports.memory as WebAssembly.Memory;
