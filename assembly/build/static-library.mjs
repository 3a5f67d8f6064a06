/** Static libraries for the linkers of C, C++, Rust and Zig. src/object/object-file.ts has how. */
import binaryen from "assemblyscript/binaryen";
import { optimizeAgain, runCompiler } from "./asc.mjs";
import { importSources } from "./bundle.mjs";

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

/**
 * Compiles a library of one object file.
 * @param {string} root
 * @param {import("./modules.mjs").Module} module
 * @returns {Promise<import("./asc.mjs").Compiled>}
 */
export async function compileLibrary(root, module) {
  const { exports: makers, inputs } = await importSources(root, ["object/object-file", "object/archive"]);
  const one = await compileAt(root, module, BASE);
  const other = await compileAt(root, module, BASE + DISTANCE);
  const object = makers.makeObjectFile(
    {
      ...{ wasm: one.wasm, moved: other.wasm, distance: DISTANCE },
      ...{ base: BASE, staticBytes: one.end - BASE },
    },
    { aliases: ALIASES, weak: ["__heap_end"] },
  );
  return {
    outputs: { [`lib/${module.name}.a`]: makers.makeArchive([{ name: "zeropage.o", ...object }]) },
    inputs: { ...one.inputs, ...inputs },
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
