/** Static libraries for the linkers of C, C++, Rust and Zig. src/object/object-file.ts has how. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";
import { optimizeAgain, runCompiler } from "./asc.mjs";
import { hash } from "./hash.mjs";

/** Where the statics are put, and how much farther up the second time. In bytes. */
const BASE = 0x4000_0000;
const DISTANCE = 0x10_0000;

/** asc's name for the end of the statics, where free memory begins. In a linked program it is the linker's to say. */
const HEAP_BASE = "~lib/memory/__heap_base";

/** More names for each function: by these the libraries of wasi-libc and emscripten call the allocator. */
const PREFIXES = ["__libc_", "emscripten_builtin_"];
const ALIASED = ["malloc", "calloc", "realloc", "free", "memalign"];
const ALIASES = Object.fromEntries(
  ALIASED.map((name) => [name, PREFIXES.map((prefix) => `${prefix}${name}`)]),
);

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Hashes of what makes object files, as emitted. */
function hashMakers() {
  const files = ["object", "wasm"].flatMap((room) =>
    readdirSync(join(DIST, room))
      .filter((name) => name.endsWith(".js"))
      .map((name) => join(room, name)),
  );
  return Object.fromEntries(files.map((path) => [join("dist", path), hash(readFileSync(join(DIST, path)))]));
}

/** @returns {Promise<typeof import("../../src/object/object-file.js") & typeof import("../../src/object/archive.js")>} */
async function importMakers() {
  const files = ["object-file", "archive"].map(
    (name) => new URL(`../../dist/object/${name}.js`, import.meta.url).href,
  );
  return Object.assign({}, ...(await Promise.all(files.map((file) => import(file)))));
}

/**
 * Compiles a library of one object file.
 * @param {string} root
 * @param {import("./modules.mjs").Module} module
 * @returns {Promise<import("./asc.mjs").Compiled>}
 */
export async function compileLibrary(root, module) {
  const { makeObjectFile, makeArchive } = await importMakers();
  const one = await compileAt(root, module, BASE);
  const other = await compileAt(root, module, BASE + DISTANCE);
  const object = makeObjectFile(
    {
      ...{ wasm: one.wasm, moved: other.wasm, distance: DISTANCE },
      ...{ base: BASE, staticBytes: one.end - BASE },
    },
    { aliases: ALIASES, weak: ["__heap_end"] },
  );
  return {
    outputs: { [`lib/${module.name}.a`]: makeArchive([{ name: "zeropage.o", ...object }]) },
    inputs: { ...one.inputs, ...hashMakers() },
  };
}

/**
 * Compiles a module with its statics at an address. Returns where they end too.
 * @param {string} root
 * @param {import("./modules.mjs").Module} module
 * @param {number} base
 */
async function compileAt(root, module, base) {
  let end = base;
  const flags = [...module.flags, "--memoryBase", String(base)];
  const { outputs, inputs } = await runCompiler(
    root,
    { ...module, flags },
    {
      before: (compiled) => {
        end = importHeapBase(compiled);
      },
      after: optimizeAgain,
    },
  );
  return { wasm: /** @type {Uint8Array} */ (outputs[`${module.name}.wasm`]), end, inputs };
}

/**
 * Makes the end of the statics an import. Returns what it was.
 * @param {binaryen.Module} module
 */
function importHeapBase(module) {
  const global = module.getGlobal(HEAP_BASE);
  if (!global) throw new Error("a library that does not use __heap_base has no heap");
  const { init } = binaryen.getGlobalInfo(global);
  const { value } = /** @type {binaryen.ConstInfo} */ (binaryen.getExpressionInfo(init));
  module.removeGlobal(HEAP_BASE);
  module.addGlobalImport(HEAP_BASE, "env", "__heap_base", binaryen.i32, false);
  return /** @type {number} */ (value);
}
